//! How many hosts are connected to and started at the same time. Embedded peers must all run together, and a download that
//! stalls must keep nobody from beginning, so every host has a thread; what is bounded is the beginning.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use crate::error::Fault;
use crate::job::clock::Clock;

/// How soon who waits for a place notices that everything is to end.
const GLANCE: Duration = Duration::from_millis(200);

/// Places for a bounded number of hosts.
#[derive(Debug)]
pub(crate) struct Semaphore {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A place, free again when dropped.
#[derive(Debug)]
pub(crate) struct Permit<'a>(&'a Semaphore);

impl Semaphore {
    pub(crate) fn new(places: usize) -> Self {
        Self { free: Mutex::new(places), freed: Condvar::new() }
    }

    /// Waits for a place.
    pub(crate) fn acquire(&self, clock: &Clock) -> Result<Permit<'_>, Fault> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            clock.check()?;
            if let Some(left) = free.checked_sub(1) {
                *free = left;
                return Ok(Permit(self));
            }
            free = self.freed.wait_timeout(free, GLANCE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut free = self.0.free.lock().unwrap_or_else(PoisonError::into_inner);
        *free = free.saturating_add(1);
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use remote::Interrupt;

    use super::*;

    #[test]
    fn a_place_is_free_again_after_use() {
        let clock = Clock::start(Duration::from_millis(200), Interrupt::never());
        let semaphore = Semaphore::new(1);
        let permit = semaphore.acquire(&clock).unwrap();
        assert!(matches!(semaphore.acquire(&clock), Err(Fault::TimedOut(_))));
        drop(permit);
        let clock = Clock::start(Duration::from_secs(5), Interrupt::never());
        semaphore.acquire(&clock).unwrap();
    }
}
