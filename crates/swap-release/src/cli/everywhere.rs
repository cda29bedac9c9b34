//! What is typed on a server or on the controller.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use cli::Chosen;
use inventory::{Quota, SharedPath};
use record::{FileName, ReleaseId};

use super::place::Place;
use crate::fleet::job::{FleetJob, FleetSwitch, FleetVerb};
use crate::host::job::{Lease, ServerJob, ServerVerb};

/// Here, or everywhere. A struct of its own: clap's group takes in every field.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(super) struct HereOrFleet {
    /// Directory of the site on this server
    #[arg(long, value_name = "DIR", conflicts_with = "Chosen")]
    pub(super) deploy_to: Option<PathBuf>,
    /// Inventory: do it on every host, by SSH
    #[arg(long, value_name = "FILE")]
    pub(super) fleet: Option<PathBuf>,
}

/// How hosts are reached, and who reaches for them.
#[derive(Debug, Args)]
pub(super) struct Access {
    /// Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE
    #[arg(long, value_name = "FILE", env = "MKT_IDENTITY")]
    pub(super) identity: Option<PathBuf>,
    /// Host keys that are trusted
    #[arg(long, value_name = "FILE", env = "MKT_KNOWN_HOSTS")]
    pub(super) known_hosts: Option<PathBuf>,
    /// Who asks, for the lock and the history
    #[arg(long, value_name = "TEXT")]
    pub(super) owner: Option<String>,
}

#[derive(Debug, Args)]
pub(super) struct Where {
    #[command(flatten)]
    pub(super) place: HereOrFleet,
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) access: Access,
    /// The run that this is part of, and this host's name in it, which no other host in the same directory may have
    #[arg(long, hide = true, conflicts_with = "fleet", value_name = "RUN/HOST", value_parser = part_of)]
    pub(super) part_of: Option<(FileName, String)>,
}

#[derive(Debug, Args)]
pub(super) struct Switch {
    /// Release id; with --fleet activate takes it from push.json
    pub(super) release: Option<ReleaseId>,
    #[command(flatten)]
    pub(super) place: Where,
    /// Put the former release back unless `commit` comes on standard input (or the fleet is healthy) within this time
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(super) confirm_within: Option<Duration>,
    /// Lock and check, then wait for `go` on standard input before switching (what --fleet does on every server)
    #[arg(long, requires = "confirm_within", conflicts_with = "fleet")]
    pub(super) in_step: bool,
    /// Activate even if a newer build of the same job is live
    #[arg(long)]
    pub(super) allow_older: bool,
    /// Before that, take in what is served as a release, if it is none: see adopt
    #[arg(long)]
    pub(super) adopt: bool,
    /// With --adopt, path that moves to shared/; with --fleet those of fleet.toml (can be repeated)
    #[arg(long, value_name = "PATH", requires = "adopt", conflicts_with = "fleet")]
    pub(super) shared: Vec<SharedPath>,
    /// Switch to a release that is older than a database update
    #[arg(long)]
    pub(super) force: bool,
    /// Take a release that has failed its health check before, if its tree is still what was built
    #[arg(long)]
    pub(super) retry_failed: bool,
    /// Hosts that switch before all others and must be healthy first: a number, or a percentage such as 10%
    /// [default: `rollout.canary` of fleet.toml, else none]
    #[arg(long, value_name = "N|N%", conflicts_with = "deploy_to")]
    pub(super) canary: Option<Quota>,
    /// Hosts that switch at a time, after the canary: a number, a percentage, or all [default: `rollout.batch`, else all]
    #[arg(long, value_name = "N|N%|all", conflicts_with = "deploy_to")]
    pub(super) batch: Option<Quota>,
    /// How long a healthy batch is watched before the next one [default: `rollout.pause`, else no time]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration, conflicts_with = "deploy_to")]
    pub(super) pause: Option<Duration>,
    /// Hosts that must be ready, in each group, for the others to be left out: a number, a percentage, or all
    /// [default: `groups.NAME.quorum` and `rollout.quorum`, else all]
    #[arg(long, value_name = "N|N%|all", conflicts_with = "deploy_to")]
    pub(super) quorum: Option<Quota>,
    /// Ask every host and print what would be done; lock and change nothing
    #[arg(long, conflicts_with = "deploy_to")]
    pub(super) dry_run: bool,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    pub(super) records: PathBuf,
    /// JUnit XML with one case a host [default: swap.junit.xml in the folder of records]
    #[arg(long, value_name = "FILE", conflicts_with = "deploy_to")]
    pub(super) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Release id
    pub(super) release: Option<ReleaseId>,
    #[command(flatten)]
    pub(super) place: Where,
    /// Print JSON on standard output
    #[arg(long)]
    pub(super) json: bool,
    /// Put right what differs, from the payload; what differed is reported
    #[arg(long)]
    pub(super) repair: bool,
    /// The payload [default: as the BitTorrent client left it in incoming/]
    #[arg(long, value_name = "PATH", requires = "repair", conflicts_with = "fleet")]
    pub(super) payload: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Adopt {
    /// Name as a release [default: adopted-<time>]
    #[arg(long, value_name = "ID", conflicts_with = "fleet")]
    pub(super) release_id: Option<ReleaseId>,
    #[command(flatten)]
    pub(super) place: Where,
    /// Path that moves to shared/, a link staying in its place; with --fleet those of fleet.toml (can be repeated)
    #[arg(long, value_name = "PATH", conflicts_with = "fleet")]
    pub(super) shared: Vec<SharedPath>,
    /// Directory that is served today and is not called current: where there is no current, it becomes a link to it
    #[arg(long, value_name = "DIR")]
    pub(super) from: Option<PathBuf>,
    /// Say what would be done and what is in the way; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// With --dry-run, print JSON on standard output
    #[arg(long, requires = "dry_run", conflicts_with = "fleet")]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    pub(super) look: Look,
    /// With --json, path of fleet.toml's `shared`: tell what in shared/ nothing links, and what the live site has that shared/
    /// lacks (can be repeated)
    #[arg(long, value_name = "PATH", requires = "json", conflicts_with = "fleet")]
    pub(super) shared: Vec<SharedPath>,
}

#[derive(Debug, Args)]
pub(super) struct Converge {
    /// Release id [default: that of the last committed swap in the records, else what more than half of the hosts serve]
    pub(super) release: Option<ReleaseId>,
    /// Inventory
    #[arg(long, value_name = "FILE")]
    pub(super) fleet: PathBuf,
    #[command(flatten)]
    pub(super) chosen: Chosen,
    #[command(flatten)]
    pub(super) access: Access,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    pub(super) records: PathBuf,
    /// Ask every host and print what would be done; lock and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Wait for the end of standard input, and do nothing unless it says that a decision was left undone
    #[arg(long, hide = true)]
    pub(super) if_orphaned: bool,
}

#[derive(Debug, Args)]
pub(super) struct Manifest {
    /// Release id [default: what is live; in a fleet that serves several, each of them]
    pub(super) release: Option<ReleaseId>,
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, Args)]
pub(super) struct Look {
    #[command(flatten)]
    pub(super) place: Where,
    /// Print JSON on standard output
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Settle {
    #[command(flatten)]
    pub(super) place: Where,
}

#[derive(Debug, Args)]
pub(super) struct Prune {
    #[command(flatten)]
    pub(super) place: Where,
    /// Good releases to keep [default: 5, or `keep` of fleet.toml]
    #[arg(long, value_name = "N")]
    pub(super) keep: Option<u32>,
    /// Keep what was live until this long ago, for requests and cron jobs that still run in it [default: 15m]
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(super) grace: Option<Duration>,
    /// Print what would be removed and what would stay; change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print JSON on standard output
    #[arg(long)]
    pub(super) json: bool,
}

impl Converge {
    pub(super) fn place(self) -> Place {
        let switch = FleetSwitch {
            release: self.release,
            confirm_within: None,
            allow_older: true,
            force: false,
            retry_failed: false,
            condemns: false,
            adopt: false,
            canary: None,
            batch: None,
            pause: None,
            quorum: None,
            dry_run: self.dry_run,
            records: self.records,
            junit: None,
        };
        Place::Fleet(FleetJob {
            fleet: self.fleet,
            chosen: Box::new(self.chosen),
            identity: self.access.identity,
            known_hosts: self.access.known_hosts,
            owner: self.access.owner,
            verb: FleetVerb::Converge { switch, if_orphaned: self.if_orphaned },
        })
    }
}

impl Switch {
    pub(super) fn lease(&self) -> Option<Lease> {
        self.confirm_within.map(|within| Lease { within, in_step: self.in_step })
    }

    pub(super) fn split(self) -> (Where, FleetSwitch) {
        let on_fleet = FleetSwitch {
            release: self.release,
            confirm_within: self.confirm_within,
            allow_older: self.allow_older,
            force: self.force,
            retry_failed: self.retry_failed,
            condemns: true,
            adopt: self.adopt,
            canary: self.canary,
            batch: self.batch,
            pause: self.pause,
            quorum: self.quorum,
            dry_run: self.dry_run,
            records: self.records,
            junit: self.junit,
        };
        (self.place, on_fleet)
    }
}

/// `RUN/HOST`.
fn part_of(text: &str) -> Result<(FileName, String), String> {
    let (run, host) = text.split_once('/').ok_or("RUN/HOST is expected")?;
    Ok((run.parse().map_err(|error| format!("{error}"))?, host.to_owned()))
}

impl Where {
    pub(super) fn choose(self, server: ServerVerb, fleet: FleetVerb) -> Place {
        let Self { place, chosen, access: Access { identity, known_hosts, owner }, part_of } = self;
        let HereOrFleet { deploy_to, fleet: inventory } = place;
        // The group of clap lets exactly one of the two through.
        match inventory {
            Some(path) => Place::Fleet(FleetJob {
                fleet: path,
                chosen: Box::new(chosen),
                identity,
                known_hosts,
                owner,
                verb: fleet,
            }),
            None => Place::Server(ServerJob {
                deploy_to: deploy_to.unwrap_or_default(),
                owner,
                part_of,
                verb: server,
            }),
        }
    }
}
