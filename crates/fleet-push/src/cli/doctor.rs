//! `fleet-push doctor`.

use clap::Args;

use super::reach::ReachArgs;
use crate::doctor::DoctorRequest;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    reach: ReachArgs,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
}

impl DoctorArgs {
    pub(super) fn into_request(self) -> DoctorRequest {
        DoctorRequest { reach: self.reach.into_reach(), json: self.json }
    }
}
