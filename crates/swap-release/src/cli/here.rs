//! What is typed on a server.

use std::path::PathBuf;

use clap::Args;
use inventory::SharedPath;
use record::ReleaseId;

use super::place::Place;
use crate::host::job::{ServerJob, ServerVerb};
use crate::host::lint;
use crate::host::verbs::apache;

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
    /// Configuration files of web servers, or directories of them [default: those of the servers that run here, and the
    /// usual places]
    pub(super) paths: Vec<PathBuf>,
    /// Directory of the site: say only what is about it
    #[arg(long, value_name = "DIR")]
    pub(super) deploy_to: Option<PathBuf>,
    /// The header by which [health] knows the release: say whether a web server sets it
    #[arg(long, value_name = "NAME", requires = "deploy_to")]
    pub(super) header: Option<String>,
    /// The file of the process id that a hook `fpm_reload` names: say whether visitors will see errors (can be repeated)
    #[arg(long, value_name = "FILE")]
    pub(super) fpm_reload: Vec<PathBuf>,
    /// The php-fpm that a hook `opcache_reset` names: say whether the site runs there (can be repeated)
    #[arg(long, value_name = "FPM", requires = "deploy_to")]
    pub(super) opcache_reset: Vec<String>,
}

impl Lint {
    pub(super) fn into_place(self) -> Place {
        let Self { paths, deploy_to, header, fpm_reload, opcache_reset } = self;
        Place::Lint(lint::Ask { paths, deploy_to, header, fpm_reload, opcache_reset })
    }
}

#[derive(Debug, Args)]
pub(super) struct Apache {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    deploy_to: PathBuf,
    /// The file to be written, which the configuration includes; one line: Define VARIABLE "DIR of the release"
    #[arg(long, value_name = "FILE")]
    define: PathBuf,
    /// The variable that is defined there
    #[arg(long, value_name = "NAME", default_value = "SITE", value_parser = variable)]
    variable: String,
    /// The program that tests the configuration [default: apache2ctl, apachectl or httpd]
    #[arg(long, value_name = "PROGRAM")]
    apachectl: Option<PathBuf>,
}

impl Apache {
    pub(super) fn into_place(self) -> Place {
        let Self { deploy_to, define, variable, apachectl } = self;
        Place::Apache(apache::Ask { deploy_to, define, variable, apachectl })
    }
}

/// A name that `Define` takes.
fn variable(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if good { Ok(text.to_owned()) } else { Err("letters, digits and _".to_owned()) }
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
        Place::Server(ServerJob { deploy_to: self.deploy_to, owner: self.owner, part_of: None, verb })
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
                part_of: None,
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
