//! How many threads hash, how many pieces each takes at a time, and how much memory that may cost.

use crate::spans::Spans;
use crate::{PieceLength, SourceFile};

/// Shared out so that a warm cache is limited by hashing and copying, and a cold one by the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Threads that read and hash.
    pub(crate) threads: usize,
    /// Consecutive pieces that a thread takes at a time.
    pub(crate) batch: u64,
    /// Bytes that a thread has for what it read and has not hashed yet.
    pub(crate) buffer: usize,
}

/// Bytes of all buffers together.
const MEMORY: usize = 32 << 20;
/// Pieces that the widest engine hashes in lock-step.
const WIDEST: u64 = 16;
/// A file smaller than this costs more to find and open than to hash.
const SMALL_FILE: u64 = 1 << 20;
/// Readers of small files, at least: on a cold cache they wait for the disk, each for its own file.
const FEWEST_READERS: usize = 8;
/// Readers of large files, at least: two do not keep a disk busy that reads ahead by itself, four do.
const FEWEST_THREADS: usize = 4;
/// Threads at most, with [`Source::OPEN`](crate::source::Source::OPEN) files each: a process may be allowed 64 in all.
const MOST_THREADS: usize = 24;

impl Plan {
    /// The plan for this machine.
    pub(crate) fn new(files: &[SourceFile], spans: &Spans, piece_length: PieceLength) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let occupied = files.iter().filter(|file| file.length > 0).count() as u64;
        Self::of(spans.bytes(), occupied, piece_length, cores)
    }

    /// The plan for so many bytes in so many files that are not empty.
    fn of(bytes: u64, files: u64, piece_length: PieceLength, cores: usize) -> Self {
        let small = bytes / files.max(1) < SMALL_FILE;
        let threads = if small { FEWEST_READERS.max(4 * cores) } else { FEWEST_THREADS.max(cores) };
        let pieces = usize::try_from(piece_length.pieces(bytes)).unwrap_or(usize::MAX);
        let threads = threads.min(MOST_THREADS).min(pieces).max(1);
        let length = u64::from(piece_length.bytes());
        // Four batches a thread at least, so that none waits long for the last.
        let batch = (bytes / length).div_ceil(4 * threads as u64).clamp(1, WIDEST);
        let buffer = usize::try_from(batch * length).unwrap_or(MEMORY).min(MEMORY / threads);
        Self { threads, batch, buffer }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    const CORES: [usize; 7] = [1, 2, 4, 6, 16, 64, 256];
    const SIZES: [(u64, u64); 8] = [
        (0, 0),
        (1, 1),
        (100_000, 3),
        (84_000_000, 21_000),
        (300_000_000, 46_000),
        (1 << 31, 1),
        (4 << 30, 200),
        (u64::MAX, 1_000_000),
    ];

    fn lengths() -> impl Iterator<Item = PieceLength> {
        (14..=27).map(|power| PieceLength::new(1 << power).unwrap())
    }

    #[test]
    fn memory_threads_and_open_files_are_bounded() {
        for (bytes, files) in SIZES {
            for (cores, length) in CORES.into_iter().flat_map(|cores| lengths().map(move |l| (cores, l))) {
                let plan = Plan::of(bytes, files, length, cores);
                assert!(
                    plan.threads >= 1 && plan.threads * plan.buffer <= MEMORY,
                    "{bytes} {length}: {plan:?}"
                );
                assert!((1..=16).contains(&plan.batch), "{bytes} {length}: {plan:?}");
                // Stripes of at least one block for every piece of a batch.
                assert!(plan.buffer >= 64 * 16, "{bytes} {length}: {plan:?}");
                assert!(plan.threads * Source::OPEN < 56, "{plan:?}");
            }
        }
    }

    #[test]
    fn small_files_have_more_readers_than_cores() {
        let length = PieceLength::new(1 << 18).unwrap();
        let plan = Plan::of(84_000_000, 21_000, length, 2);
        assert_eq!(plan, Plan { threads: 8, batch: 10, buffer: 10 << 18 });
        assert_eq!(Plan::of(84_000_000, 21_000, length, 4).threads, 16);
        assert_eq!([2, 6].map(|cores| Plan::of(1 << 31, 1, length, cores).threads), [4, 6]);
        assert_eq!(Plan::of(100_000, 10, length, 2), Plan { threads: 1, batch: 1, buffer: 1 << 18 });
    }
}
