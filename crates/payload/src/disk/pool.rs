//! Threads for what only computes.

use crate::Error;

/// Runs the work on as many threads as there are cores.
pub(crate) fn on_cores<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Error> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(crew::cores()).build();
    let pool = pool.map_err(|error| Error::Threads { path: ".".into(), reason: error.to_string() })?;
    Ok(pool.install(work))
}
