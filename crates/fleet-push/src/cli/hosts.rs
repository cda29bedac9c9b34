//! `fleet-push hosts`.

use clap::Args;

use super::reach::ReachArgs;
use super::request::Request;
use crate::hosts::list::ListRequest;

#[derive(Debug, Args)]
pub(super) struct HostsArgs {
    #[command(flatten)]
    reach: ReachArgs,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of fleet.toml instead, for editors
    #[arg(long, conflicts_with = "json")]
    schema: bool,
}

impl HostsArgs {
    pub(super) fn into_request(self) -> Request {
        if self.schema {
            return Request::Schema;
        }
        Request::Hosts(ListRequest { reach: self.reach.into_reach(), json: self.json })
    }
}
