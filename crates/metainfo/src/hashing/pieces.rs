//! Hashing files into pieces, on all cores.

use std::num::NonZeroUsize;

use rayon::ThreadPool;
use rayon::prelude::*;
use sha1::{Digest, Sha1};

use crate::hashing::source::{Root, Source};
use crate::hashing::spans::Spans;
use crate::hashing::threads::pool;
use crate::{Error, Piece, PieceLength, Progress, SourceFile};

/// Files that one thread looks at before it takes more, at least.
pub(crate) const TOGETHER: usize = 64;
/// Bytes that are read before they are hashed, at most: they are still in the cache then.
const READ: usize = 256 << 10;
/// Consecutive pieces that one thread takes, at least: so that few files are opened twice.
const CONSECUTIVE: usize = 4;

/// Hashes the files, laid end to end in the order given, piece by piece and in parallel.
///
/// Memory is at most 6 MiB for what was read, whatever the piece length, and each thread holds two files open.
///
/// # Errors
/// [`Error::Read`]; [`Error::Changed`] for a file that is not its listed size; [`Error::Touched`];
/// [`Error::Aborted`]; [`Error::Threads`].
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
    let pool = pool(name, threads)?;
    // Files that were empty when listed are in no piece; one that has grown since would be lost without a word.
    let empty: Vec<_> = files.iter().filter(|file| file.length == 0).collect();
    let look = |file: &&SourceFile<'_>| {
        let found = rustix::fs::stat(file.location());
        file.expect(&found.map_err(|error| Error::Read { path: file.location(), source: error.into() })?)
    };
    pool.install(|| empty.par_iter().with_min_len(TOGETHER).try_for_each(look))?;
    let hashed = Job { name, files, spans: &spans, progress }.run(&pool, |_| true)?;
    Ok(hashed.into_iter().map(|(_, piece)| piece).collect())
}

/// What is hashed.
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    pub(crate) files: &'a [SourceFile<'a>],
    pub(crate) spans: &'a Spans,
    pub(crate) progress: &'a Progress<'a>,
}

impl Job<'_> {
    /// Hashes the pieces that are wanted, and returns them with their indexes, in order. Unwanted ones count as progress
    /// too.
    pub(crate) fn run(
        &self,
        pool: &ThreadPool,
        wanted: impl Fn(u64) -> bool + Sync,
    ) -> Result<Vec<(u64, Piece)>, Error> {
        let root = Root::of(self.files);
        // One byte more than is hashed: see `Source::read`.
        let reader = || (Source::new(self.files, self.spans, root.as_ref()), vec![0; READ + 1]);
        let one = |(source, buffer): &mut (Source<'_>, Vec<u8>), piece: u64| {
            if wanted(piece) {
                Ok(Some((piece, self.piece(piece, source, buffer)?)))
            } else {
                self.report(self.spans.length_of(piece)).map(|()| None)
            }
        };
        let pieces: Vec<u64> = (0..self.spans.pieces()).collect();
        let hashed: Vec<Option<_>> = pool.install(|| {
            let pieces = pieces.into_par_iter().with_min_len(CONSECUTIVE);
            pieces.map_init(reader, one).collect::<Result<_, Error>>()
        })?;
        Ok(hashed.into_iter().flatten().collect())
    }

    fn piece(&self, piece: u64, source: &mut Source<'_>, buffer: &mut [u8]) -> Result<Piece, Error> {
        let mut hasher = Sha1::new();
        let mut at = self.spans.start_of(piece);
        let end = at + self.spans.length_of(piece);
        while at < end {
            let length = usize::try_from(end - at).unwrap_or(READ).min(READ);
            hasher.update(source.read(at, length, buffer)?);
            at += length as u64;
            self.report(length as u64)?;
        }
        Ok(hasher.finalize().into())
    }

    fn report(&self, bytes: u64) -> Result<(), Error> {
        if (self.progress)(bytes) { Ok(()) } else { Err(Error::Aborted { name: self.name.into() }) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;

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
            contents in prop::collection::vec(
                prop_oneof![
                    prop::collection::vec(any::<u8>(), 0..40_000),
                    (300_000_usize..900_000, any::<u8>())
                        .prop_map(|(length, seed)| (0..length).map(|at| ((at >> 4) as u8) ^ seed).collect()),
                ],
                0..8,
            ),
            threads in 1_usize..5,
            length in 14_u32..21,
        ) {
            let dir = tempfile::tempdir().unwrap();
            let files = write(dir.path(), &contents);
            let length = PieceLength::new(1 << length).unwrap();
            let pieces = hash_with("x", &files, length, NonZeroUsize::new(threads), &|_| true).unwrap();
            let expected: Vec<Piece> =
                contents.concat().chunks(length.bytes() as usize).map(|piece| Sha1::digest(piece).into()).collect();
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
