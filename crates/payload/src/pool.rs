//! Threads for work that waits for the disk.

use crate::Error;

/// Readers. A cold page cache wants more of them than there are cores: they hide latency, and cost nothing warm.
const READERS: usize = 8;

/// Runs the work on threads of its own, more than rayon's default, which counts cores.
pub(crate) fn in_pool<T: Send>(path: &str, work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(cores().max(READERS)).build();
    let pool = pool.map_err(|error| Error::Threads { path: path.into(), reason: error.to_string() })?;
    Ok(pool.install(work))
}

/// Cores this process may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
