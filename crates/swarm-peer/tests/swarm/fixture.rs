//! Payloads, torrents, addresses, and waiting for what a peer says.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::Scratch;
use e2e::net::Network;
use metainfo::{Builder, Metainfo, NO_TRACKER_ANNOUNCE, PieceLength};
use swarm_peer::{Config, Event, Peer, Role};

/// Nothing on loopback takes longer.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// A payload with its torrent, in a scratch directory.
pub(crate) struct Site {
    pub(crate) scratch: Scratch,
    pub(crate) content: Vec<u8>,
    pub(crate) torrent: Metainfo,
    network: Network,
}

impl Site {
    /// `size` random bytes, the same in every run, in pieces of 64 KiB.
    pub(crate) fn new(size: usize) -> Self {
        let scratch = Scratch::new();
        let mut rng = fastrand::Rng::with_seed(size as u64);
        let content: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(size).collect();
        let path = scratch.path().join("payload.bin");
        std::fs::write(&path, &content).unwrap();
        let torrent = Builder::new("payload.bin", PieceLength::DEFAULT).from_file(&path, &|_| true).unwrap();
        let torrent = torrent.with_announce(&NO_TRACKER_ANNOUNCE.parse().unwrap()).unwrap();
        std::fs::write(scratch.path().join("payload.torrent"), torrent.to_bytes()).unwrap();
        Self { scratch, content, torrent, network: Network::pick(12) }
    }

    pub(crate) fn payload(&self) -> PathBuf {
        self.scratch.path().join("payload.bin")
    }

    pub(crate) fn torrent_file(&self) -> PathBuf {
        self.scratch.path().join("payload.torrent")
    }

    /// Where the host of this number listens.
    pub(crate) fn address(&self, host: usize) -> SocketAddr {
        SocketAddr::new(self.network.addresses[host], self.network.peer)
    }

    pub(crate) fn config(&self, host: usize, role: Role) -> Config {
        let address = self.address(host);
        Config::new(address.ip(), address.port()..=address.port(), role)
    }

    /// Host 0 has everything.
    pub(crate) fn seeder(&self) -> Peer {
        Peer::start(&self.torrent, &self.payload(), self.config(0, Role::Seed)).unwrap()
    }

    /// The same with a ceiling on what it sends, in bytes a second.
    pub(crate) fn slow_seeder(&self, ceiling: u64) -> Peer {
        let mut config = self.config(0, Role::Seed);
        config.upload_ceiling = std::num::NonZeroU64::new(ceiling);
        Peer::start(&self.torrent, &self.payload(), config).unwrap()
    }

    /// Where the host of this number keeps its copy.
    pub(crate) fn place(&self, host: usize) -> PathBuf {
        self.scratch.path().join(format!("copy{host}"))
    }

    pub(crate) fn leecher(&self, host: usize) -> Peer {
        Peer::start(&self.torrent, &self.place(host), self.config(host, Role::Download)).unwrap()
    }

    pub(crate) fn assert_copy(&self, at: &Path) {
        assert!(std::fs::read(at).unwrap() == self.content, "`{}` differs", at.display());
    }
}

/// Waits for one of the peer's events.
pub(crate) fn hear<T>(peer: &Peer, what: &str, mut wanted: impl FnMut(Event) -> Option<T>) -> T {
    let until = Instant::now() + LONG;
    while Instant::now() < until {
        match peer.wait(Duration::from_millis(200)) {
            Some(Event::Failed(error)) => match wanted(Event::Failed(error)) {
                Some(found) => return found,
                None => panic!("failed while waiting for {what}"),
            },
            Some(event) => {
                if let Some(found) = wanted(event) {
                    return found;
                }
            }
            None => {}
        }
    }
    panic!("waited in vain for {what}: {:?}", peer.status());
}

pub(crate) fn completed(peer: &Peer) {
    hear(peer, "completion", |event| matches!(event, Event::Completed).then_some(()));
}
