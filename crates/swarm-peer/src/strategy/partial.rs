//! A piece of which some blocks have been asked for.

use std::time::Duration;

use super::{LinkId, PeerKey};

/// Where one block of it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// Nobody has been asked.
    Free,
    /// One peer has been asked, or two near the end.
    Asked {
        /// The first.
        by: Holder,
        /// The second.
        too: Option<Holder>,
    },
    /// It came from there.
    Here(PeerKey),
}

/// Who was asked, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) link: LinkId,
    pub(crate) at: Duration,
}

/// The piece.
#[derive(Debug)]
pub(crate) struct Partial {
    pub(crate) cells: Vec<Cell>,
    /// Cells that are free.
    pub(crate) free: u32,
    /// Cells that are not here.
    pub(crate) missing: u32,
    /// The link that began it, and finishes it unless others have nothing else to do.
    pub(crate) owner: Option<LinkId>,
    /// Came with a wrong hash before: all of it has to come from its owner, so that the blame is clear.
    pub(crate) sole: bool,
}

impl Partial {
    pub(crate) fn new(blocks: u32, owner: LinkId, sole: bool) -> Self {
        Self {
            cells: vec![Cell::Free; blocks as usize],
            free: blocks,
            missing: blocks,
            owner: Some(owner),
            sole,
        }
    }

    /// The first block that nobody has been asked for.
    pub(crate) fn first_free(&self) -> Option<u32> {
        let at = self.cells.iter().position(|cell| *cell == Cell::Free)?;
        u32::try_from(at).ok()
    }

    /// Whether `link` may be asked for a free block of it.
    pub(crate) fn open_to(&self, link: LinkId) -> bool {
        self.free > 0 && (self.owner == Some(link) || !self.sole || self.owner.is_none())
    }

    /// Whether nobody but `link` may send what is missing of it.
    pub(crate) fn is_left_to(&self, link: LinkId) -> bool {
        self.sole && self.owner == Some(link) && self.missing > 0
    }

    pub(crate) fn cell(&self, number: u32) -> Cell {
        self.cells.get(number as usize).copied().unwrap_or(Cell::Free)
    }

    /// A free block is asked of a link, or one that was asked of another is asked of this one too.
    pub(crate) fn ask(&mut self, number: u32, holder: Holder) {
        let Some(cell) = self.cells.get_mut(number as usize) else { return };
        match cell {
            Cell::Free => {
                self.free -= 1;
                *cell = Cell::Asked { by: holder, too: None };
            }
            Cell::Asked { too, .. } => *too = Some(holder),
            Cell::Here(_) => {}
        }
    }

    /// A link no longer is to be waited for.
    pub(crate) fn release(&mut self, number: u32, link: LinkId) {
        let Some(cell) = self.cells.get_mut(number as usize) else { return };
        if let Cell::Asked { by, too } = *cell {
            *cell = match (by.link == link, too) {
                (true, None) => {
                    self.free += 1;
                    Cell::Free
                }
                (true, Some(other)) => Cell::Asked { by: other, too: None },
                (false, other) => Cell::Asked { by, too: other.filter(|other| other.link != link) },
            };
        }
    }

    /// A block came. Answers with the cell as it was.
    pub(crate) fn arrive(&mut self, number: u32, from: PeerKey) -> Cell {
        let before = self.cell(number);
        if let (Some(cell), false) = (self.cells.get_mut(number as usize), matches!(before, Cell::Here(_))) {
            if *cell == Cell::Free {
                self.free -= 1;
            }
            self.missing -= 1;
            *cell = Cell::Here(from);
        }
        before
    }

    /// Forgets what has come.
    pub(crate) fn reset(&mut self) {
        self.cells.fill(Cell::Free);
        self.free = u32::try_from(self.cells.len()).unwrap_or_default();
        self.missing = self.free;
    }
}
