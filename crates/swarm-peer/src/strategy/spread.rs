//! A seeder's care that each piece leaves it once before any leaves it twice.
//!
//! Leechers that choose among equally rare pieces at random ask a seeder for the same piece now and then, and more often the
//! fewer are left. So a seeder suggests to each (BEP 6) pieces that it has suggested to nobody else. It withholds nothing: one
//! that asks for others gets them, and with one that goes its suggestions go to somebody else.

use super::{LinkId, Strategy};
use crate::wire::Message;
use fastrand::Rng;

/// Suggestions that a peer has in hand while it fetches another piece.
const AHEAD: usize = 2;

/// What has left the seeder.
#[derive(Debug, Default)]
pub(super) struct Spread {
    /// Suggested to nobody yet, in random order.
    pool: Vec<u32>,
    /// To whom each piece was sent first.
    first: Vec<Option<LinkId>>,
    /// Pieces that were sent to nobody.
    left: usize,
}

impl Spread {
    /// For a seeder of so many pieces; none for a peer that is not the first to have them.
    pub(super) fn new(pieces: u32, rng: &mut Rng) -> Self {
        let mut pool: Vec<u32> = (0..pieces).collect();
        rng.shuffle(&mut pool);
        Self { first: vec![None; pool.len()], left: pool.len(), pool }
    }

    /// Whether some pieces have not been sent to anybody.
    pub(super) fn is_active(&self) -> bool {
        self.left > 0
    }

    /// Whether nobody else was sent this piece.
    pub(super) fn is_first(&self, piece: u32, to: LinkId) -> bool {
        self.first.get(piece as usize).is_some_and(|first| first.is_none_or(|first| first == to))
    }

    /// A part of the piece is sent.
    pub(super) fn sent(&mut self, piece: u32, to: LinkId) {
        if let Some(first @ None) = self.first.get_mut(piece as usize) {
            *first = Some(to);
            self.left -= 1;
        }
    }

    /// These were suggested to a peer that is gone.
    pub(super) fn back(&mut self, pieces: Vec<u32>) {
        self.pool.extend(pieces);
    }

    fn next(&mut self) -> Option<u32> {
        self.pool.pop()
    }

    fn was_sent(&self, piece: u32) -> bool {
        self.first.get(piece as usize).is_none_or(Option::is_some)
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
}
