//! What others ask of us.

use std::time::Duration;

use super::{LinkId, Strategy};
use crate::wire::{Block, Message, Violation};

/// Requests of one peer that wait; more are refused. What other clients take, too.
const QUEUE: usize = 512;

impl Strategy {
    /// The next block to send to this peer, which no longer counts as asked for. See [`Strategy::withholds`].
    pub fn next_upload(&mut self, id: LinkId, now: Duration) -> Option<Block> {
        let link = self.links.get_mut(id.0)?;
        let spread = &self.spread;
        let at = if spread.is_active() {
            // What nobody has been given goes first.
            link.queue.iter().position(|block| spread.is_first(block.piece, id)).unwrap_or_default()
        } else {
            0
        };
        let block = link.queue.remove(at)?;
        self.spread.sent(block.piece, id, now);
        Some(block)
    }

    /// Whether anything is waiting to be sent to this peer.
    #[must_use]
    pub fn has_upload(&self, id: LinkId) -> bool {
        self.links.get(id.0).is_some_and(|link| !link.queue.is_empty())
    }

    pub(super) fn asked_for(&mut self, id: LinkId, block: Block) -> Result<(), Violation> {
        if !self.geometry.holds(block) {
            return Err(Violation("a request beyond a piece, or for more than 16 KiB"));
        }
        let here = self.has(block.piece);
        let Some(link) = self.links.get_mut(id.0) else { return Ok(()) };
        if !here || link.queue.len() >= QUEUE {
            link.useless()?;
            if link.fast {
                self.send(id, Message::Reject(block));
            }
            return Ok(());
        }
        if link.queue.contains(&block) {
            return link.useless();
        }
        link.queue.push_back(block);
        let before = link.suggested.len();
        link.suggested.retain(|piece| *piece != block.piece);
        if link.suggested.len() < before {
            self.suggest(id);
        }
        Ok(())
    }

    pub(super) fn cancelled(&mut self, id: LinkId, block: Block) {
        let Some(link) = self.links.get_mut(id.0) else { return };
        let before = link.queue.len();
        link.queue.retain(|queued| *queued != block);
        // BEP 6: each request is answered once, also after a CANCEL. Not there: the block is on its way.
        if link.queue.len() < before && link.fast {
            self.send(id, Message::Reject(block));
        }
    }
}
