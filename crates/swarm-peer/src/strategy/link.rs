//! What is known of one connected peer.

use std::collections::VecDeque;
use std::time::Duration;

use bit_vec::BitVec;

use super::PeerKey;
use super::window::Window;
use crate::wire::{Block, Violation};

/// Messages that mean nothing (a HAVE told twice, a block nobody asked for) that are borne beside one for each piece.
const USELESS: u32 = 1000;

/// One request of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) block: Block,
    /// When.
    pub(crate) at: Duration,
    /// What had come over the link by then.
    pub(crate) downloaded: u64,
    /// No longer waited for. If it comes all the same it may still be of use.
    pub(crate) released: bool,
}

/// One connected peer.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) peer: PeerKey,
    /// Both sides understand BEP 6.
    pub(crate) fast: bool,
    /// What it has.
    pub(crate) theirs: BitVec,
    pub(crate) theirs_count: u32,
    /// It said that it has everything in its first message, and is not counted piece by piece.
    pub(crate) began_complete: bool,
    /// It has said what it has.
    pub(crate) listed: bool,
    /// How many pieces it has that we want and have not begun.
    pub(crate) pickable: u32,
    /// It does not serve us.
    pub(crate) chokes: bool,
    pub(crate) interested: bool,
    /// We have said that we serve it.
    pub(crate) unchoked: bool,
    pub(crate) asked: Vec<Asked>,
    /// How many of `asked` are waited for.
    pub(crate) waiting: usize,
    pub(crate) window: Window,
    /// Nothing is asked of it before that time.
    pub(crate) paused_until: Duration,
    /// When it last sent a block that was asked for, or was first asked after a pause.
    pub(crate) moved: Duration,
    /// What it asked for.
    pub(crate) queue: VecDeque<Block>,
    /// What it suggested.
    pub(crate) hints: VecDeque<u32>,
    /// What we suggested and it has not asked for.
    pub(crate) suggested: Vec<u32>,
    /// Pieces to announce that it has already: they can wait for company.
    pub(crate) late_haves: Vec<u32>,
    pub(crate) downloaded: u64,
    pub(crate) connected_at: Duration,
    useless: u32,
}

impl Link {
    pub(crate) fn new(peer: PeerKey, fast: bool, pieces: u32, now: Duration) -> Self {
        Self {
            peer,
            fast,
            theirs: BitVec::from_elem(pieces as usize, false),
            theirs_count: 0,
            began_complete: false,
            listed: false,
            pickable: 0,
            chokes: true,
            interested: false,
            unchoked: false,
            asked: Vec::new(),
            waiting: 0,
            window: Window::default(),
            paused_until: Duration::ZERO,
            moved: now,
            queue: VecDeque::new(),
            hints: VecDeque::new(),
            suggested: Vec::new(),
            late_haves: Vec::new(),
            downloaded: 0,
            connected_at: now,
            useless: 0,
        }
    }

    /// Whether it has this piece.
    pub(crate) fn has(&self, piece: u32) -> bool {
        self.theirs.get(piece as usize) == Some(true)
    }

    /// Whether it has everything.
    pub(crate) fn is_complete(&self) -> bool {
        self.theirs_count as usize == self.theirs.len()
    }

    /// Whether one more block may be asked of it.
    pub(crate) fn has_room(&self, now: Duration) -> bool {
        !self.chokes && now >= self.paused_until && self.waiting < self.window.blocks()
    }

    /// It is asked for a block.
    pub(crate) fn ask(&mut self, block: Block, now: Duration) {
        if self.waiting == 0 {
            self.moved = now;
        }
        // Given up before, and asked for once more: many answer that only once, and that must be the answer to this.
        self.asked.retain(|asked| asked.block != block);
        self.asked.push(Asked { block, at: now, downloaded: self.downloaded, released: false });
        self.waiting += 1;
    }

    /// Takes a request off the list: its block has come, or will not.
    pub(crate) fn settle(&mut self, piece: u32, begin: u32) -> Option<Asked> {
        let at = self.asked.iter().position(|a| a.block.piece == piece && a.block.begin == begin)?;
        let asked = self.asked.remove(at);
        if !asked.released {
            self.waiting -= 1;
        }
        Some(asked)
    }

    /// No longer waits for a block.
    pub(crate) fn release(&mut self, block: Block) -> bool {
        let live = self.asked.iter_mut().find(|asked| asked.block == block && !asked.released);
        let found = live.is_some();
        if let Some(asked) = live {
            asked.released = true;
            self.waiting -= 1;
        }
        found
    }

    /// A message that means nothing.
    pub(crate) fn useless(&mut self) -> Result<(), Violation> {
        self.useless += 1;
        let borne = USELESS.saturating_add(u32::try_from(self.theirs.len()).unwrap_or(u32::MAX));
        if self.useless > borne { Err(Violation("a flood of messages that mean nothing")) } else { Ok(()) }
    }
}
