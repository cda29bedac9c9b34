//! Peers come and go.

use std::time::Duration;

use super::link::Link;
use super::{LinkId, PeerKey, Strategy};
use crate::wire::Message;

impl Strategy {
    /// A peer is connected and may be told what is here. `fast`: both sides understand BEP 6.
    pub fn connected(&mut self, peer: PeerKey, fast: bool, now: Duration) -> LinkId {
        let id = LinkId(self.links.insert(Link::new(peer, fast, self.geometry.pieces(), now)));
        match (fast, self.have_count) {
            (true, _) if self.is_complete() => self.send(id, Message::HaveAll),
            (true, 0) => self.send(id, Message::HaveNone),
            (false, 0) => {}
            _ => self.send(id, Message::Bitfield(self.have.clone())),
        }
        if !self.is_complete() {
            // Also when it has nothing yet: it will, and some clients keep those choked who ask late.
            self.send(id, Message::Interested);
        }
        // One that will say what it has hears first what to ask for, see `Spread`.
        if !fast || !self.spread.is_active() {
            self.unchoke(id);
        }
        id
    }

    /// The connection is gone. Its blocks are to be had elsewhere, and what the peer has is rarer now.
    pub fn disconnected(&mut self, id: LinkId, now: Duration) {
        self.release_all(id);
        let Some(link) = self.links.try_remove(id.0) else { return };
        if !link.began_complete {
            (0..).zip(&link.theirs).filter(|(_, has)| *has).for_each(|(piece, _)| self.picker.fewer(piece));
        }
        self.spread.back(id, link.suggested);
        self.wake(now);
    }

    /// Says that requests will be served. Nobody is ever choked after that.
    pub(super) fn unchoke(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(id.0).filter(|link| !link.unchoked) else { return };
        link.unchoked = true;
        self.suggest(id);
        self.send(id, Message::Unchoke);
    }

    /// Nothing that was asked of this link is waited for any more; if it comes all the same it is taken.
    pub(super) fn release_all(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(id.0) else { return };
        for asked in link.asked.iter_mut().filter(|asked| !asked.released) {
            asked.released = true;
            if let Some(partial) = self.partials.get_mut(&asked.block.piece) {
                partial.release(Self::number_of(asked.block.begin), id);
            }
        }
        link.waiting = 0;
        for partial in self.partials.values_mut().filter(|partial| partial.owner == Some(id)) {
            if partial.is_left_to(id) {
                partial.reset();
            }
            // One that is being hashed is complete: it has no owner's work left.
            partial.owner = None;
        }
    }
}
