//! The command line, and nothing else: what was typed, the environment and `fleet.toml` become [`Settings`].

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use cli::Common;
use fleet::Inventory;
use record::Records;

use crate::error::Error;
use crate::settings::{SeederPlace, Settings, hosts_elsewhere};
use crate::tracker::Tracker;

const EXAMPLES: &str = "\
Examples:
  tracker-publish --fleet fleet.toml
  tracker-publish --fleet fleet.toml --payload build/site            # a tree layout: the files come from the site
  tracker-publish --seeder-socket /run/site-rt/rpc.sock --seeder-directory /srv/seed --seeder-peer 10.0.0.5:6890

Reads pack.json and the files it names from the folder of records, and leaves publish.json there.

Exit codes: 0 done or already done; 2 usage; 10 bad or foreign record; 11 cannot write; 12 content differs;
20 tracker or seeder refused; 21 tracker or seeder unreachable; 143 terminated.";

/// Make a packed release available: seed it, announce it if there is a tracker, and prove that peers can have it
#[derive(Debug, Parser)]
#[command(name = "tracker-publish", version, after_help = EXAMPLES)]
pub(crate) struct CommandLine {
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,
    /// Inventory; its [seeder] and [tracker] are used where no flag is given
    #[arg(long, value_name = "FILE", env = "MKT_FLEET")]
    fleet: Option<PathBuf>,
    /// How peers find each other: none (fleet-push introduces them) or announce (a tracker that is open to the release)
    #[arg(long, value_enum, value_name = "MODE")]
    mode: Option<Mode>,
    /// Announce URL of the tracker; implies --mode announce
    // hide_env_values: --help prints the values of variables, and this one may be a secret.
    #[arg(long, value_name = "URL", env = "MKT_ANNOUNCE", hide_env_values = true)]
    announce: Option<String>,
    /// RPC socket of the rtorrent that seeds, on this machine
    #[arg(long, value_name = "PATH")]
    seeder_socket: Option<PathBuf>,
    /// Directory in which payload and torrent are kept for it
    #[arg(long, value_name = "DIR")]
    seeder_directory: Option<PathBuf>,
    /// Address at which the hosts reach it
    #[arg(long, value_name = "IP:PORT")]
    seeder_peer: Option<SocketAddr>,
    /// What the torrent carries: the site for a tree layout; for an archive the one in the folder of records is taken
    #[arg(long, value_name = "PATH")]
    payload: Option<PathBuf>,
    /// Time for rtorrent to hash the payload and to seed
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// No tracker.
    None,
    /// The announce URL.
    Announce,
}

impl cli::Settings for CommandLine {
    const TOOL: &'static str = "tracker-publish";

    fn common(&self) -> &Common {
        &self.common
    }
}

impl CommandLine {
    /// Flags over `fleet.toml`.
    pub(crate) fn resolve(self) -> Result<Settings, Error> {
        let inventory = self.fleet.as_deref().map(Inventory::load).transpose()?;
        let inventory = inventory.as_ref();
        let tracker = self.tracker(inventory)?;
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
            seeder: place.checked()?,
            payload: self.payload,
            timeout: self.timeout,
            hosts_elsewhere: inventory.map(hosts_elsewhere).unwrap_or_default(),
        })
    }

    fn tracker(&self, inventory: Option<&Inventory>) -> Result<Tracker, Error> {
        let configured = inventory.and_then(|inventory| inventory.tracker.announce.as_ref());
        match (self.mode, &self.announce) {
            (Some(Mode::None), Some(_)) => Err(Error::AnnounceWithoutTracker),
            (Some(Mode::None), None) => Ok(Tracker::None),
            (_, Some(url)) => Tracker::announce(url),
            (None, None) => configured.map_or(Ok(Tracker::None), |url| Tracker::announce(url.expose())),
            (Some(Mode::Announce), None) => match configured {
                Some(url) => Tracker::announce(url.expose()),
                None => Err(Error::MissingSetting { flag: "--announce", key: "tracker.announce" }),
            },
        }
    }
}

#[cfg(test)]
#[path = "cli_tests.rs"]
mod tests;
