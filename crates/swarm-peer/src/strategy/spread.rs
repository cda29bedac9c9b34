//! A seeder's care that each piece leaves it once before any leaves it twice.
//!
//! Leechers that choose among equally rare pieces at random ask a seeder for the same piece now and then, and more often the
//! fewer are left. So a seeder suggests to each (BEP 6) pieces that it has suggested to nobody else, and what would be a second
//! copy waits while first ones are on their way. It keeps nothing back for longer: one that asks for what others were sent gets
//! it, with one that goes its suggestions go to somebody else, and nobody waits for one that takes nothing.

use super::{Geometry, LinkId, Strategy};
use crate::wire::Message;
use fastrand::Rng;
use std::time::Duration;

/// Suggestions that a peer has in hand while it fetches another piece.
const AHEAD: usize = 2;
/// When no block of a first copy has left for so long, those who wait for one do not take it, and hold up nobody else. Blocks
/// follow each other sooner on any uplink of half a Mbit/s or more.
const STUCK: Duration = Duration::from_millis(300);

/// What has left the seeder.
#[derive(Debug)]
pub(super) struct Spread {
    geometry: Geometry,
    /// Suggested to nobody yet, in random order.
    pool: Vec<u32>,
    /// By piece; none for a peer that is not the first to have them.
    copies: Vec<FirstCopy>,
    /// Blocks that are left of all of them.
    left: u64,
    /// When a block of them was last sent.
    sent_at: Duration,
}

/// Of one piece.
#[derive(Clone, Copy, Debug)]
struct FirstCopy {
    to: Option<LinkId>,
    /// Blocks to send there.
    left: u32,
}

impl Spread {
    /// For a seeder, or for a peer that is none.
    pub(super) fn new(geometry: Geometry, seeds: bool, rng: &mut Rng) -> Self {
        let mut pool: Vec<u32> = (0..if seeds { geometry.pieces() } else { 0 }).collect();
        let copy = |piece: &u32| FirstCopy { to: None, left: geometry.blocks_of(*piece) };
        let copies: Vec<FirstCopy> = pool.iter().map(copy).collect();
        let left = copies.iter().map(|copy| u64::from(copy.left)).sum();
        rng.shuffle(&mut pool);
        Self { geometry, pool, copies, left, sent_at: Duration::ZERO }
    }

    /// Whether something has not been sent to anybody.
    pub(super) fn is_active(&self) -> bool {
        self.left > 0
    }

    /// Whether a block of this piece, sent there, is one of a first copy.
    pub(super) fn is_first(&self, piece: u32, to: LinkId) -> bool {
        let copy = self.copies.get(piece as usize);
        copy.is_some_and(|copy| copy.left > 0 && copy.to.is_none_or(|first| first == to))
    }

    /// A block of the piece is sent.
    pub(super) fn sent(&mut self, piece: u32, to: LinkId, now: Duration) {
        if self.is_first(piece, to)
            && let Some(copy) = self.copies.get_mut(piece as usize)
        {
            copy.to = Some(to);
            copy.left -= 1;
            self.left -= 1;
            self.sent_at = now;
        }
    }

    /// A peer is gone, to which these were suggested. What it got a part of is to be sent to somebody else.
    pub(super) fn back(&mut self, gone: LinkId, suggested: Vec<u32>) {
        self.pool.extend(suggested);
        for (piece, copy) in (0..).zip(&mut self.copies).filter(|(_, copy)| copy.to == Some(gone)) {
            // The number of a link is given again.
            copy.to = None;
            if copy.left > 0 {
                let all = self.geometry.blocks_of(piece);
                self.left += u64::from(all - copy.left);
                copy.left = all;
            }
        }
    }

    fn next(&mut self) -> Option<u32> {
        self.pool.pop()
    }

    fn was_sent(&self, piece: u32) -> bool {
        let copy = self.copies.get(piece as usize);
        copy.is_none_or(|copy| copy.left < self.geometry.blocks_of(piece))
    }
}

impl Strategy {
    /// Suggests pieces that nobody has until the peer has enough of them in hand.
    pub(super) fn suggest(&mut self, id: LinkId) {
        while self.links.get(id.0).is_some_and(|link| {
            link.fast && link.unchoked && !link.is_complete() && link.suggested.len() < AHEAD
        }) {
            let Some(piece) = self.spread.next() else { return };
            if self.spread.was_sent(piece) || self.picker.count(piece) > 0 {
                continue;
            }
            if let Some(link) = self.links.get_mut(id.0) {
                link.suggested.push(piece);
            }
            self.send(id, Message::Suggest(piece));
        }
    }

    /// Whether what waits to be sent to this peer has to wait on, since it would be a second copy and a first one is under way.
    #[must_use]
    pub fn withholds(&self, id: LinkId, now: Duration) -> bool {
        let has_first = |id: LinkId, link: &super::Link| {
            link.queue.iter().any(|block| self.spread.is_first(block.piece, id))
        };
        self.spread.is_active()
            && now < self.spread.sent_at + STUCK
            && !self.links.get(id.0).is_some_and(|link| has_first(id, link))
            && self.links.iter().any(|(other, link)| has_first(LinkId(other), link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::{Action, PeerKey};
    use crate::wire::{BLOCK, Block};
    use bit_vec::BitVec;

    const NOW: Duration = Duration::from_secs(100);

    /// A seeder of pieces of two blocks, and two peers without any.
    fn seeder(pieces: u32) -> (Strategy, [LinkId; 2]) {
        let geometry = Geometry::new(u64::from(pieces) * 2 * u64::from(BLOCK), 2 * BLOCK).unwrap();
        let mut seeder = Strategy::new(geometry, BitVec::from_elem(pieces as usize, true), 1);
        let peers = [1, 2].map(|peer| seeder.connected(PeerKey(peer), true, NOW));
        peers.iter().for_each(|peer| seeder.received(*peer, Message::HaveNone, NOW).unwrap());
        while let Some(Action::Send(..)) = seeder.action() {}
        (seeder, peers)
    }

    fn ask(seeder: &mut Strategy, peer: LinkId, piece: u32, number: u32) {
        let block = Block { piece, begin: number * BLOCK, length: BLOCK };
        seeder.received(peer, Message::Request(block), NOW).unwrap();
    }

    #[test]
    fn a_second_copy_waits_for_the_whole_of_the_first() {
        let (mut seeder, [one, other]) = seeder(2);
        for (peer, piece, block) in [(one, 0, 0), (one, 0, 1), (other, 0, 0)] {
            ask(&mut seeder, peer, piece, block);
        }
        assert!(!seeder.withholds(one, NOW) && !seeder.withholds(other, NOW), "either may be the first");
        seeder.next_upload(one, NOW).unwrap();
        assert!(seeder.withholds(other, NOW), "one block of two is out");
        ask(&mut seeder, other, 1, 0);
        assert!(!seeder.withholds(other, NOW));
        assert_eq!(seeder.next_upload(other, NOW).unwrap().piece, 1, "first copies go first");
        seeder.next_upload(one, NOW).unwrap();
        assert!(!seeder.withholds(other, NOW), "nobody has asked for the rest of the other piece");
    }

    #[test]
    fn nobody_waits_for_one_that_takes_nothing_or_is_gone() {
        let (mut seeder, [one, other]) = seeder(2);
        for (peer, piece, block) in [(one, 0, 0), (one, 0, 1), (other, 0, 0), (other, 0, 1)] {
            ask(&mut seeder, peer, piece, block);
        }
        seeder.next_upload(one, NOW).unwrap();
        assert!(seeder.withholds(other, NOW) && !seeder.withholds(other, NOW + STUCK));
        seeder.disconnected(one, NOW);
        assert!(!seeder.withholds(other, NOW));
        assert!((0..2).all(|_| seeder.next_upload(other, NOW).is_some_and(|block| block.piece == 0)));
        assert!(
            seeder.spread.is_active() && !seeder.spread.is_first(0, other),
            "it is the first copy, and whole"
        );
    }
}
