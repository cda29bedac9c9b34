//! Waiting: a condition, polled until it holds or a deadline passes.

use std::thread;
use std::time::{Duration, Instant};

/// Polls `probe` until it gives a value; `what` and `limit` are named when it does not.
///
/// # Panics
/// When the deadline passes.
#[track_caller]
pub fn eventually<T>(what: &str, limit: Duration, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    let mut pause = Duration::from_millis(2);
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(start.elapsed() < limit, "waited {limit:?} in vain for: {what}");
        thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(50));
    }
}
