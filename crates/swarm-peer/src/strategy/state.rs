//! The state of one peer, and what every decision needs of it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bit_vec::BitVec;
use fastrand::Rng;
use slab::Slab;

use super::action::Action;
use super::blame::Blame;
use super::geometry::Geometry;
use super::ids::{LinkId, PeerKey};
use super::link::Link;
use super::partial::Partial;
use super::picker::Picker;
use super::spread::Spread;
use crate::wire::Message;

/// The state of one peer in one swarm.
#[derive(Debug)]
pub struct Strategy {
    pub(super) geometry: Geometry,
    pub(super) have: BitVec,
    pub(super) have_count: u32,
    pub(super) links: Slab<Link>,
    pub(super) picker: Picker,
    pub(super) partials: BTreeMap<u32, Partial>,
    pub(super) blame: Blame,
    /// How often each peer was given up because it fell silent.
    pub(super) silences: BTreeMap<PeerKey, u32>,
    pub(super) spread: Spread,
    pub(super) rng: Rng,
    pub(super) actions: VecDeque<Action>,
    /// The disk is behind: nothing more is asked for.
    pub(super) held: bool,
    /// When a block of use last came.
    pub(super) progress: Duration,
    pub(super) wasted: u64,
    /// When to look after everything.
    pub(super) look_at: Duration,
    /// When to see again whether somebody is late with one of the last blocks.
    pub(super) late_at: Option<Duration>,
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
    pub(super) fn send(&mut self, to: LinkId, message: Message) {
        if let Some(link) = self.links.get_mut(to.0) {
            let late = std::mem::take(&mut link.late_haves);
            self.actions.extend(late.into_iter().map(|piece| Action::Send(to, Message::Have(piece))));
            self.actions.push_back(Action::Send(to, message));
        }
    }

    /// The links there are, so that each can be looked at while all of it changes.
    pub(super) fn link_ids(&self) -> Vec<LinkId> {
        self.links.iter().map(|(id, _)| LinkId(id)).collect()
    }

    /// A request as a number of a block of its piece.
    pub(super) fn number_of(begin: u32) -> u32 {
        begin / crate::wire::BLOCK
    }
}
