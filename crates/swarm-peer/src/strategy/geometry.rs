//! How the payload divides into pieces and blocks.

use crate::wire::{BLOCK, Block};

/// Sizes of one torrent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    size: u64,
    piece_length: u32,
    pieces: u32,
}

impl Geometry {
    /// A payload of `size` bytes, at least one, in pieces of `piece_length`, at least one; `None` when that is more pieces
    /// than the protocol can count.
    #[must_use]
    pub fn new(size: u64, piece_length: u32) -> Option<Self> {
        let pieces =
            size.checked_div(u64::from(piece_length)).map(|_| size.div_ceil(u64::from(piece_length)))?;
        let pieces = u32::try_from(pieces).ok().filter(|pieces| *pieces > 0)?;
        Some(Self { size, piece_length, pieces })
    }

    /// Bytes of the payload.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Number of pieces.
    #[must_use]
    pub fn pieces(&self) -> u32 {
        self.pieces
    }

    /// First byte of a piece in the payload.
    #[must_use]
    pub fn start_of(&self, piece: u32) -> u64 {
        u64::from(piece) * u64::from(self.piece_length)
    }

    /// Bytes of a piece; the last may have fewer, and what is behind it has none.
    #[must_use]
    pub fn length_of(&self, piece: u32) -> u32 {
        let left = self.size.saturating_sub(self.start_of(piece));
        u32::try_from(left).unwrap_or(u32::MAX).min(self.piece_length)
    }

    /// Blocks of a piece.
    #[must_use]
    pub fn blocks_of(&self, piece: u32) -> u32 {
        self.length_of(piece).div_ceil(BLOCK)
    }

    /// A block by its number within the piece.
    #[must_use]
    pub fn block(&self, piece: u32, number: u32) -> Block {
        let begin = number.saturating_mul(BLOCK);
        Block { piece, begin, length: self.length_of(piece).saturating_sub(begin).min(BLOCK) }
    }

    /// Whether a request lies within a piece and asks for one to [`BLOCK`] bytes.
    #[must_use]
    pub fn holds(&self, block: Block) -> bool {
        let end = u64::from(block.begin) + u64::from(block.length);
        (1..=BLOCK).contains(&block.length) && end <= u64::from(self.length_of(block.piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_piece_and_its_last_block_are_short() {
        let geometry = Geometry::new(2 * 65_536 + 20_000, 65_536).unwrap();
        assert_eq!(geometry.pieces(), 3);
        assert_eq!((geometry.blocks_of(0), geometry.blocks_of(2), geometry.blocks_of(3)), (4, 2, 0));
        let last = Block { piece: 2, begin: 16_384, length: 3616 };
        assert_eq!(geometry.block(2, 1), last);
        assert!(geometry.holds(last));
        for bad in [
            Block { length: 3617, ..last },
            Block { length: 0, ..last },
            Block { piece: 3, begin: 0, length: 1 },
            Block { piece: 0, begin: 0, length: BLOCK + 1 },
            Block { piece: 0, begin: u32::MAX, length: BLOCK },
        ] {
            assert!(!geometry.holds(bad), "{bad:?}");
        }
        assert!(Geometry::new(0, 1).is_none() && Geometry::new(1, 0).is_none());
        assert!(Geometry::new(1 << 40, 16).is_none());
    }
}
