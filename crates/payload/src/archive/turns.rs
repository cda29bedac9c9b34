//! Something that threads work on one after the other, in an order known beforehand.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How often a thread that waits for its turn looks whether there is still something to wait for.
const GLANCE: Duration = Duration::from_millis(20);

/// A value with a number: whose turn it is.
#[derive(Debug, Default)]
pub(super) struct Turns<T> {
    state: Mutex<(usize, T)>,
    moved: Condvar,
}

impl<T> Turns<T> {
    /// Turn 0 is the first.
    pub(super) fn new(value: T) -> Self {
        Self { state: Mutex::new((0, value)), moved: Condvar::new() }
    }

    /// Waits for turn `number` and works on the value; nothing once `stop` is set.
    pub(super) fn at<R>(
        &self,
        number: usize,
        stop: &AtomicBool,
        work: impl FnOnce(&mut T) -> R,
    ) -> Option<R> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        while state.0 != number {
            if stop.load(Ordering::Relaxed) {
                return None;
            }
            state = self.moved.wait_timeout(state, GLANCE).unwrap_or_else(PoisonError::into_inner).0;
        }
        let result = work(&mut state.1);
        state.0 += 1;
        drop(state);
        self.moved.notify_all();
        Some(result)
    }

    /// The value, after the last turn.
    pub(super) fn into_inner(self) -> T {
        self.state.into_inner().unwrap_or_else(PoisonError::into_inner).1
    }
}
