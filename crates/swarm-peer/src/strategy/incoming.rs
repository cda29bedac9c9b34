//! What the messages of other peers change.

use std::time::Duration;

use bit_vec::BitVec;

use super::{LinkId, Strategy};
use crate::wire::{Block, Message, Violation};

/// Suggestions that are remembered for one link.
const HINTS: usize = 16;
/// How long a peer that refuses a block is not asked again.
const REJECTED: Duration = Duration::from_millis(500);

impl Strategy {
    /// A message came.
    ///
    /// # Errors
    /// The peer broke a rule: the connection has to be closed.
    pub fn received(&mut self, id: LinkId, message: Message, now: Duration) -> Result<(), Violation> {
        let Some(link) = self.links.get_mut(id.0) else { return Ok(()) };
        match message {
            Message::KeepAlive | Message::AllowedFast(_) => {}
            Message::Choke => {
                if link.chokes {
                    link.useless()?;
                }
                link.chokes = true;
                // With BEP 6 each request is still answered.
                if !link.fast {
                    self.release_all(id);
                    self.wake(now);
                }
            }
            Message::Unchoke => {
                if !link.chokes {
                    link.useless()?;
                }
                link.chokes = false;
                self.fill(id, now);
            }
            Message::Interested | Message::NotInterested => {
                let interested = message == Message::Interested;
                if link.interested == interested {
                    link.useless()?;
                }
                link.interested = interested;
            }
            Message::Have(piece) => self.has_one(id, piece, now)?,
            Message::Bitfield(pieces) => self.has_these(id, pieces, now)?,
            Message::HaveAll if link.fast && link.is_complete() => link.useless()?,
            Message::HaveAll if link.fast => {
                let all = BitVec::from_elem(self.geometry.pieces() as usize, true);
                self.has_these(id, all, now)?;
            }
            Message::HaveNone if link.fast => {
                let none = BitVec::from_elem(self.geometry.pieces() as usize, false);
                self.has_these(id, none, now)?;
            }
            Message::Suggest(piece) if link.fast => {
                if piece >= self.geometry.pieces() {
                    return Err(Violation("a suggestion of a piece that is not in the torrent"));
                }
                if link.hints.len() < HINTS {
                    link.hints.push_back(piece);
                } else {
                    link.useless()?;
                }
            }
            Message::Request(block) => self.asked_for(id, block)?,
            Message::Cancel(block) => self.cancelled(id, block),
            Message::Reject(block) if link.fast => self.rejected(id, block, now)?,
            Message::HaveAll | Message::HaveNone | Message::Suggest(_) | Message::Reject(_) => {
                return Err(Violation("a message of the fast extension, which was not agreed on"));
            }
        }
        Ok(())
    }

    fn has_one(&mut self, id: LinkId, piece: u32, now: Duration) -> Result<(), Violation> {
        let Some(link) = self.links.get_mut(id.0) else { return Ok(()) };
        if piece >= self.geometry.pieces() {
            return Err(Violation("a HAVE of a piece that is not in the torrent"));
        }
        link.listed = true;
        if link.has(piece) {
            return link.useless();
        }
        link.theirs.set(piece as usize, true);
        link.theirs_count += 1;
        self.picker.more(piece);
        if self.picker.holds(piece) {
            link.pickable += 1;
        }
        if self.is_of_use(piece) {
            self.fill(id, now);
        }
        Ok(())
    }

    /// What it has at the beginning.
    fn has_these(&mut self, id: LinkId, pieces: BitVec, now: Duration) -> Result<(), Violation> {
        let Some(link) = self.links.get_mut(id.0) else { return Ok(()) };
        if pieces.len() != link.theirs.len() {
            return Err(Violation("a bitfield of another length"));
        }
        if link.listed {
            return self.has_more(id, &pieces, now);
        }
        link.listed = true;
        link.theirs = pieces;
        let (mut count, mut pickable) = (0, 0);
        for (piece, _) in (0..).zip(&link.theirs).filter(|(_, has)| *has) {
            count += 1;
            pickable += u32::from(self.picker.holds(piece));
        }
        (link.theirs_count, link.pickable) = (count, pickable);
        link.began_complete = link.is_complete();
        if !link.began_complete {
            (0..).zip(&link.theirs).filter(|(_, has)| *has).for_each(|(piece, _)| self.picker.more(piece));
        }
        self.unchoke(id);
        self.fill(id, now);
        Ok(())
    }

    /// What it has by now. Only the first message should say so (BEP 3, BEP 6), but aria2 does instead of sending twenty
    /// HAVEs or more.
    fn has_more(&mut self, id: LinkId, pieces: &BitVec, now: Duration) -> Result<(), Violation> {
        let Some(link) = self.links.get_mut(id.0) else { return Ok(()) };
        let mut new = Vec::new();
        for (piece, (before, has)) in (0..).zip(link.theirs.iter().zip(pieces)) {
            match (before, has) {
                (true, false) => return Err(Violation("a bitfield that takes a piece back")),
                (false, true) => new.push(piece),
                _ => {}
            }
        }
        if new.is_empty() {
            return link.useless();
        }
        new.into_iter().try_for_each(|piece| self.has_one(id, piece, now))
    }

    fn rejected(&mut self, id: LinkId, block: Block, now: Duration) -> Result<(), Violation> {
        let Some(link) = self.links.get_mut(id.0) else { return Ok(()) };
        let Some(asked) = link.settle(block.piece, block.begin) else { return link.useless() };
        if asked.released {
            return Ok(());
        }
        if !link.chokes {
            link.useless()?;
            link.paused_until = now + REJECTED;
        }
        if let Some(partial) = self.partials.get_mut(&block.piece) {
            partial.release(Self::number_of(block.begin), id);
            if partial.owner == Some(id) && !partial.sole {
                partial.owner = None;
            }
        }
        self.wake(now);
        Ok(())
    }
}
