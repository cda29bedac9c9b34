//! `fleet-push install`.

use std::path::PathBuf;

use clap::Args;
use inventory::{RemotePath, UserName};

use super::reach::ReachArgs;
use crate::install::{InstallRequest, Setup, Task};

#[derive(Debug, Args)]
pub(super) struct InstallArgs {
    #[command(flatten)]
    reach: ReachArgs,
    /// The swap-release for the hosts [default: the one beside fleet-push]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Go back to the swap-release that was there before; again, and it is exchanged again
    #[arg(long, conflicts_with_all = ["binary", "rtorrent"])]
    back: bool,
    /// Account to log in as, where the one that deploys may not write; root, mostly
    #[arg(long = "as", value_name = "USER")]
    log_in_as: Option<UserName>,
    /// Show the reviewed configuration and systemd units of rtorrent, filled in for each host, instead
    #[arg(long, conflicts_with = "binary")]
    rtorrent: bool,
    /// With --rtorrent, put them in place; files that differ are kept beside, and nothing is started
    #[arg(long, requires = "rtorrent")]
    write: bool,
    /// With --rtorrent, whom it runs as
    #[arg(long, value_name = "USER", default_value = "site-rt", requires = "rtorrent")]
    rtorrent_user: UserName,
    /// With --rtorrent, its configuration on the hosts
    #[arg(long, value_name = "PATH", default_value = "/etc/site-rt/rtorrent.rc", requires = "rtorrent")]
    rtorrent_config: RemotePath,
    /// With --rtorrent, where units of systemd lie on the hosts
    #[arg(long, value_name = "DIR", default_value = "/etc/systemd/system", requires = "rtorrent")]
    unit_dir: RemotePath,
}

impl InstallArgs {
    pub(super) fn into_request(self) -> InstallRequest {
        let task = if self.rtorrent {
            Task::Rtorrent(Setup {
                write: self.write,
                user: self.rtorrent_user,
                config: self.rtorrent_config,
                units: self.unit_dir,
            })
        } else if self.back {
            Task::Back
        } else {
            Task::Put { binary: self.binary }
        };
        InstallRequest { reach: self.reach.into_reach(), task, log_in_as: self.log_in_as }
    }
}
