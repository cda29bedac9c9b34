//! The handle of a running peer: one thread for the network, one for the disk.
//!
//! Peers are made for sending one payload to a whole fleet at once. All pieces are announced, the rarest is fetched
//! first, requests are short, and nobody is choked. A seeder sends each piece once before it sends any twice, so that the
//! fleet has the payload little later than a single host would. There is no DHT, peer exchange, local discovery, UPnP, uTP
//! or encryption: [`Peer::introduce`] is the only way to learn of another peer, so private torrents work too.
//!
//! [`strategy`](crate::strategy) decides what to request from whom and whom to blame. It has no sockets, files or clock,
//! so that a simulation of ten thousand hosts runs the same code.
//!
//! BEP 6's allowed-fast sets are ignored. Our peers choke nobody, so they have none to grant; a foreign client that grants
//! one while it chokes is asked once it unchokes.
//!
//! Pieces are hashed from what was read back from disk, and nothing is synced: after a power cut the next start hashes
//! what is there, and whoever unpacks the payload makes the result durable.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use metainfo::Metainfo;
use mio::Waker;

use crate::disk::Layout;
use crate::net::{Driver, Started};
use crate::shared::Shared;
use crate::strategy::Geometry;
use crate::{Config, Error, Event, Status, Summary};

/// Most pieces: a bitfield of 128 KiB.
const MOST_PIECES: usize = 1 << 20;

/// A peer that runs in threads of its own until it is stopped or dropped. It serves its torrent until then, also when the
/// payload is complete.
#[derive(Debug)]
pub struct Peer {
    address: SocketAddr,
    shared: Arc<Shared>,
    introductions: Mutex<Sender<SocketAddr>>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Opens the payload at `place` (the file itself, or the directory that holds the files of a torrent with several; its
    /// parent must exist), and listens. What is there is hashed in the background: [`Event::Checked`] tells the result.
    ///
    /// A download creates what is missing, with its full size reserved, readable for this user only. It never follows a link,
    /// and belongs into a directory that nobody else writes to.
    ///
    /// # Errors
    /// What cannot be opened, created or listened on. That a seeder's payload is not complete shows later, as
    /// [`Event::Failed`].
    pub fn start(metainfo: &Metainfo, place: &Path, config: Config) -> Result<Self, Error> {
        let info = metainfo.info();
        let pieces = info.pieces().len();
        let geometry = Geometry::new(info.bytes(), info.piece_length().bytes());
        let Some(geometry) = geometry.filter(|_| pieces <= MOST_PIECES) else {
            return Err(Error::TooManyPieces { name: info.name().into(), pieces, limit: MOST_PIECES });
        };
        let layout = Arc::new(Layout::open(info, place, config.role)?);
        let shared = Arc::new(Shared::default());
        let started = Driver::start(metainfo, geometry, &layout, config, Arc::clone(&shared))?;
        let Started { driver, address, introductions, waker } = started;
        let run = {
            let (shared, name) = (Arc::clone(&shared), info.name().to_owned());
            move || shared.last_words(name, || driver.run())
        };
        let thread = std::thread::Builder::new().name("swarm-net".into()).spawn(run);
        let thread = thread.map_err(|source| Error::Start { name: info.name().into(), source })?;
        Ok(Self { address, shared, introductions: Mutex::new(introductions), waker, thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Peers to let in and to dial, at any time. Those known already, and the peer's own address, are passed over, so the
    /// same list may go to everybody; better is to tell only one side of each pair.
    pub fn introduce(&self, peers: &[SocketAddr]) {
        let introductions = self.introductions.lock().unwrap_or_else(PoisonError::into_inner);
        for peer in peers {
            // A thread that has ended needs no peers.
            let _ = introductions.send(*peer);
        }
        let _ = self.waker.wake();
    }

    /// Where it stands.
    #[must_use]
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// The next thing that happened; `None` when nothing did within `timeout`, or nothing can any more.
    pub fn wait(&self, timeout: Duration) -> Option<Event> {
        self.shared.wait(timeout)
    }

    /// Closes every connection and ends the threads, within moments, also while what is there is hashed.
    pub fn stop(mut self) -> Summary {
        self.end();
        self.shared.summary()
    }

    fn end(&mut self) {
        self.shared.stop();
        let _ = self.waker.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.end();
    }
}
