//! Which bytes of which files make up a piece.

use crate::{PieceLength, SourceFile};

/// The files of a torrent laid end to end.
#[derive(Debug)]
pub(crate) struct Spans {
    /// First byte of each file in the content, and at the end the content's length.
    starts: Vec<u64>,
    piece_length: u64,
}

/// Part of one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Index of the file.
    pub(crate) file: usize,
    /// First byte in the file.
    pub(crate) offset: u64,
    /// Bytes, at least one.
    pub(crate) length: u64,
}

impl Spans {
    pub(crate) fn new(files: &[SourceFile<'_>], piece_length: PieceLength) -> Self {
        let mut end = 0_u64;
        let mut starts = vec![0];
        starts.extend(files.iter().map(|file| {
            end = end.saturating_add(file.length);
            end
        }));
        Self { starts, piece_length: piece_length.bytes().into() }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.starts.last().copied().unwrap_or_default()
    }

    pub(crate) fn pieces(&self) -> u64 {
        self.bytes().div_ceil(self.piece_length)
    }

    /// Bytes of one piece: fewer than the others have for the last, 0 for what is behind it.
    pub(crate) fn length_of(&self, piece: u64) -> u64 {
        self.bytes().saturating_sub(self.start_of(piece)).min(self.piece_length)
    }

    /// First byte of one piece in the content.
    pub(crate) fn start_of(&self, piece: u64) -> u64 {
        piece.saturating_mul(self.piece_length)
    }

    /// The parts of one piece in order; files of length 0 are in none.
    pub(crate) fn of_piece(&self, piece: u64) -> impl Iterator<Item = Span> + '_ {
        self.of_range(self.start_of(piece), self.length_of(piece))
    }

    /// The parts of so many bytes of the content in order; files of length 0 are in none.
    pub(crate) fn of_range(&self, begin: u64, length: u64) -> impl Iterator<Item = Span> + '_ {
        let end = begin.saturating_add(length).min(self.bytes());
        // The last file that starts at or before the range; empty files before it start there too and are passed over.
        let first = self.starts.partition_point(|&start| start <= begin).saturating_sub(1);
        let files = self.starts.iter().zip(self.starts.iter().skip(1)).enumerate().skip(first);
        files.take_while(move |(_, (start, _))| **start < end).filter_map(move |(file, (&start, &next))| {
            let (from, to) = (start.max(begin), next.min(end));
            (from < to).then(|| Span { file, offset: from - start, length: to - from })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::path::Path;

    fn spans(lengths: &[u64]) -> Spans {
        let file = |&length| SourceFile { root: Path::new("x"), path: "", length, stamp: None };
        let files: Vec<_> = lengths.iter().map(file).collect();
        Spans::new(&files, PieceLength::MIN)
    }

    #[test]
    fn a_piece_crosses_file_borders() {
        let spans = spans(&[0, 10_000, 0, 10_000, 20_000, 0]);
        assert_eq!(spans.pieces(), 3);
        let first: Vec<_> = spans.of_piece(0).collect();
        assert_eq!(
            first,
            [Span { file: 1, offset: 0, length: 10_000 }, Span { file: 3, offset: 0, length: 6384 }]
        );
        let last: Vec<_> = spans.of_piece(2).collect();
        assert_eq!(last, [Span { file: 4, offset: 12_768, length: 7232 }]);
        assert_eq!(spans.of_piece(3).count(), 0);
    }

    proptest! {
        #[test]
        fn every_byte_is_in_exactly_one_piece(lengths in prop::collection::vec(0_u64..50_000, 0..20)) {
            let spans = spans(&lengths);
            let mut at: Vec<u64> = vec![0; lengths.len()];
            for piece in 0..spans.pieces() {
                let mut bytes = 0;
                for span in spans.of_piece(piece) {
                    prop_assert_eq!(at[span.file], span.offset);
                    at[span.file] += span.length;
                    bytes += span.length;
                }
                prop_assert!(bytes == 16_384 || piece + 1 == spans.pieces());
            }
            prop_assert_eq!(at, lengths);
        }
    }
}
