//! How many hosts are connected to and started at the same time. Embedded peers must all run together, so a fan-out with
//! fewer threads than hosts would wait for itself; what is bounded is the beginning.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::fault::Fault;

/// Between two looks for a free place.
const GLANCE: Duration = Duration::from_millis(20);

/// Places for a bounded number of hosts.
#[derive(Debug)]
pub(crate) struct Gate {
    free: Mutex<usize>,
}

/// A place, free again when dropped.
#[derive(Debug)]
pub(crate) struct Pass<'a>(&'a Gate);

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        Self { free: Mutex::new(places) }
    }

    /// Waits for a place.
    pub(crate) fn enter(&self, clock: &Clock) -> Result<Pass<'_>, Fault> {
        loop {
            clock.check()?;
            if let Some(left) = self.change(|free| free.checked_sub(1)) {
                log::debug!("{left} places left");
                return Ok(Pass(self));
            }
            clock.pause(GLANCE)?;
        }
    }

    fn change(&self, change: impl FnOnce(usize) -> Option<usize>) -> Option<usize> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let now = change(*free)?;
        *free = now;
        Some(now)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.change(|free| free.checked_add(1));
    }
}

#[cfg(test)]
mod tests {
    use fleet::Interrupt;

    use super::*;

    #[test]
    fn a_place_is_free_again_after_use() {
        let clock = Clock::start(Duration::from_millis(200), Interrupt::never());
        let gate = Gate::new(1);
        let pass = gate.enter(&clock).unwrap();
        assert!(matches!(gate.enter(&clock), Err(Fault::TimedOut(_))));
        drop(pass);
        let clock = Clock::start(Duration::from_secs(5), Interrupt::never());
        gate.enter(&clock).unwrap();
    }
}
