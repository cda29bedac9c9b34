//! Threads that read and hash.

use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;

/// Readers, at least: on a cold cache each waits for the disk, for its own file. On a warm one more of them than cores
/// cost up to a tenth of the processor's time.
const FEWEST: usize = 16;
/// Threads at most, with [`Source::OPEN`](crate::hashing::source::Source::OPEN) files each: a process may be allowed 64 in
/// all.
const MOST: usize = 24;

/// A pool to hash what `name` names, of at most `limit` threads.
pub(crate) fn pool(name: &str, limit: Option<NonZeroUsize>) -> Result<ThreadPool, Error> {
    let cores = available_parallelism().map_or(1, NonZeroUsize::get);
    let threads = cores.clamp(FEWEST, MOST).min(limit.map_or(MOST, NonZeroUsize::get));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    pool.map_err(|error| Error::Threads { name: name.into(), reason: error.to_string() })
}
