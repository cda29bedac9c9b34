//! One host: a strategy, two wires and a disk.

use std::time::Duration;

use bit_vec::BitVec;
use swarm_peer::strategy::{Geometry, LinkId, PeerKey, Strategy};

/// What a link leads to.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    pub(super) host: usize,
    /// The other end's number of the link.
    pub(super) link: LinkId,
    /// Different for every link there ever was: what is under way on one that is gone does not arrive.
    pub(super) number: u64,
}

/// A host.
pub(super) struct Host {
    pub(super) strategy: Strategy,
    /// Bytes a second.
    pub(super) up: f64,
    pub(super) down: f64,
    pub(super) alive: bool,
    /// Sends damaged blocks.
    pub(super) corrupt: bool,
    /// Takes requests and never sends.
    pub(super) mute: bool,
    /// By the number of the link.
    pub(super) links: Vec<Option<End>>,
    /// The uplink is busy.
    pub(super) sending: bool,
    /// When the downlink will have taken in all that is on its way.
    pub(super) down_free: Duration,
    /// The link that was served last.
    pub(super) turn: usize,
    pub(super) timer: Duration,
    pub(super) completed: Option<Duration>,
    /// Blocks of the damaged kind that were written and not replaced, by piece and begin.
    pub(super) damaged: Vec<(u32, u32)>,
    pub(super) banned: Vec<PeerKey>,
    pub(super) sent: u64,
    /// Calls into the strategy.
    pub(super) calls: u64,
}

impl Host {
    pub(super) fn new(geometry: Geometry, complete: bool, (up, down): (f64, f64), seed: u64) -> Self {
        let have = BitVec::from_elem(geometry.pieces() as usize, complete);
        Self {
            strategy: Strategy::new(geometry, have, seed),
            up,
            down,
            alive: true,
            corrupt: false,
            mute: false,
            links: Vec::new(),
            sending: false,
            down_free: Duration::ZERO,
            turn: 0,
            timer: Duration::MAX,
            completed: None,
            damaged: Vec::new(),
            banned: Vec::new(),
            sent: 0,
            calls: 0,
        }
    }

    pub(super) fn end(&self, link: LinkId) -> Option<End> {
        self.links.get(link.0).copied().flatten()
    }

    pub(super) fn attach(&mut self, link: LinkId, end: End) {
        if self.links.len() <= link.0 {
            self.links.resize(link.0 + 1, None);
        }
        self.links[link.0] = Some(end);
    }

    /// The next link with something to send, in turns.
    pub(super) fn next_turn(&mut self, now: Duration) -> Option<LinkId> {
        let links = self.links.len();
        let found = (1..=links).map(|step| (self.turn + step) % links).find(|at| {
            let link = LinkId(*at);
            self.links[*at].is_some() && self.strategy.has_upload(link) && !self.strategy.withholds(link, now)
        })?;
        self.turn = found;
        Some(LinkId(found))
    }
}
