//! What is typed on a server.

use std::path::PathBuf;

use clap::Args;
use fleet::SharedPath;
use record::ReleaseId;

use crate::job::{Place, ServerJob, ServerVerb};

#[derive(Debug, Args)]
pub(super) struct Stage {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    pub(super) deploy_to: PathBuf,
    /// The payload as it was downloaded: the archive, or the directory of the tree layout; `-` reads an archive from
    /// standard input
    #[arg(long, value_name = "PATH")]
    pub(super) payload: PathBuf,
    /// The record of any stage of the build; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub(super) record: PathBuf,
    /// The manifest, for the tree layout
    #[arg(long, value_name = "FILE")]
    pub(super) manifest: Option<PathBuf>,
    /// Path in the release that is a link to shared/; a trailing / says directory, created when missing (can be repeated)
    #[arg(long, value_name = "PATH")]
    pub(super) shared: Vec<SharedPath>,
    /// Who asks, for the lock and the history
    #[arg(long, value_name = "TEXT")]
    pub(super) owner: Option<String>,
    /// Print the result as one line of JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Want {
    #[command(flatten)]
    pub(super) server: Server,
    /// The record of any stage of the build; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    pub(super) record: PathBuf,
    /// Path in the release that is a link to shared/; a trailing / says directory, created when missing (can be repeated)
    #[arg(long, value_name = "PATH")]
    pub(super) shared: Vec<SharedPath>,
}

#[derive(Debug, Args)]
pub(super) struct Finished {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR", required_unless_present = "spool")]
    pub(super) deploy_to: Option<PathBuf>,
    /// Directory of events: without --deploy-to the event is put there, with it all that are there are worked off
    #[arg(long, value_name = "DIR")]
    pub(super) spool: Option<PathBuf>,
    /// Infohash of the torrent, 40 hex digits
    pub(super) infohash: Option<String>,
    /// Where the client has put it (rtorrent: $d.base_path=)
    pub(super) place: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Lint {
    /// Files, or directories with all that is below them [default: /etc/nginx and /etc/apache2]
    pub(super) paths: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Pin {
    /// Release id
    pub(super) release: ReleaseId,
    #[command(flatten)]
    pub(super) server: Server,
}

#[derive(Debug, Args)]
pub(super) struct History {
    #[command(flatten)]
    pub(super) server: Server,
    /// Print the lines of JSON as they are kept
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Reconcile {
    #[command(flatten)]
    pub(super) server: Server,
}

/// Here only.
#[derive(Debug, Args)]
pub(super) struct Server {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    pub(super) deploy_to: PathBuf,
    /// Who asks, for the lock and the history
    #[arg(long, value_name = "TEXT")]
    pub(super) owner: Option<String>,
}

impl Server {
    pub(super) fn job(self, verb: ServerVerb) -> Place {
        Place::Server(ServerJob { deploy_to: self.deploy_to, owner: self.owner, verb })
    }
}

impl Finished {
    /// Either the event itself, or all that wait.
    pub(super) fn place(self) -> Place {
        let Self { deploy_to, spool, infohash, place } = self;
        let (infohash, place) = (infohash.unwrap_or_default(), place.unwrap_or_default());
        match (deploy_to, spool) {
            (Some(deploy_to), Some(spool)) => Place::Unspool { spool, deploy_to },
            (None, Some(spool)) => Place::Spool { spool, infohash, place },
            (deploy_to, None) => Place::Server(ServerJob {
                deploy_to: deploy_to.unwrap_or_default(),
                owner: None,
                verb: ServerVerb::Finished { infohash, place },
            }),
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Receive {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    pub(super) deploy_to: PathBuf,
}
