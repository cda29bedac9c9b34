//! The command line, and nothing else: what was typed becomes a job for a server or for a fleet.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use cli::Common;
use fleet::SharedPath;
use record::ReleaseId;

use crate::job::{FleetJob, FleetSwitch, FleetVerb, Lease, Place, ServerJob, ServerVerb};

const EXAMPLES: &str = "\
Examples:
  On a server, by hand:
    swap-release stage    --deploy-to /srv/site --payload incoming/0a1b2c3d4e5f6071.tar.zst --record pack.json
    swap-release activate --deploy-to /srv/site 42-0a1b2c3d
    swap-release rollback --deploy-to /srv/site
    swap-release status   --deploy-to /srv/site --json
  From Jenkins, all servers together or none:
    swap-release activate --fleet fleet.toml --records records
    swap-release rollback --fleet fleet.toml --records records
    swap-release status   --fleet fleet.toml

Exit codes: 0 done or already done; 2 usage; 10 bad or foreign record; 11 cannot write; 12 content differs;
30 some hosts failed, 31 all (nothing switched); 40 failed and rolled back; 41 left mixed; 75 busy; 143 terminated.";

/// Make a release live: verified, atomic, reversible, on one server or on a whole fleet together
#[derive(Debug, Parser)]
#[command(name = "swap-release", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

impl cli::Settings for Cli {
    const TOOL: &'static str = "swap-release";

    fn common(&self) -> &Common {
        &self.common
    }
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Unpack a payload on this server, prove its tree digest, and keep it ready
    Stage(Stage),
    /// Get a payload from its peers and stage it, as fleet-push says on standard input (started by it over SSH)
    Receive(Receive),
    /// Make a staged release live
    Activate(Switch),
    /// Put a former release back: the named one, or the one that was live before
    Rollback(Switch),
    /// Say what is live and what else is there
    Status(Look),
    /// Compare a release on disk with its manifest: the named one, or the live one
    Verify(Look),
    /// Remove old releases, keeping the live one, the one before it, pinned ones and the newest good ones
    Prune(Prune),
    /// Keep a release whatever a prune says
    Pin(Pin),
    /// Let a prune remove a release again
    Unpin(Pin),
    /// Say what happened on this server, oldest first
    History(History),
    /// Finish or undo what a killed run left, as every other verb does first
    Reconcile(Reconcile),
}

#[derive(Debug, Args)]
struct Stage {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    deploy_to: PathBuf,
    /// The payload as it was downloaded: the archive, or the directory of the tree layout
    #[arg(long, value_name = "PATH")]
    payload: PathBuf,
    /// The record of any stage of the build; `-` reads it from standard input
    #[arg(long, value_name = "FILE")]
    record: PathBuf,
    /// The manifest, for the tree layout
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// Path in the release that is a link to shared/; a trailing / says directory, created when missing (can be repeated)
    #[arg(long, value_name = "PATH")]
    shared: Vec<SharedPath>,
    /// Who asks, for the lock and the history
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// Print the result as one line of JSON
    #[arg(long)]
    json: bool,
}

/// Here, or everywhere. A struct of its own: clap's group takes in every field.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct HereOrFleet {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    deploy_to: Option<PathBuf>,
    /// Inventory: do it on every host, by SSH
    #[arg(long, value_name = "FILE")]
    fleet: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Where {
    #[command(flatten)]
    place: HereOrFleet,
    /// Host of the inventory, instead of all (can be repeated)
    #[arg(long, value_name = "HOST", conflicts_with = "deploy_to")]
    only: Vec<String>,
    /// Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE
    #[arg(long, value_name = "FILE", env = "MKT_IDENTITY")]
    identity: Option<PathBuf>,
    /// Host keys that are trusted
    #[arg(long, value_name = "FILE", env = "MKT_KNOWN_HOSTS")]
    known_hosts: Option<PathBuf>,
    /// Who asks, for the lock and the history
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
}

#[derive(Debug, Args)]
struct Receive {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    deploy_to: PathBuf,
}

#[derive(Debug, Args)]
struct Switch {
    /// Release id; with --fleet activate takes it from push.json
    release: Option<ReleaseId>,
    #[command(flatten)]
    place: Where,
    /// Put the former release back unless `commit` comes on standard input (or the fleet is healthy) within this time
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    confirm_within: Option<Duration>,
    /// Lock and check, then wait for `go` on standard input before switching (what --fleet does on every server)
    #[arg(long, requires = "confirm_within", conflicts_with = "fleet")]
    in_step: bool,
    /// Activate even if a newer build of the same job is live
    #[arg(long)]
    allow_older: bool,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,
    /// JUnit XML with one case a host [default: swap.junit.xml in the folder of records]
    #[arg(long, value_name = "FILE", conflicts_with = "deploy_to")]
    junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Look {
    /// Release id (verify only)
    release: Option<ReleaseId>,
    #[command(flatten)]
    place: Where,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Prune {
    #[command(flatten)]
    place: Where,
    /// Good releases to keep [default: 5, or `keep` of fleet.toml]
    #[arg(long, value_name = "N")]
    keep: Option<u32>,
    /// Keep what was live until this long ago, for requests and cron jobs that still run in it [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    grace: Option<Duration>,
}

#[derive(Debug, Args)]
struct Pin {
    /// Release id
    release: ReleaseId,
    #[command(flatten)]
    server: Server,
}

#[derive(Debug, Args)]
struct History {
    #[command(flatten)]
    server: Server,
    /// Print the lines of JSON as they are kept
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct Reconcile {
    #[command(flatten)]
    server: Server,
}

/// Here only.
#[derive(Debug, Args)]
struct Server {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR")]
    deploy_to: PathBuf,
    /// Who asks, for the lock and the history
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
}

impl Server {
    fn job(self, verb: ServerVerb) -> Place {
        Place::Server(ServerJob { deploy_to: self.deploy_to, owner: self.owner, verb })
    }
}

impl Cli {
    /// The job that was asked for.
    pub(crate) fn into_place(self) -> Place {
        match self.verb {
            Verb::Stage(stage) => Place::Server(ServerJob {
                deploy_to: stage.deploy_to,
                owner: stage.owner,
                verb: ServerVerb::Stage {
                    payload: stage.payload,
                    record: stage.record,
                    manifest: stage.manifest,
                    shared: stage.shared,
                    json: stage.json,
                },
            }),
            Verb::Receive(Receive { deploy_to }) => Place::Receive(deploy_to),
            Verb::Activate(switch) => {
                let (release, lease, allow_older) =
                    (switch.release.clone(), switch.lease(), switch.allow_older);
                let (place, on_fleet) = switch.split();
                place.choose(
                    ServerVerb::Activate { release, lease, allow_older },
                    FleetVerb::Activate(on_fleet),
                )
            }
            Verb::Rollback(switch) => {
                let (release, lease) = (switch.release.clone(), switch.lease());
                let (place, on_fleet) = switch.split();
                place.choose(ServerVerb::Rollback { release, lease }, FleetVerb::Rollback(on_fleet))
            }
            Verb::Status(Look { place, json, .. }) => {
                place.choose(ServerVerb::Status { json }, FleetVerb::Status { json })
            }
            Verb::Verify(Look { release, place, json }) => place.choose(
                ServerVerb::Verify { release: release.clone(), json },
                FleetVerb::Verify { release, json },
            ),
            Verb::Prune(Prune { place, keep, grace }) => {
                place.choose(ServerVerb::Prune { keep, grace }, FleetVerb::Prune { keep, grace })
            }
            Verb::Pin(Pin { release, server }) => server.job(ServerVerb::Pin { release, pinned: true }),
            Verb::Unpin(Pin { release, server }) => server.job(ServerVerb::Pin { release, pinned: false }),
            Verb::History(History { server, json }) => server.job(ServerVerb::History { json }),
            Verb::Reconcile(Reconcile { server }) => server.job(ServerVerb::Reconcile),
        }
    }
}

impl Switch {
    fn lease(&self) -> Option<Lease> {
        self.confirm_within.map(|within| Lease { within, in_step: self.in_step })
    }

    fn split(self) -> (Where, FleetSwitch) {
        let Self { release, place, confirm_within, in_step: _, allow_older, records, junit } = self;
        (place, FleetSwitch { release, confirm_within, allow_older, records, junit })
    }
}

impl Where {
    fn choose(self, server: ServerVerb, fleet: FleetVerb) -> Place {
        let Self { place: HereOrFleet { deploy_to, fleet: inventory }, only, identity, known_hosts, owner } =
            self;
        // The group of clap lets exactly one of the two through.
        match inventory {
            Some(path) => {
                Place::Fleet(FleetJob { fleet: path, only, identity, known_hosts, owner, verb: fleet })
            }
            None => {
                Place::Server(ServerJob { deploy_to: deploy_to.unwrap_or_default(), owner, verb: server })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn place(args: &[&str]) -> Result<Place, clap::Error> {
        Cli::try_parse_from(std::iter::once(&"swap-release").chain(args)).map(Cli::into_place)
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn exactly_one_place() {
        assert!(matches!(place(&["activate", "--deploy-to", "/srv/x", "r1"]), Ok(Place::Server(_))));
        assert!(matches!(place(&["activate", "--fleet", "fleet.toml"]), Ok(Place::Fleet(_))));
        assert!(place(&["activate", "r1"]).is_err());
        assert!(place(&["activate", "--fleet", "f", "--deploy-to", "/srv/x"]).is_err());
        assert!(place(&["status", "--deploy-to", "/srv/x", "--only", "web1"]).is_err());
    }

    #[test]
    fn the_place_is_free_to_be_combined() {
        let fleet = [
            "status",
            "--fleet",
            "f",
            "--identity",
            "k",
            "--known-hosts",
            "h",
            "--owner",
            "b",
            "--only",
            "w",
        ];
        assert!(matches!(place(&fleet), Ok(Place::Fleet(_))));
        assert!(matches!(place(&["status", "--deploy-to", "/srv/x", "--owner", "b"]), Ok(Place::Server(_))));
        assert!(
            place(&["activate", "--deploy-to", "/srv/x", "r1", "--confirm-within", "5s", "--in-step"])
                .is_ok()
        );
    }

    #[test]
    fn hostile_release_ids_are_refused() {
        assert!(place(&["activate", "--deploy-to", "/srv/x", "../../etc"]).is_err());
        assert!(place(&["activate", "--deploy-to", "/srv/x", "$(id)"]).is_err());
    }
}
