//! The flags of every verb that works on hosts.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cli::Chosen;

use crate::hosts::reach::Reach;

/// Which hosts, and how they are reached.
#[derive(Debug, Args)]
pub(super) struct ReachArgs {
    /// Inventory
    #[arg(long, value_name = "FILE", env = "MKT_FLEET")]
    fleet: Option<PathBuf>,
    #[command(flatten)]
    chosen: Chosen,
    /// Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE
    #[arg(long, value_name = "FILE", env = "MKT_IDENTITY")]
    identity: Option<PathBuf>,
    /// Host keys that are trusted
    #[arg(long, value_name = "FILE", env = "MKT_KNOWN_HOSTS")]
    known_hosts: Option<PathBuf>,
    /// Hosts that are connected to and begun at the same time
    #[arg(long, value_name = "N", default_value = "64")]
    parallel: NonZeroUsize,
    /// Longest time from dialling a host until it has let us in
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = humantime::parse_duration)]
    connect_timeout: Duration,
}

impl ReachArgs {
    pub(super) fn into_reach(self) -> Reach {
        let Chosen { only, group, exclude, host } = self.chosen;
        Reach {
            fleet: self.fleet,
            only,
            groups: group,
            exclude,
            beside: host,
            identity: self.identity,
            known_hosts: self.known_hosts,
            parallel: self.parallel,
            connect_timeout: self.connect_timeout,
        }
    }
}
