//! Which block to ask of a peer next.

use std::time::Duration;

use super::link::Link;
use super::partial::{Cell, Holder, Partial};
use super::{LinkId, Strategy};
use crate::wire::Message;

/// How long a block may take at a peer that has sent none yet, before another is asked for it too.
const UNKNOWN_LATENCY: Duration = Duration::from_millis(500);
/// Grace beyond twice the usual latency.
const GRACE: Duration = Duration::from_millis(10);
/// How often to see whether somebody is late.
const LATE: Duration = Duration::from_millis(50);

impl Strategy {
    /// Asks of every peer that has room.
    pub(super) fn wake(&mut self, now: Duration) {
        for id in self.link_ids() {
            self.fill(id, now);
        }
    }

    /// Asks of one peer as much as its window takes.
    pub(super) fn fill(&mut self, id: LinkId, now: Duration) {
        if self.held || self.is_complete() {
            return;
        }
        while self.links.get(id.0).is_some_and(|link| link.has_room(now)) {
            let Some((piece, number)) = self.next_block(id, now) else { return };
            let block = self.geometry.block(piece, number);
            if let Some(partial) = self.partials.get_mut(&piece) {
                partial.ask(number, Holder { link: id, at: now });
            }
            if let Some(link) = self.links.get_mut(id.0) {
                link.ask(block, now);
            }
            self.send(id, Message::Request(block));
        }
    }

    /// In this order: what it has begun, what somebody else left, a new piece, a share in another's, and near the end a
    /// block that another is late with.
    fn next_block(&mut self, id: LinkId, now: Duration) -> Option<(u32, u32)> {
        let link = self.links.get(id.0)?;
        let (mut left, mut others) = (None, None);
        let mut found = None;
        for (piece, partial) in &self.partials {
            if !partial.open_to(id) || !link.has(*piece) {
                continue;
            }
            if partial.sole && partial.owner.is_none() && !self.may_have_alone(id, *piece, now) {
                continue;
            }
            if partial.owner == Some(id) {
                found = Some(*piece);
                break;
            }
            let slot = if partial.owner.is_none() { &mut left } else { &mut others };
            slot.get_or_insert(*piece);
        }
        let Some(piece) = found.or(left).or_else(|| self.begin(id, now)).or(others) else {
            return self.late_block(id, now);
        };
        let partial = self.partials.get_mut(&piece)?;
        partial.owner.get_or_insert(id);
        Some((piece, partial.first_free()?))
    }

    /// Begins a piece: what a seeder suggested as long as nobody else has it, else the rarest.
    fn begin(&mut self, id: LinkId, now: Duration) -> Option<u32> {
        let link = self.links.get_mut(id.0).filter(|link| link.pickable > 0)?;
        let mut hint = None;
        while let Some(piece) = link.hints.pop_front() {
            if link.has(piece) && self.picker.holds(piece) && self.picker.count(piece) == 0 {
                hint = Some(piece);
                break;
            }
        }
        let piece = hint.or_else(|| {
            let mut rng = self.rng.fork();
            let link = self.links.get(id.0)?;
            let wanted =
                |piece| link.has(piece) && (!self.blame.doubts(piece) || self.may_have_alone(id, piece, now));
            self.picker.rarest(wanted, &mut rng)
        })?;
        self.picker.take(piece);
        for (_, link) in &mut self.links {
            if link.has(piece) {
                link.pickable = link.pickable.saturating_sub(1);
            }
        }
        let sole = self.blame.doubts(piece);
        self.partials.insert(piece, Partial::new(self.geometry.blocks_of(piece), id, sole));
        Some(piece)
    }

    /// Whether a piece that came damaged before may be left to this peer. All of it has to come from one: with those who fell
    /// silent more often than others it would stay.
    fn may_have_alone(&self, id: LinkId, piece: u32, now: Duration) -> bool {
        let silences = |link: &Link| self.silences.get(&link.peer).copied().unwrap_or_default();
        let serves = |link: &Link| link.has(piece) && !link.chokes && now >= link.paused_until;
        let Some(own) = self.links.get(id.0).map(silences) else { return false };
        !self.links.iter().any(|(_, link)| serves(link) && silences(link) < own)
    }

    /// The block that has been waited for longest, of those that another peer is late with.
    fn late_block(&mut self, id: LinkId, now: Duration) -> Option<(u32, u32)> {
        if !self.picker.is_empty() {
            return None;
        }
        let link = self.links.get(id.0)?;
        let mut oldest: Option<(Duration, u32, u32)> = None;
        let mut later = false;
        for (piece, partial) in
            self.partials.iter().filter(|(piece, partial)| !partial.sole && link.has(**piece))
        {
            for (number, cell) in (0..).zip(&partial.cells) {
                let Cell::Asked { by, too: None } = cell else { continue };
                if by.link == id {
                    continue;
                }
                if !self.is_late(*by, link.window.latency(), now) {
                    later = true;
                } else if oldest.is_none_or(|(at, ..)| by.at < at) {
                    oldest = Some((by.at, *piece, number));
                }
            }
        }
        if later && oldest.is_none() {
            self.late_at.get_or_insert(now + LATE);
        }
        oldest.map(|(_, piece, number)| (piece, number))
    }

    /// Whether a block is overdue, or would be here much sooner from a peer that takes `other` for one.
    fn is_late(&self, by: Holder, other: Option<Duration>, now: Duration) -> bool {
        let usual =
            self.links.get(by.link.0).and_then(|link| link.window.latency()).unwrap_or(UNKNOWN_LATENCY);
        now > by.at + usual * 2 + GRACE || other.is_some_and(|other| now + other * 2 + GRACE < by.at + usual)
    }

    /// Whether a peer that has just got this piece may be asked for something that it could not be asked for before.
    pub(super) fn is_of_use(&self, piece: u32) -> bool {
        self.picker.holds(piece)
            || self.partials.get(&piece).is_some_and(|partial| partial.free > 0 || self.picker.is_empty())
    }

    /// A piece that was begun has to be begun again.
    pub(super) fn give_back(&mut self, piece: u32) {
        self.picker.give_back(piece);
        for (_, link) in &mut self.links {
            if link.has(piece) {
                link.pickable += 1;
            }
        }
    }

    /// Whether the disk is behind with what has come: nothing is asked for until it is not.
    pub fn hold(&mut self, held: bool, now: Duration) {
        let wakes = self.held && !held;
        self.held = held;
        if wakes {
            self.wake(now);
        }
    }
}
