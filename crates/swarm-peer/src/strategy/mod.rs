//! What to ask of whom, what to announce, what to serve and whom to blame: without sockets, files, threads or a clock.
//!
//! A driver tells [`Strategy`] what happened and when, and carries out the [`Action`]s. The real driver has sockets; the
//! simulation in the tests has a virtual network of thousands of hosts, and both run the very same code. Time is what has
//! passed since the start on a clock that never jumps.
//!
//! - `picker`, `partial`, `requests`: rarest first, one peer a piece, what is left over goes to whoever is idle, and
//!   near the end two peers may be asked for the same block;
//! - `window`: how many blocks to have on request at one peer;
//! - `serving`, `spread`: what others asked for, and a seeder's care that each piece leaves it once before any does twice;
//! - `incoming`, `arrival`: what messages and blocks change; `timers`: what happens when none come;
//! - `blame`: who sent what was wrong.

mod arrival;
mod blame;
mod geometry;
mod incoming;
mod link;
mod membership;
mod partial;
mod picker;
mod requests;
mod serving;
mod spread;
mod timers;
mod window;

pub use arrival::{Fate, Verdict};
pub use blame::BlockDigest;
pub use geometry::Geometry;

use crate::wire::Message;
use bit_vec::BitVec;
use blame::Blame;
use fastrand::Rng;
use link::Link;
use partial::Partial;
use picker::Picker;
use slab::Slab;
use spread::Spread;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// A connection, as long as it lasts. The number is used again after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub usize);

/// A peer, the driver's own number, the same whenever it connects again: blame outlasts a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub u32);

/// What the driver has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a message.
    Send(LinkId, Message),
    /// All blocks of the piece are here: hash it, and answer with [`Strategy::verified`].
    Verify {
        /// The piece.
        piece: u32,
        /// It failed before: the hashes of its blocks are wanted even if it is right now.
        digests: bool,
    },
    /// The peer sent wrong bytes for this piece: disconnect it and never let it in again.
    Ban(PeerKey, u32),
    /// Every piece is here.
    Completed,
}

/// The state of one peer in one swarm.
#[derive(Debug)]
pub struct Strategy {
    geometry: Geometry,
    have: BitVec,
    have_count: u32,
    links: Slab<Link>,
    picker: Picker,
    partials: BTreeMap<u32, Partial>,
    blame: Blame,
    /// How often each peer was given up because it fell silent.
    silences: BTreeMap<PeerKey, u32>,
    spread: Spread,
    rng: Rng,
    actions: VecDeque<Action>,
    /// The disk is behind: nothing more is asked for.
    held: bool,
    /// When a block of use last came.
    progress: Duration,
    wasted: u64,
    /// When to look after everything.
    look_at: Duration,
    /// When to see again whether somebody is late with one of the last blocks.
    late_at: Option<Duration>,
}

impl Strategy {
    /// A peer that has these pieces. Equal seeds make equal choices.
    #[must_use]
    pub fn new(geometry: Geometry, have: BitVec, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let have_count =
            (0..geometry.pieces()).filter(|piece| have.get(*piece as usize) == Some(true)).count();
        let have_count = u32::try_from(have_count).unwrap_or(u32::MAX);
        let complete = have_count == geometry.pieces();
        Self {
            picker: Picker::new(&have, &mut rng),
            spread: Spread::new(geometry, complete, &mut rng),
            geometry,
            have,
            have_count,
            links: Slab::new(),
            partials: BTreeMap::new(),
            blame: Blame::default(),
            silences: BTreeMap::new(),
            rng,
            actions: VecDeque::new(),
            held: false,
            progress: Duration::ZERO,
            wasted: 0,
            look_at: Duration::ZERO,
            late_at: None,
        }
    }

    /// What to do next; to be asked until there is nothing.
    pub fn action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The sizes.
    #[must_use]
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Whether every piece is here.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.have_count == self.geometry.pieces()
    }

    /// Whether this piece is here and right.
    #[must_use]
    pub fn has(&self, piece: u32) -> bool {
        self.have.get(piece as usize) == Some(true)
    }

    /// Bytes of the pieces that are here and right.
    #[must_use]
    pub fn verified_bytes(&self) -> u64 {
        let last = self.geometry.pieces() - 1;
        let full = u64::from(self.have_count) * u64::from(self.geometry.length_of(0));
        let short = self.geometry.length_of(0) - self.geometry.length_of(last);
        if self.has(last) { full - u64::from(short) } else { full }
    }

    /// Bytes that came twice, unasked or wrong.
    #[must_use]
    pub fn wasted_bytes(&self) -> u64 {
        self.wasted
    }

    /// When a block of use last came; zero if none did.
    #[must_use]
    pub fn progress(&self) -> Duration {
        self.progress
    }

    /// Whether the peer at the other end says that it has everything.
    #[must_use]
    pub fn is_complete_there(&self, link: LinkId) -> bool {
        self.links.get(link.0).is_some_and(Link::is_complete)
    }

    /// Sends a message, and with it what waited for company.
    fn send(&mut self, to: LinkId, message: Message) {
        if let Some(link) = self.links.get_mut(to.0) {
            let late = std::mem::take(&mut link.late_haves);
            self.actions.extend(late.into_iter().map(|piece| Action::Send(to, Message::Have(piece))));
            self.actions.push_back(Action::Send(to, message));
        }
    }

    /// The links there are, so that each can be looked at while all of it changes.
    fn link_ids(&self) -> Vec<LinkId> {
        self.links.iter().map(|(id, _)| LinkId(id)).collect()
    }

    /// A request as a number of a block of its piece.
    fn number_of(begin: u32) -> u32 {
        begin / crate::wire::BLOCK
    }
}
