//! Threads, for as long as one piece of work takes.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::Error;

/// Threads that read files, at least: on a cold cache each waits for the disk, for its own file. On a warm one more of
/// them than cores cost up to a tenth of the processor's time.
const READERS: usize = 16;

/// Cores that this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// Threads for reading many files.
pub(crate) fn readers() -> usize {
    cores().max(READERS)
}

/// A pool of this many threads.
pub(crate) fn pool(threads: usize) -> Result<ThreadPool, Error> {
    let pool = ThreadPoolBuilder::new().num_threads(threads.max(1)).build();
    pool.map_err(|error| Error::Threads { path: ".".into(), reason: error.to_string() })
}

/// Runs what only computes on as many threads as there are cores.
pub(crate) fn on_cores<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    Ok(pool(cores())?.install(work))
}

/// Calls `part` for `0..count` in ranges of `step`, on at most `threads` threads, and returns the results in order.
/// Each thread has a value of its own, such as a buffer. After an error no later part is begun.
///
/// # Errors
/// The first of `part` in order, whichever thread is faster; [`Error::Threads`].
pub(crate) fn in_parts<S: Default, R: Send>(
    threads: usize,
    count: usize,
    step: usize,
    part: impl Fn(&mut S, Range<usize>) -> Result<R, Error> + Sync,
) -> Result<Vec<R>, Error> {
    let parts = count.div_ceil(step);
    let failed = AtomicUsize::new(usize::MAX);
    let one = |own: &mut S, number: usize| {
        // Earlier parts go on: of several errors every run gives the same one.
        if number > failed.load(Ordering::Relaxed) {
            return None;
        }
        let start = number * step;
        let result = part(own, start..(start + step).min(count));
        if result.is_err() {
            failed.fetch_min(number, Ordering::Relaxed);
        }
        Some(result)
    };
    let all: Vec<Option<Result<R, Error>>> =
        pool(threads.min(parts))?.install(|| (0..parts).into_par_iter().map_init(S::default, one).collect());
    all.into_iter().map_while(|result| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_once_and_in_order() {
        for (count, step) in [(0, 5), (1, 5), (99, 1), (100, 7), (100, 1000)] {
            let part = |(): &mut (), part: Range<usize>| Ok(part.collect::<Vec<_>>());
            assert!(
                in_parts(3, count, step, part).unwrap().concat().into_iter().eq(0..count),
                "{count} {step}"
            );
        }
    }

    #[test]
    fn the_first_error_in_order_is_given_and_ends_it() {
        let begun = AtomicUsize::new(0);
        let part = |(): &mut (), part: Range<usize>| {
            begun.fetch_add(1, Ordering::Relaxed);
            if part.start >= 10 { Err(Error::aborted(&part.start.to_string())) } else { Ok(()) }
        };
        let error = in_parts(4, 100_000, 1, part).unwrap_err();
        assert!(matches!(&error, Error::Aborted { path } if path == "10"), "{error}");
        assert!(begun.into_inner() < 50_000);
    }
}
