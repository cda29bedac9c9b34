//! Whether a thread worked or waited.

use std::fs;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Looking costs some microseconds, and a shorter time says little.
const PERIOD: Duration = Duration::from_millis(5);
/// A thread that slept for more than one part in so many of a period has left a core to others.
const PARTS: u32 = 3;

/// From here on.
pub(crate) struct Watch {
    began: Instant,
    busy: Duration,
}

impl Watch {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now(), busy: busy() }
    }

    /// Whether this thread has slept, for want of the disk, since it was last asked; not in too short a time.
    pub(crate) fn has_waited(&mut self) -> bool {
        let passed = self.began.elapsed();
        if passed < PERIOD {
            return false;
        }
        let before = std::mem::replace(self, Self::start());
        let slept = passed.saturating_sub(self.busy.saturating_sub(before.busy));
        slept * PARTS > passed
    }
}

/// How long this thread has run or wanted to: on a busy machine it waits for a core, which more threads do not mend
/// (/proc/PID/schedstat, see proc(5) and the kernel's sched-stats.rst). Its processor time where the kernel does not say.
fn busy() -> Duration {
    let said = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let mut nanoseconds = said.split_whitespace().map_while(|word| word.parse().ok());
    match (nanoseconds.next(), nanoseconds.next()) {
        (Some(ran), Some(queued)) => Duration::from_nanos(ran) + Duration::from_nanos(queued),
        _ => clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default(),
    }
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
        // With more threads than cores each waits for a core as long as it likes.
        let others: Vec<_> =
            (0..2 * crate::cores()).map(|_| std::thread::spawn(|| count(PERIOD * 8))).collect();
        count(PERIOD * 8);
        assert!(!watch.has_waited());
        others.into_iter().for_each(|other| other.join().unwrap());
    }

    fn count(time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {}
    }
}
