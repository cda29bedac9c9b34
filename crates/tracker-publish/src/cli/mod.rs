//! The command line, and nothing else: what was typed, the environment and `fleet.toml` become [`Settings`].

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process;
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use cli::Common;
use inventory::{Inventory, Passkeys, TrackerMode};
use record::{ExitCode, Records, ReleaseId};
use tracker_client::{Key, Proxies, Trust};

use crate::error::Error;
use crate::settings::passkeys;
use crate::settings::tracker::Tracker;
use crate::settings::{Clients, SeederPlace, Settings, hosts_elsewhere};
use crate::verbs::push_seeds::PushSeeds;
use crate::verbs::verb::Verb;
use crate::verbs::{check, hosts, publish, withdraw};

const EXAMPLES: &str = "\
Examples:
  tracker-publish --fleet fleet.toml
  tracker-publish --fleet fleet.toml --wait --keep 3                 # seen by a peer; the 3 newest stay published
  tracker-publish --fleet fleet.toml --payload build/site            # a tree layout: the files come from the site
  tracker-publish --seeder-socket /run/site-rt/rpc.sock --seeder-directory /srv/seed --seeder-peer 10.0.0.5:6890
  tracker-publish hosts --create --fleet fleet.toml                  # one tracker user for each host, where it is missing
  tracker-publish check --fleet fleet.toml
  tracker-publish withdraw 42-0a1b2c3d --fleet fleet.toml";

/// The whole binary, from the command line to the exit code.
#[must_use]
pub fn main() -> process::ExitCode {
    cli::main(|command_line: CommandLine, console, abort| {
        let verb = command_line.verb();
        if let Some(push_seeds) = command_line.push_seeds()? {
            return push_seeds.run(&verb, console, abort).map(|()| ExitCode::Ok);
        }
        let settings = command_line.resolve()?;
        let done = match verb {
            Verb::Publish => publish::publish(&settings, console, abort),
            Verb::Check => check::check(&settings, console, abort),
            Verb::Withdraw(release) => withdraw::withdraw(&settings, release.as_ref(), console, abort),
            Verb::Hosts { create } => hosts::hosts(&settings, create, console, abort),
        };
        done.map(|()| ExitCode::Ok)
    })
}

/// Make a packed release available: seed it, make its tracker know it, and prove that peers can have it
#[derive(Debug, Parser)]
#[command(name = "tracker-publish", version, after_help = EXAMPLES)]
struct CommandLine {
    #[command(subcommand)]
    verb: Option<VerbArgs>,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER, global = true)]
    records: PathBuf,
    /// Inventory; its [seeder] and [tracker] are used where no flag is given
    #[arg(long, value_name = "FILE", env = "MKT_FLEET", global = true)]
    fleet: Option<PathBuf>,
    /// How peers find each other: none (fleet-push introduces them), announce (a tracker that is open to the release),
    /// or the kind that [tracker] in the inventory describes
    #[arg(long, value_enum, value_name = "MODE", global = true)]
    mode: Option<Mode>,
    /// Announce URL of the tracker; implies --mode announce
    // hide_env_values: --help prints the values of variables, and this one may be a secret.
    #[arg(long, value_name = "URL", env = "MKT_ANNOUNCE", hide_env_values = true, global = true)]
    announce: Option<String>,
    /// RPC socket of the rtorrent that seeds, on this machine
    #[arg(long, value_name = "PATH", global = true)]
    seeder_socket: Option<PathBuf>,
    /// Directory in which payload and torrent are kept for it
    #[arg(long, value_name = "DIR", global = true)]
    seeder_directory: Option<PathBuf>,
    /// Address at which the hosts reach it
    #[arg(long, value_name = "IP:PORT", global = true)]
    seeder_peer: Option<SocketAddr>,
    /// What the torrent carries: the site for a tree layout; for an archive the one in the folder of records is taken
    #[arg(long, value_name = "PATH")]
    payload: Option<PathBuf>,
    /// Time for rtorrent to hash the payload and to seed
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = humantime::parse_duration, global = true)]
    timeout: Duration,
    /// Time for one answer of the tracker or its site
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = humantime::parse_duration, global = true)]
    tracker_timeout: Duration,
    /// Certificates, in PEM, of the private authority that signs those of tracker and site; instead of the public ones
    #[arg(long, value_name = "FILE", env = "MKT_CA_FILE", global = true)]
    ca_file: Option<PathBuf>,
    /// Ask the tracker as a peer would, until it gives the seeder
    #[arg(long)]
    wait: bool,
    /// Withdraw all but the N releases that were published last
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    keep: Option<u16>,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum VerbArgs {
    /// Ask tracker and seeder how the release stands
    Check,
    /// Make tracker and seeder forget a release
    Withdraw {
        /// Instead of the one in pack.json
        release: Option<ReleaseId>,
    },
    /// Check that the tracker knows every host's passkey
    Hosts {
        /// Make the users it does not know (Ocelot), and the passkey files that do not exist
        #[arg(long)]
        create: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// No tracker.
    None,
    /// The announce URL.
    Announce,
    /// A whitelist.
    Opentracker,
    /// Updates.
    Ocelot,
    /// The pages of 2016.
    Gazelle,
    /// The API of the OPS line.
    GazelleOps,
}

impl Mode {
    fn configured(self) -> TrackerMode {
        match self {
            Self::None => TrackerMode::None,
            Self::Announce => TrackerMode::Announce,
            Self::Opentracker => TrackerMode::Opentracker,
            Self::Ocelot => TrackerMode::Ocelot,
            Self::Gazelle => TrackerMode::Gazelle,
            Self::GazelleOps => TrackerMode::GazelleOps,
        }
    }
}

impl cli::Settings for CommandLine {
    const TOOL: &'static str = "tracker-publish";
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("publish.json", "the record of the stage, in the folder of records"),
        ("summary.txt", "one line for the description of a build"),
    ];
    const EXIT_CODES: &'static [ExitCode] = &[
        ExitCode::Ok,
        ExitCode::Unexpected,
        ExitCode::Usage,
        ExitCode::BadInput,
        ExitCode::CannotWrite,
        ExitCode::Mismatch,
        ExitCode::Refused,
        ExitCode::Unreachable,
        ExitCode::Terminated,
    ];

    fn common(&self) -> &Common {
        &self.common
    }
}

impl CommandLine {
    /// What is to be done.
    fn verb(&self) -> Verb {
        match &self.verb {
            None => Verb::Publish,
            Some(VerbArgs::Check) => Verb::Check,
            Some(VerbArgs::Withdraw { release }) => Verb::Withdraw(release.clone()),
            Some(VerbArgs::Hosts { create }) => Verb::Hosts { create: *create },
        }
    }

    /// The run without tracker and seeder, if that is what the inventory describes and no flag says otherwise.
    fn push_seeds(&self) -> Result<Option<PushSeeds>, Error> {
        let flags =
            self.seeder_socket.is_some() || self.seeder_directory.is_some() || self.seeder_peer.is_some();
        let other_mode = self.announce.is_some() || self.mode.is_some_and(|mode| mode != Mode::None);
        let (Some(path), false, false) = (&self.fleet, flags, other_mode) else { return Ok(None) };
        let inventory = Inventory::load(path)?;
        let tracker = inventory.tracker.mode != TrackerMode::None && self.mode.is_none();
        if inventory.seeder.is_some() || tracker {
            return Ok(None);
        }
        Ok(Some(PushSeeds { records: Records::new(&self.records), payload: self.payload.clone() }))
    }

    /// Flags over `fleet.toml`.
    fn resolve(self) -> Result<Settings, Error> {
        let inventory = self.fleet.as_deref().map(Inventory::load).transpose()?;
        let inventory = inventory.as_ref();
        let tracker = self.tracker(inventory)?;
        if let (Verb::Hosts { create: true }, Some(inventory)) = (self.verb(), inventory) {
            passkeys::make_files(inventory)?;
        }
        let clients = clients(&tracker, inventory)?;
        let in_file = inventory.and_then(|inventory| inventory.tracker.ca_file.as_deref());
        let trust = trust(self.ca_file.as_deref().or(in_file))?;
        let seeder = inventory.and_then(|inventory| inventory.seeder.as_ref());
        let missing = |flag, key| Error::MissingSetting { flag, key };
        let place = SeederPlace {
            socket: self
                .seeder_socket
                .or_else(|| seeder.map(|seeder| seeder.rpc_socket.clone()))
                .ok_or(missing("--seeder-socket", "seeder.rpc_socket"))?,
            directory: self
                .seeder_directory
                .or_else(|| seeder.map(|seeder| seeder.directory.clone()))
                .ok_or(missing("--seeder-directory", "seeder.directory"))?,
            peer: self
                .seeder_peer
                .or_else(|| seeder.map(|seeder| seeder.peer))
                .ok_or(missing("--seeder-peer", "seeder.peer"))?,
        };
        Ok(Settings {
            records: Records::new(self.records),
            tracker,
            clients,
            seeder: place.checked()?,
            payload: self.payload,
            timeout: self.timeout,
            proxies: Proxies::of(|name| std::env::var(name).ok())?,
            trust,
            tracker_timeout: self.tracker_timeout,
            hosts_elsewhere: inventory.map(hosts_elsewhere).unwrap_or_default(),
            wait: self.wait,
            keep: self.keep.map(usize::from),
        })
    }

    fn tracker(&self, inventory: Option<&Inventory>) -> Result<Tracker, Error> {
        let missing = |flag, key| Err(Error::MissingSetting { flag, key });
        match (self.mode, &self.announce, inventory) {
            (Some(Mode::None), Some(_), _) => Err(Error::AnnounceWithoutTracker),
            (Some(Mode::None), None, _) | (None, None, None) => Ok(Tracker::none()),
            (None | Some(Mode::Announce), Some(url), _) => Tracker::announce(url),
            (Some(Mode::Announce), None, Some(inventory)) if inventory.tracker.announce.is_some() => {
                Tracker::configured(inventory)
            }
            (Some(Mode::Announce), None, _) => missing("--announce", "tracker.announce"),
            (None, None, Some(inventory)) => Tracker::configured(inventory),
            // What these need beside the URL has no flags.
            (Some(mode), _, Some(inventory)) if inventory.tracker.mode == mode.configured() => {
                Tracker::configured(inventory)
            }
            (Some(_), _, _) => missing("--fleet", "tracker.mode"),
        }
    }
}

/// The authorities in `ca_file`, else the public ones.
fn trust(ca_file: Option<&Path>) -> Result<Trust, Error> {
    let Some(path) = ca_file else { return Ok(Trust::public()) };
    let refuse = |reason: String| Error::CaFile { path: path.to_owned(), reason };
    let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    Trust::only(&pem).map_err(|reason| refuse(reason.to_owned()))
}

/// Every client's own announce URL.
fn clients(tracker: &Tracker, inventory: Option<&Inventory>) -> Result<Clients, Error> {
    if !tracker.needs_passkey() {
        return Ok(Clients { seeder: tracker.url(None)?, hosts: Vec::new() });
    }
    let Some(inventory) = inventory else {
        return Err(Error::MissingSetting { flag: "--fleet", key: "seeder.passkey_file" });
    };
    let Passkeys { hosts, seeder } = inventory.passkeys(&inventory.hosts)?;
    let url = |name: &str, passkey: &str| {
        if tracker.needs_keys_of_ocelot() && Key::new(passkey).is_none() {
            return Err(Error::NotAKey { key: name.to_owned() });
        }
        tracker.url(Some(passkey))
    };
    let seeder = seeder.ok_or(Error::MissingSetting { flag: "--fleet", key: "seeder.passkey_file" })?;
    let named = |name: &str| format!("hosts.{name}.passkey");
    Ok(Clients {
        seeder: url("seeder.passkey", seeder.expose())?,
        hosts: hosts
            .iter()
            .map(|(name, key)| Ok((name.to_string(), url(&named(name.as_str()), key.expose())?)))
            .collect::<Result<_, Error>>()?,
    })
}

#[cfg(test)]
mod tests;
