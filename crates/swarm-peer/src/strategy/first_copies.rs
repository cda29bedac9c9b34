//! What a seeder suggests, and whom it lets wait until each piece has left it once.

use std::time::Duration;

use super::ids::LinkId;
use super::link::Link;
use super::state::Strategy;
use crate::wire::Message;

/// Suggestions that a peer has in hand while it fetches another piece.
const AHEAD: usize = 2;
/// When no block of a first copy has left for so long, those who wait for one do not take it, and hold up nobody else. Blocks
/// follow each other sooner on any uplink of half a Mbit/s or more.
const STUCK: Duration = Duration::from_millis(300);

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
        let has_first =
            |id: LinkId, link: &Link| link.queue.iter().any(|block| self.spread.is_first(block.piece, id));
        self.spread.is_active()
            && now < self.spread.sent_at + STUCK
            && !self.links.get(id.0).is_some_and(|link| has_first(id, link))
            && self.links.iter().any(|(other, link)| has_first(LinkId(other), link))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::{Action, Geometry, PeerKey};
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
