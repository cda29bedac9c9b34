//! Into which blocks an archive is cut: each is read, hashed and compressed by itself.

use std::ops::Range;

use crate::listing::list::{Found, FoundKind};

/// What one block holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Block {
    /// Whole entries, by their index.
    Entries(Range<usize>),
    /// Part of a file that is larger than a block.
    Part(Part),
}

/// Part of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Index of the entry.
    pub(super) entry: usize,
    /// Counted from 0.
    pub(super) number: usize,
    /// First byte in the file.
    pub(super) offset: u64,
    /// Bytes.
    pub(super) length: usize,
    /// Whether the file ends with it.
    pub(super) last: bool,
}

/// Bytes of tar a block has at most: twice what the compressor looks back at this level, so that little is lost where a
/// block begins, and small enough that a site keeps several cores busy. Neither cores nor memory decide it, since it
/// decides the bytes of the archive.
pub(super) const fn block_bytes(level: i32) -> usize {
    match level {
        ..=8 => 4 << 20,
        9..=16 => 8 << 20,
        _ => 16 << 20,
    }
}

/// Cuts a tree into blocks of at most so many bytes, headers counted roughly.
pub(super) fn blocks(found: &[Found], most: usize) -> Vec<Block> {
    const HEADER: u64 = 1024;
    let mut blocks = Vec::new();
    let (mut begin, mut bytes) = (0, 0);
    let close = |blocks: &mut Vec<Block>, entries: Range<usize>| {
        if !entries.is_empty() {
            blocks.push(Block::Entries(entries));
        }
    };
    for (index, found) in found.iter().enumerate() {
        let size = match found.kind {
            FoundKind::File { stamp, .. } => stamp.size,
            _ => 0,
        };
        if size > most as u64 {
            close(&mut blocks, begin..index);
            blocks.extend(parts(index, size, most).map(Block::Part));
            (begin, bytes) = (index + 1, 0);
            continue;
        }
        if bytes + size > most as u64 {
            close(&mut blocks, begin..index);
            (begin, bytes) = (index, 0);
        }
        bytes += HEADER + size;
    }
    close(&mut blocks, begin..found.len());
    blocks
}

fn parts(entry: usize, size: u64, most: usize) -> impl Iterator<Item = Part> {
    (0..size).step_by(most).enumerate().map(move |(number, offset)| {
        let length = usize::try_from(size - offset).unwrap_or(most).min(most);
        Part { entry, number, offset, length, last: offset + length as u64 == size }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::stamp::Stamp;

    fn files(sizes: &[u64]) -> Vec<Found> {
        let stamp = |size| Stamp { size, inode: 1, modified: (0, 0), changed: (0, 0) };
        let file = |&size| Found {
            path: "x".into(),
            owner: 0,
            kind: FoundKind::File { mode: 0o644, stamp: stamp(size), hard_linked: false },
            sha256: None,
        };
        sizes.iter().map(file).collect()
    }

    #[test]
    fn every_entry_and_every_byte_is_in_one_block() {
        let part =
            |entry, number, offset, length, last| Block::Part(Part { entry, number, offset, length, last });
        assert_eq!(blocks(&[], 10_000), []);
        assert_eq!(blocks(&files(&[0, 1, 2]), 10_000), [Block::Entries(0..3)]);
        assert_eq!(
            blocks(&files(&[5_000, 5_000, 10_000, 1]), 10_000),
            [Block::Entries(0..1), Block::Entries(1..2), Block::Entries(2..3), Block::Entries(3..4)]
        );
        assert_eq!(
            blocks(&files(&[1, 20_001, 20_000, 3]), 10_000),
            [
                Block::Entries(0..1),
                part(1, 0, 0, 10_000, false),
                part(1, 1, 10_000, 10_000, false),
                part(1, 2, 20_000, 1, true),
                part(2, 0, 0, 10_000, false),
                part(2, 1, 10_000, 10_000, true),
                Block::Entries(3..4),
            ]
        );
        // Directories and empty files weigh their headers.
        assert_eq!(blocks(&files(&[0; 100_000]), 4 << 20).len(), 25);
    }
}
