//! Blocks and verdicts arrive.

use std::time::Duration;

use super::partial::Cell;
use super::{Action, BlockDigest, LinkId, PeerKey, Strategy};
use crate::wire::{Message, Violation};

/// What to do with a block's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Write them, before the next action is carried out.
    Keep,
    /// Forget them.
    Drop,
}

/// What hashing a piece showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The hash is right. The blocks' own hashes only if they were asked for.
    Right(Vec<BlockDigest>),
    /// It is wrong; the hashes of its blocks.
    Wrong(Vec<BlockDigest>),
}

impl Strategy {
    /// A block came: so many bytes of a piece, from `begin` on.
    ///
    /// # Errors
    /// A flood of blocks that nobody asked for, or one of another length than was asked for.
    pub fn block_arrived(
        &mut self,
        id: LinkId,
        (piece, begin, length): (u32, u32, u32),
        now: Duration,
    ) -> Result<Fate, Violation> {
        let Some(link) = self.links.get_mut(id.0) else { return Ok(Fate::Drop) };
        link.downloaded += u64::from(length);
        let Some(asked) = link.settle(piece, begin) else {
            self.wasted += u64::from(length);
            return link.useless().map(|()| Fate::Drop);
        };
        if asked.block.length != length {
            return Err(Violation("a block of another length than was asked for"));
        }
        link.moved = now;
        link.paused_until = now;
        link.window.measured(now.saturating_sub(asked.at), link.downloaded - asked.downloaded);
        let peer = link.peer;
        if asked.released {
            self.revive(id);
        }
        let fate = self.place(id, peer, piece, begin, now);
        if fate == Fate::Drop {
            self.wasted += u64::from(length);
        }
        self.fill(id, now);
        Ok(fate)
    }

    /// Puts a block into its piece.
    fn place(&mut self, id: LinkId, peer: PeerKey, piece: u32, begin: u32, now: Duration) -> Fate {
        let number = Self::number_of(begin);
        let Some(partial) = self.partials.get_mut(&piece) else { return Fate::Drop };
        if partial.sole && partial.owner != Some(id) {
            return Fate::Drop;
        }
        let before = partial.arrive(number, peer);
        let (missing, digests) = (partial.missing, partial.sole);
        let others = match before {
            Cell::Here(_) => return Fate::Drop,
            Cell::Free => [None, None],
            Cell::Asked { by, too } => [Some(by), too],
        };
        for other in others.into_iter().flatten().filter(|other| other.link != id) {
            let block = self.geometry.block(piece, number);
            if self.links.get_mut(other.link.0).is_some_and(|link| link.release(block)) {
                self.send(other.link, Message::Cancel(block));
                self.fill(other.link, now);
            }
        }
        self.progress = now;
        if missing == 0 {
            self.actions.push_back(Action::Verify { piece, digests });
        }
        Fate::Keep
    }

    /// A peer that was given up sends again: what it was asked for and nobody else has been since is waited for after all.
    fn revive(&mut self, id: LinkId) {
        let Some(link) = self.links.get_mut(id.0) else { return };
        for asked in link.asked.iter_mut().filter(|asked| asked.released) {
            let number = Self::number_of(asked.block.begin);
            if let Some(partial) = self.partials.get_mut(&asked.block.piece)
                && partial.cell(number) == Cell::Free
                && partial.open_to(id)
            {
                partial.ask(number, super::partial::Holder { link: id, at: asked.at });
                partial.owner.get_or_insert(id);
                asked.released = false;
                link.waiting += 1;
            }
        }
    }

    /// A piece of which all blocks are here has been hashed.
    pub fn verified(&mut self, piece: u32, verdict: Verdict, now: Duration) {
        let Some(partial) = self.partials.remove(&piece) else { return };
        let blocks = match verdict {
            Verdict::Right(blocks) => blocks,
            Verdict::Wrong(blocks) => {
                self.wasted += u64::from(self.geometry.length_of(piece));
                let sender = |cell: &Cell| if let Cell::Here(peer) = cell { Some(*peer) } else { None };
                let senders: Vec<PeerKey> = partial.cells.iter().filter_map(sender).collect();
                if let Some(culprit) = self.blame.failed(piece, &senders, &blocks) {
                    self.actions.push_back(Action::Ban(culprit, piece));
                }
                self.give_back(piece);
                self.wake(now);
                return;
            }
        };
        for culprit in self.blame.came_right(piece, &blocks) {
            self.actions.push_back(Action::Ban(culprit, piece));
        }
        self.have.set(piece as usize, true);
        self.have_count += 1;
        self.announce(piece);
        if self.is_complete() {
            self.finish();
        }
    }

    /// At once to everybody who lacks it; whoever has it is told when there is something else to tell him.
    fn announce(&mut self, piece: u32) {
        for id in self.link_ids() {
            match self.links.get_mut(id.0) {
                Some(link) if link.has(piece) => link.late_haves.push(piece),
                _ => self.send(id, Message::Have(piece)),
            }
        }
    }

    fn finish(&mut self) {
        for id in self.link_ids() {
            let asked = self.links.get_mut(id.0).map(|link| {
                link.waiting = 0;
                let live = link.asked.iter_mut().filter(|asked| !asked.released);
                live.map(|asked| {
                    asked.released = true;
                    asked.block
                })
                .collect::<Vec<_>>()
            });
            for block in asked.unwrap_or_default() {
                self.send(id, Message::Cancel(block));
            }
            self.send(id, Message::NotInterested);
        }
        self.actions.push_back(Action::Completed);
    }
}
