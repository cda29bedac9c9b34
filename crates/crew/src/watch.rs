//! Whether a thread worked or waited.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Longer than a scheduler lets another thread have the core, which is no waiting for the disk; and looking costs a system
/// call.
const PERIOD: Duration = Duration::from_millis(10);
/// Of a period in which it worked for less than one part in so many a thread has waited for the disk; on a busy machine,
/// where it waits for a core, it is more.
const PARTS: u32 = 5;

/// From here on.
pub(crate) struct Watch {
    began: Instant,
    worked: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), worked: worked() }
    }

    /// Whether this thread has mostly waited for the disk since it was last asked; not in too short a time.
    pub(crate) fn has_waited(&mut self) -> bool {
        let passed = self.began.elapsed();
        if passed < PERIOD {
            return false;
        }
        let before = std::mem::replace(self, Self::start());
        self.worked.saturating_sub(before.worked) * PARTS < passed
    }
}

/// Processor time of this thread.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleep_is_waiting_and_counting_is_not() {
        let mut watch = Watch::start();
        std::thread::sleep(PERIOD * 2);
        assert!(watch.has_waited());
        assert!(!watch.has_waited(), "a period begins anew");
        let mut watch = Watch::start();
        // By the clock of the thread: a busy machine may stop it for as long as it likes.
        let until = worked() + PERIOD * 4;
        while worked() < until {}
        let passed = watch.began.elapsed();
        assert!(!watch.has_waited() || passed > PERIOD * 16, "{passed:?}");
    }
}
