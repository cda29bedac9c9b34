//! What the fake knows: its memory, the site's database, and the swarms.

use std::collections::BTreeMap;

use super::OcelotOptions;
use crate::fakes::http::unescape;

/// A registered torrent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Torrent {
    /// The site's number for it.
    pub id: String,
    /// 0 normal, 1 free, 2 neutral.
    pub free: u8,
}

/// A user, by passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number: peers of one number never see each other.
    pub id: String,
    /// Whether it may leech.
    pub can_leech: bool,
    /// Whether others see it.
    pub visible: bool,
}

/// What survives a restart when the site wrote it, and what does not when only an update said it.
#[derive(Debug, Clone, Default)]
pub struct Database {
    /// By the info_hash as it was given: 20 bytes, or 40 for the useless ones.
    pub torrents: BTreeMap<Vec<u8>, Torrent>,
    /// By passkey.
    pub users: BTreeMap<String, User>,
    /// Beginnings of peer ids; empty lets everybody in.
    pub whitelist: Vec<Vec<u8>>,
}

impl Database {
    /// Adds a user who may do everything.
    pub fn user(&mut self, passkey: &str, id: u32) {
        self.users.insert(passkey.to_owned(), User { id: id.to_string(), can_leech: true, visible: true });
    }

    /// Adds a torrent.
    pub fn torrent(&mut self, infohash: &[u8], id: u32) {
        self.torrents.insert(infohash.to_vec(), Torrent { id: id.to_string(), free: 0 });
    }
}

/// One peer of a swarm.
#[derive(Debug, Clone)]
pub(super) struct Peer {
    pub(super) id: Vec<u8>,
    pub(super) user: String,
    pub(super) compact: [u8; 6],
    pub(super) visible: bool,
    /// Not handed out until it announces again.
    pub(super) hidden: bool,
}

/// The peers of one torrent, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct Swarm {
    pub(super) seeders: Vec<Peer>,
    pub(super) leechers: Vec<Peer>,
    pub(super) downloaded: u64,
    /// The seeder that a leecher got alone, while the fault waits for the next seeder.
    pub(super) served_alone: Option<Vec<u8>>,
}

impl Swarm {
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.seeders.len(), self.leechers.len())
    }
}

/// All of it.
#[derive(Debug)]
pub(super) struct State {
    pub(super) options: OcelotOptions,
    pub(super) memory: Database,
    pub(super) database: Database,
    pub(super) swarms: BTreeMap<Vec<u8>, Swarm>,
    /// Deleted torrents with what later announces are told.
    pub(super) deleted: BTreeMap<Vec<u8>, String>,
    pub(super) draining: bool,
    /// For the jitter of 2.1.3.
    pub(super) dice: u32,
}

impl State {
    pub(super) fn new(options: OcelotOptions) -> Self {
        Self {
            options,
            memory: Database::default(),
            database: Database::default(),
            swarms: BTreeMap::new(),
            deleted: BTreeMap::new(),
            draining: false,
            dice: 0x9e37_79b9,
        }
    }

    pub(super) fn reload(&mut self) {
        self.memory = self.database.clone();
        let known = &self.memory.torrents;
        self.swarms.retain(|infohash, _| known.contains_key(infohash));
    }

    pub(super) fn restart(&mut self) {
        self.reload();
        self.swarms.clear();
        self.deleted.clear();
        self.draining = false;
    }
}

/// The parameters of a request, not decoded.
#[derive(Debug)]
pub(super) struct Params(Vec<(String, Vec<u8>)>);

impl Params {
    pub(super) fn read(query: &[u8]) -> Self {
        let pairs = query.split(|byte| *byte == b'&').filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            Some((String::from_utf8_lossy(&pair[..at]).into_owned(), pair[at + 1..].to_vec()))
        });
        Self(pairs.collect())
    }

    /// As it stands in the URL.
    pub(super) fn raw(&self, key: &str) -> Option<&[u8]> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_slice())
    }

    /// As it stands in the URL, as text.
    pub(super) fn text(&self, key: &str) -> String {
        String::from_utf8_lossy(self.raw(key).unwrap_or_default()).into_owned()
    }

    /// Percent-decoded; a `+` stays a `+`.
    pub(super) fn decoded(&self, key: &str) -> Option<Vec<u8>> {
        self.raw(key).map(|value| unescape(value, false))
    }

    /// All of a name, decoded.
    pub(super) fn all(&self, key: &str) -> Vec<Vec<u8>> {
        self.0.iter().filter(|(name, _)| name == key).map(|(_, value)| unescape(value, false)).collect()
    }
}
