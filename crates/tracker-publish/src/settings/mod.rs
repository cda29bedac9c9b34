//! What was asked for, in the types of the field.

pub(crate) mod passkeys;
pub(crate) mod reach;
pub(crate) mod tracker;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use cli::Abort;
use inventory::{Host, Inventory};
use metainfo::AnnounceUrl;
use record::Records;
use tracker_client::{Http, Patience, Proxies, Trust};

use crate::error::Error;
use crate::settings::tracker::Tracker;

/// One run.
#[derive(Debug)]
pub(crate) struct Settings {
    /// Where `pack.json` and its files are, and where `publish.json` goes.
    pub(crate) records: Records,
    /// How peers find each other.
    pub(crate) tracker: Tracker,
    /// Every client with its announce URL, the seeder first; no hosts without `fleet.toml`.
    pub(crate) clients: Clients,
    /// The rtorrent that seeds.
    pub(crate) seeder: SeederPlace,
    /// What the torrent carries, if it is not the archive in the folder of records.
    pub(crate) payload: Option<PathBuf>,
    /// Time for rtorrent to hash and to seed.
    pub(crate) timeout: Duration,
    /// How tracker and site are reached.
    pub(crate) proxies: Proxies,
    /// Who vouches for them.
    pub(crate) trust: Trust,
    /// Time for one answer of the tracker.
    pub(crate) tracker_timeout: Duration,
    /// Names of the fleet's hosts that are not this machine.
    pub(crate) hosts_elsewhere: Vec<String>,
    /// Whether the tracker must be seen to give the seeder to a peer.
    pub(crate) wait: bool,
    /// How many releases stay published.
    pub(crate) keep: Option<usize>,
}

impl Settings {
    /// The way to trackers and sites.
    pub(crate) fn http(&self, abort: &Abort) -> Http {
        let abort = abort.clone();
        let (timeout, pause) = (self.tracker_timeout, self.tracker_timeout / 40);
        let patience = Patience { timeout, pause, ..Patience::default() };
        Http::over(self.proxies.clone(), &self.trust, patience, move || abort.is_set())
    }
}

/// Who announces, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clients {
    /// The seeder's announce URL.
    pub(crate) seeder: AnnounceUrl,
    /// The hosts' names and announce URLs; empty if they have no passkeys of their own.
    pub(crate) hosts: Vec<(String, AnnounceUrl)>,
}

impl Clients {
    /// The URL to ask with as a peer that is not the seeder: a host's, as a tracker never gives a user its own peers.
    pub(crate) fn other_than_seeder(&self) -> &AnnounceUrl {
        self.hosts.first().map_or(&self.seeder, |(_, url)| url)
    }

    /// Everybody by name.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &AnnounceUrl)> {
        let hosts = self.hosts.iter().map(|(name, url)| (name.as_str(), url));
        std::iter::once(("the seeder", &self.seeder)).chain(hosts)
    }
}

/// The rtorrent that has the payload first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SeederPlace {
    /// Its RPC socket.
    pub(crate) socket: PathBuf,
    /// Where its payloads and torrents are kept.
    pub(crate) directory: PathBuf,
    /// What the hosts dial.
    pub(crate) peer: SocketAddr,
}

impl SeederPlace {
    /// Refuses an address that no host could be told to dial.
    pub(crate) fn checked(self) -> Result<Self, Error> {
        let refuse = |reason| Err(Error::SeederPeer { peer: self.peer, reason });
        match self.peer {
            SocketAddr::V6(_) => refuse("rtorrent's add_peer takes IPv4 addresses only"),
            _ if self.peer.port() == 0 => refuse("0 is not a port"),
            _ if self.peer.ip().is_unspecified() => refuse("hosts cannot dial it"),
            _ => Ok(self),
        }
    }

    /// Whether only this machine can dial it.
    pub(crate) fn is_loopback(&self) -> bool {
        self.peer.ip().is_loopback()
    }
}

/// The hosts whose peers would dial from another machine.
pub(crate) fn hosts_elsewhere(inventory: &Inventory) -> Vec<String> {
    let here = |host: &&Host| {
        let ip = host.peer_address.or_else(|| host.address.ip());
        host.local || ip.map_or(host.address.as_str() == "localhost", |ip: IpAddr| ip.is_loopback())
    };
    inventory.hosts.iter().filter(|host| !here(host)).map(|host| host.name.to_string()).collect()
}
