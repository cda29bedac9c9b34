//! Whether a thread worked or waited.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Waiting for less than this is a busy machine's way.
const SHORT: Duration = Duration::from_millis(2);
/// So many times as long as it worked a thread waits on a cold cache, at least; on a busy machine it is fewer.
const TIMES: u32 = 4;

/// From here on.
pub(crate) struct Watch {
    began: Instant,
    worked: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), worked: worked() }
    }

    /// Whether this thread has waited for much longer than it worked: for the disk, which would serve others meanwhile.
    pub(crate) fn waited(&self) -> bool {
        let worked = worked().saturating_sub(self.worked);
        self.began.elapsed().saturating_sub(worked) > (worked * TIMES).max(SHORT)
    }
}

/// Processor time of this thread.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}
