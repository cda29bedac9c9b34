//! The verbs and their arguments, as clap reads them.

use clap::{Parser, Subcommand};
use cli::Common;
use record::ExitCode;

use super::place::Place;
use crate::cli::everywhere::{Adopt, Converge, Look, Manifest, Prune, Settle, Status, Switch, Verify};
use crate::cli::here::{Apache, Finished, History, Lint, Pin, Receive, Reconcile, Stage, Want};
use crate::fleet::job::FleetVerb;
use crate::host::job::{PruneJob, ServerJob, ServerVerb};

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
    swap-release activate --fleet fleet.toml --canary 1 --pause 2m --batch 25%
    swap-release activate --fleet fleet.toml --dry-run
    swap-release status   --fleet fleet.toml
    swap-release manifest --fleet fleet.toml | mkt-pack --base - build/site";

/// Make a release live: verified, atomic, reversible, on one server or on a whole fleet together
#[derive(Debug, Parser)]
#[command(name = "swap-release", version, after_help = EXAMPLES)]
pub(super) struct Cli {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    common: Common,
}

impl cli::Settings for Cli {
    const TOOL: &'static str = "swap-release";
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("swap.json", "the record of the stage, in the folder of records (activate and rollback of a fleet)"),
        ("swap.junit.xml", "one test case a host"),
        ("summary.txt", "one line for the description of a build"),
    ];
    const EXIT_CODES: &'static [ExitCode] = &[
        ExitCode::Ok,
        ExitCode::Unexpected,
        ExitCode::Usage,
        ExitCode::BadInput,
        ExitCode::CannotWrite,
        ExitCode::Mismatch,
        ExitCode::CannotVerify,
        ExitCode::SomeHostsFailed,
        ExitCode::NoHostSucceeded,
        ExitCode::RolledBack,
        ExitCode::Mixed,
        ExitCode::Busy,
        ExitCode::Terminated,
    ];

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
    Status(Status),
    /// Compare a release on disk with its manifest: the named one, or the live one
    Verify(Verify),
    /// Print the manifest of a release, proved by its digest: the named one, or what is live; a base for mkt-pack
    Manifest(Manifest),
    /// Make what is served a release, without an outage: a real directory `current`, or a link to a foreign place
    Adopt(Adopt),
    /// Bring hosts that serve something else to the fleet's release
    Converge(Converge),
    /// Say that a release is wanted here, so that an event of the BitTorrent client may stage it
    Want(Want),
    /// An event of the BitTorrent client: stage what it is about, if that is wanted and not here
    #[command(alias = "hash_done")]
    Finished(Finished),
    /// Look for web server configuration that mixes two releases in one request, or shuts the site
    Lint(Lint),
    /// Have this server's Apache serve the live release by its real path (as root; a hook of after-switch and after-revert)
    Apache(Apache),
    /// Say that what a deployment that was taken back left in the database is seen to; caches that are still owed are rebuilt first
    Settle(Settle),
    /// Remove old releases and what was received for them, keeping the live one, the one before it, pinned ones and the newest good ones
    Prune(Prune),
    /// Keep a release whatever a prune says
    Pin(Pin),
    /// Let a prune remove a release again
    Unpin(Pin),
    /// Say that a release is bad, if it was never confirmed (what --fleet does after a failed health check)
    #[command(hide = true)]
    MarkFailed(Pin),
    /// Say what happened on this server, oldest first
    History(History),
    /// Finish or undo what a killed run left, as every other verb does first
    Reconcile(Reconcile),
}

impl Cli {
    /// The job that was asked for.
    pub(super) fn into_place(self) -> Place {
        match self.verb {
            Verb::Stage(stage) => Place::Server(ServerJob {
                deploy_to: stage.deploy_to,
                owner: stage.owner,
                part_of: None,
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
                let here = ServerVerb::Activate {
                    release: switch.release.clone(),
                    lease: switch.lease(),
                    allow_older: switch.allow_older,
                    force: switch.force,
                    retry_failed: switch.retry_failed,
                    adopt: switch.adopt,
                    shared: switch.shared.clone(),
                };
                let (place, on_fleet) = switch.split();
                place.choose(here, FleetVerb::Activate(on_fleet))
            }
            Verb::Rollback(switch) => {
                let here = ServerVerb::Rollback {
                    release: switch.release.clone(),
                    lease: switch.lease(),
                    force: switch.force,
                    retry_failed: switch.retry_failed,
                };
                let (place, on_fleet) = switch.split();
                place.choose(here, FleetVerb::Rollback(on_fleet))
            }
            Verb::Status(Status { look: Look { place, json }, shared }) => {
                place.choose(ServerVerb::Status { json, shared }, FleetVerb::Status { json })
            }
            Verb::Verify(Verify { release, place, repair: true, payload, json }) => place.choose(
                ServerVerb::Repair { release: release.clone(), payload, json },
                FleetVerb::Repair { release, json },
            ),
            Verb::Verify(Verify { release, place, json, .. }) => place.choose(
                ServerVerb::Verify { release: release.clone(), json },
                FleetVerb::Verify { release, json },
            ),
            Verb::Manifest(Manifest { release, place }) => place
                .choose(ServerVerb::Manifest { release: release.clone() }, FleetVerb::Manifest { release }),
            Verb::Prune(Prune { place, keep, grace, dry_run, json }) => {
                let job = PruneJob { keep, grace, dry_run, json };
                place.choose(ServerVerb::Prune(job), FleetVerb::Prune(job))
            }
            Verb::Adopt(Adopt { release_id: release, place, shared, from, dry_run, json }) => {
                let from_here = from.clone();
                let here = ServerVerb::Adopt { release, shared, from: from_here, dry_run, json };
                place.choose(here, FleetVerb::Adopt { from, dry_run })
            }
            Verb::Settle(Settle { place }) => place.choose(ServerVerb::Settle, FleetVerb::Settle),
            Verb::Converge(converge) => converge.place(),
            Verb::Want(Want { server, record, shared }) => server.job(ServerVerb::Want { record, shared }),
            Verb::Finished(finished) => finished.place(),
            Verb::Lint(ask) => ask.into_place(),
            Verb::Apache(ask) => ask.into_place(),
            Verb::Pin(Pin { release, server }) => server.job(ServerVerb::Pin { release, pinned: true }),
            Verb::Unpin(Pin { release, server }) => server.job(ServerVerb::Pin { release, pinned: false }),
            Verb::MarkFailed(Pin { release, server }) => server.job(ServerVerb::MarkFailed { release }),
            Verb::History(History { server, json }) => server.job(ServerVerb::History { json }),
            Verb::Reconcile(Reconcile { server }) => server.job(ServerVerb::Reconcile),
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
