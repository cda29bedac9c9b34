//! How many threads hash, how many pieces each takes at a time, and how much memory that may cost.

use std::num::NonZeroUsize;

use crew::Size;
use sha1_lanes::Engine;

use crate::hashing::spans::Spans;
use crate::{PieceLength, SourceFile};

/// Shared out so that a warm cache is limited by hashing and copying, and a cold one by the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// Threads to start with.
    pub(crate) start: usize,
    /// Threads at most: more are started while those that read wait for the disk.
    pub(crate) threads: usize,
    /// Pieces that a thread takes at most.
    pub(crate) most: u64,
    /// How they are read.
    pub(crate) way: Way,
}

/// How pieces come into memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Each as a whole, by the thread that is free; whoever fills the lanes hashes what all have read.
    Whole {
        /// Pieces in memory at most.
        buffers: usize,
    },
    /// A part of each piece of a batch in turns.
    InTurns {
        /// Bytes that a thread has for what it read and has not hashed yet.
        buffer: usize,
    },
}

/// Bytes of all buffers together.
const MEMORY: usize = 16 << 20;
/// Lanes of the widest engine.
const MOST_LANES: usize = 16;
/// Bytes that a thread reads on at least, where pieces are shorter: so that few files are opened twice.
const RUN: usize = 256 << 10;
/// Pieces read whole at most: those in the hands of all readers, and some to hash.
const MOST_BUFFERS: usize = 64;
/// A file smaller than this costs more to find and open than to hash.
const SMALL_FILE: u64 = 1 << 20;
/// Readers of small files, at least, on a cold cache, where they wait for the disk, each for its own file. On a warm one
/// more of them than cores only take the caches from each other: it costs a tenth.
const FEWEST_READERS: usize = 16;
/// Readers of large files, at least: two do not keep a disk busy that reads ahead by itself, four do.
const FEWEST_THREADS: usize = 4;
/// Threads at most, with [`Source::OPEN`](crate::hashing::source::Source::OPEN) files each: a process may be allowed 64 in all.
const MOST_THREADS: usize = 24;
/// Pieces a batch where nothing hashes several in lock-step: for reading on, all the same.
const FEWEST_PIECES: usize = 4;

impl Plan {
    /// The plan for this machine.
    pub(crate) fn new(files: &[SourceFile<'_>], spans: &Spans, piece_length: PieceLength) -> Self {
        let cores = crew::cores();
        let occupied = files.iter().filter(|file| file.length > 0).count() as u64;
        Self::of(spans.bytes(), occupied, piece_length, cores, Engine::best().lanes())
    }

    /// The plan for so many bytes in so many files that are not empty.
    fn of(bytes: u64, files: u64, piece_length: PieceLength, cores: usize, lanes: usize) -> Self {
        // Small files are read at the speed of the slowest look-up; of large ones the disk reads ahead.
        let small = bytes / files.max(1) < SMALL_FILE;
        let threads = if small { FEWEST_READERS.max(4 * cores) } else { FEWEST_THREADS.max(cores) };
        let pieces = usize::try_from(piece_length.pieces(bytes)).unwrap_or(usize::MAX);
        let threads = threads.min(MOST_THREADS).min(pieces).max(1);
        let length = usize::try_from(piece_length.bytes()).unwrap_or(usize::MAX);
        // Twice as many as fill the lanes, so that there are buffers to read into while others are hashed.
        if small && MEMORY / length >= 2 * MOST_LANES {
            let most = (RUN / length).clamp(1, MOST_LANES) as u64;
            let way = Way::Whole { buffers: (MEMORY / length).min(MOST_BUFFERS) };
            return Self { start: cores.min(threads), threads, most, way };
        }
        let plan = |buffer| Self {
            start: threads,
            threads,
            most: lanes.max(FEWEST_PIECES) as u64,
            way: Way::InTurns { buffer },
        };
        let buffer = MEMORY / threads;
        let largest = plan(buffer).batch(pieces as u64).saturating_mul(piece_length.bytes().into());
        plan(usize::try_from(largest).unwrap_or(MEMORY).min(buffer))
    }

    /// The crew that hashes.
    pub(crate) fn size(&self) -> Size {
        Size { start: self.start, most: self.threads }
    }

    /// So many threads at most.
    pub(crate) fn limit(&mut self, most: Option<NonZeroUsize>) {
        if let Some(most) = most {
            self.threads = self.threads.min(most.get());
            self.start = self.start.min(self.threads);
        }
    }

    /// Consecutive pieces to take when so many are left: fewer and fewer, so that no thread is busy when all others are
    /// done.
    pub(crate) fn batch(&self, left: u64) -> u64 {
        (left / self.threads as u64).clamp(1, self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hashing::source::Source;

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
                for lanes in [1, 4, 16] {
                    let plan = Plan::of(bytes, files, length, cores, lanes);
                    let memory = match plan.way {
                        Way::Whole { buffers } => buffers * usize::try_from(length.bytes()).unwrap(),
                        Way::InTurns { buffer } => plan.threads * buffer,
                    };
                    assert!(plan.threads >= 1 && memory <= MEMORY, "{bytes} {length}: {plan:?}");
                    assert!((1..1000).all(|left| (1..=left.min(16)).contains(&plan.batch(left))), "{plan:?}");
                    // At least one block for every piece of a batch, and pieces to hash while others are read.
                    assert!(match plan.way {
                        Way::Whole { buffers } => buffers >= 32,
                        Way::InTurns { buffer } => buffer >= 64 * 16,
                    });
                    assert!(plan.threads * Source::OPEN < 56, "{plan:?}");
                }
            }
        }
    }

    #[test]
    fn small_files_have_more_readers_than_cores() {
        let length = PieceLength::new(1 << 18).unwrap();
        let plan = Plan::of(84_000_000, 21_000, length, 2, 16);
        assert_eq!(plan, Plan { start: 2, threads: 16, most: 1, way: Way::Whole { buffers: 64 } });
        assert_eq!(Plan::of(84_000_000, 21_000, PieceLength::MIN, 2, 16).most, 16);
        assert_eq!(Plan::of(84_000_000, 21_000, length, 5, 1).threads, 20);
        assert_eq!(Plan::of(100_000, 10, length, 2, 4).threads, 1);
        let plan = Plan::of(84_000_000, 21_000, PieceLength::new(1 << 20).unwrap(), 2, 16);
        assert_eq!(plan.way, Way::InTurns { buffer: MEMORY / 16 });
        assert_eq!([15, 32, 321, 5000].map(|left| plan.batch(left)), [1, 2, 16, 16]);
    }

    #[test]
    fn large_files_fill_the_lanes() {
        let plan = Plan::of(1 << 31, 1, PieceLength::new(1 << 20).unwrap(), 2, 16);
        assert_eq!(plan, Plan { start: 4, threads: 4, most: 16, way: Way::InTurns { buffer: MEMORY / 4 } });
        assert_eq!([1, 4, 63, 64, 2048].map(|left| plan.batch(left)), [1, 1, 15, 16, 16]);
        assert_eq!(Plan::of(1 << 31, 1, PieceLength::MIN, 6, 1).threads, 6);
    }
}
