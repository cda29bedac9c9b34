//! Hashing files into pieces, on all cores.

use std::num::NonZeroUsize;

use crate::hashing::batch::Job;
use crate::hashing::plan::Plan;
use crate::hashing::spans::Spans;
use crate::{Error, Piece, PieceLength, Progress, SourceFile};

/// Files that one thread looks at before it takes more.
pub(crate) const TOGETHER: usize = 64;

/// Hashes the files, laid end to end in the order given, piece by piece and in parallel.
///
/// Memory is at most 16 MiB for what was read, whatever the piece length, and each thread holds two files open.
///
/// # Errors
/// [`Error::Read`]; [`Error::Changed`] for a file that is not its listed size; [`Error::Touched`];
/// [`Error::Aborted`].
pub fn hash_pieces(
    name: &str,
    files: &[SourceFile<'_>],
    piece_length: PieceLength,
    progress: &Progress<'_>,
) -> Result<Vec<Piece>, Error> {
    hash_with(name, files, piece_length, None, progress)
}

/// The same with so many threads at most.
pub(crate) fn hash_with(
    name: &str,
    files: &[SourceFile<'_>],
    piece_length: PieceLength,
    threads: Option<NonZeroUsize>,
    progress: &Progress<'_>,
) -> Result<Vec<Piece>, Error> {
    let spans = Spans::new(files, piece_length);
    let mut plan = Plan::new(files, &spans, piece_length);
    plan.limit(threads);
    // Files that were empty when listed are in no piece; one that has grown since would be lost without a word.
    let empty: Vec<_> = files.iter().filter(|file| file.length == 0).collect();
    crew::in_parts(plan.size(), empty.len(), TOGETHER, |(): &mut (), part| {
        empty.get(part).unwrap_or_default().iter().try_for_each(|file| {
            let found = rustix::fs::stat(file.location());
            file.expect(&found.map_err(|error| Error::Read { path: file.location(), source: error.into() })?)
        })
    })?;
    let hashed = Job { name, files, spans: &spans, plan, progress }.run(|_| true)?;
    Ok(hashed.into_iter().map(|(_, piece)| piece).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use sha1::{Digest, Sha1};
    use std::path::Path;

    fn write<'a>(dir: &'a Path, contents: &[Vec<u8>]) -> Vec<SourceFile<'a>> {
        const NAMES: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];
        let files = contents.iter().zip(NAMES);
        files
            .map(|(content, path)| {
                std::fs::write(dir.join(path), content).unwrap();
                SourceFile { root: dir, path, length: content.len() as u64, stamp: None }
            })
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn equals_hashing_the_concatenation(
            contents in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40_000), 0..8),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let files = write(dir.path(), &contents);
            let pieces = hash_pieces("x", &files, PieceLength::MIN, &|_| true).unwrap();
            let expected: Vec<Piece> =
                contents.concat().chunks(16_384).map(|piece| Sha1::digest(piece).into()).collect();
            prop_assert_eq!(pieces, expected);
        }
    }

    #[test]
    fn a_file_longer_shorter_or_no_longer_empty_has_changed() {
        let dir = tempfile::tempdir().unwrap();
        for (listed, actual) in [(5, 4), (5, 6), (0, 1), (16_384, 16_385), (20_000, 16_384)] {
            let mut files = write(dir.path(), &[vec![1; 10], vec![2; actual], vec![3; 10]]);
            files[1].length = listed;
            let error = hash_pieces("x", &files, PieceLength::MIN, &|_| true).unwrap_err();
            assert!(matches!(&error, Error::Changed { path, .. } if path.ends_with("1")), "{error}");
        }
    }

    #[test]
    fn names_the_file_it_cannot_read() {
        let files = [SourceFile { root: Path::new("/nonexistent"), path: "file", length: 1, stamp: None }];
        let error = hash_pieces("x", &files, PieceLength::MIN, &|_| true).unwrap_err();
        assert!(error.to_string().contains("`/nonexistent/file`"), "{error}");
    }

    #[test]
    fn reports_every_byte_once_and_stops_on_request() {
        let dir = tempfile::tempdir().unwrap();
        let files = write(dir.path(), &[vec![0; 100_000], vec![1; 3]]);
        let seen = std::sync::atomic::AtomicU64::new(0);
        hash_pieces("x", &files, PieceLength::MIN, &|n| {
            seen.fetch_add(n, std::sync::atomic::Ordering::Relaxed);
            true
        })
        .unwrap();
        assert_eq!(seen.into_inner(), 100_003);
        assert!(hash_pieces("x", &files, PieceLength::MIN, &|_| false).unwrap_err().is_aborted());
    }
}
