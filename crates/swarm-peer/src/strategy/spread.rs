//! A seeder's care that each piece leaves it once before any leaves it twice.
//!
//! Leechers that choose among equally rare pieces at random ask a seeder for the same piece now and then, and more often the
//! fewer are left. So a seeder suggests to each (BEP 6) pieces that it has suggested to nobody else, and what would be a second
//! copy waits while first ones are on their way. It keeps nothing back for longer: one that asks for what others were sent gets
//! it, with one that goes its suggestions go to somebody else, and nobody waits for one that takes nothing.

use std::time::Duration;

use fastrand::Rng;

use super::geometry::Geometry;
use super::ids::LinkId;

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
    pub(super) sent_at: Duration,
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

    pub(super) fn next(&mut self) -> Option<u32> {
        self.pool.pop()
    }

    pub(super) fn was_sent(&self, piece: u32) -> bool {
        let copy = self.copies.get(piece as usize);
        copy.is_none_or(|copy| copy.left < self.geometry.blocks_of(piece))
    }
}
