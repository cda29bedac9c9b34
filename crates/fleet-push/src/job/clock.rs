//! The time a push has, and the wish to end it.

use std::thread;
use std::time::{Duration, Instant};

use remote::Interrupt;

use crate::error::Fault;

/// How soon a waiting thread notices that it is to end.
const GLANCE: Duration = Duration::from_millis(20);

/// Shared by all hosts of one push.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    interrupt: Interrupt,
    deadline: Instant,
    limit: Duration,
}

impl Clock {
    /// Starts now; `limit` is for the whole push.
    pub(crate) fn start(limit: Duration, interrupt: Interrupt) -> Self {
        let now = Instant::now();
        // An absurd limit is as good as none.
        let deadline = now.checked_add(limit).unwrap_or(now + Duration::from_secs(30 * 24 * 3600));
        Self { interrupt, deadline, limit }
    }

    pub(crate) fn interrupt(&self) -> &Interrupt {
        &self.interrupt
    }

    /// What is left of the time.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// An error once the push is to end.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        if self.interrupt.is_raised() {
            return Err(Fault::Terminated);
        }
        if self.left().is_zero() {
            return Err(Fault::TimedOut(self.limit));
        }
        Ok(())
    }

    /// Waits, but not beyond the end of the push.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Fault> {
        let until = Instant::now() + time;
        loop {
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(GLANCE));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_with_the_push() {
        let clock = Clock::start(Duration::from_millis(50), Interrupt::never());
        assert!(clock.pause(Duration::from_millis(5)).is_ok());
        assert!(matches!(clock.pause(Duration::from_secs(60)), Err(Fault::TimedOut(_))));
        let raised = Clock::start(Duration::MAX, Interrupt::new(|| true));
        assert!(matches!(raised.pause(Duration::from_secs(60)), Err(Fault::Terminated)));
    }
}
