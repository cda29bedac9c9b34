//! Threads for work that waits for the disk.

use crate::Error;

/// Readers. A cold page cache wants more of them than there are cores: they hide latency, and cost nothing warm.
const READERS: usize = 16;

/// Runs the work on threads of its own, more than rayon's default, which counts cores.
pub(crate) fn in_pool<T: Send>(path: &str, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    with_threads(path, cores().max(READERS), work)
}

/// Runs the work on so many threads of its own.
pub(crate) fn with_threads<T: Send>(
    path: &str,
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.map_err(|error| Error::Threads { path: path.into(), reason: error.to_string() })?;
    Ok(pool.install(work))
}

/// Cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
