//! What the network's thread shows to the handle.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::{Error, Event, Status, Summary};

/// Read by one side, written by the other.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    news: Condvar,
    stop: AtomicBool,
}

#[derive(Debug, Default)]
struct Inner {
    summary: Summary,
    events: VecDeque<Event>,
    ended: bool,
}

impl Shared {
    /// Asks the thread to end.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    pub(crate) fn status(&self) -> Status {
        self.lock().summary.status.clone()
    }

    pub(crate) fn summary(&self) -> Summary {
        self.lock().summary.clone()
    }

    pub(crate) fn publish(&self, summary: Summary) {
        self.lock().summary = summary;
    }

    /// Something for the caller. Progress that nobody has taken yet is replaced, so that the queue stays short.
    pub(crate) fn say(&self, event: Event) {
        let mut inner = self.lock();
        let repeats = |event: &Event| matches!(event, Event::Progress { .. } | Event::Stalled { .. });
        if repeats(&event) {
            let same = |other: &Event| std::mem::discriminant(other) == std::mem::discriminant(&event);
            if inner.events.back().is_some_and(same) {
                inner.events.pop_back();
            }
        }
        inner.events.push_back(event);
        self.news.notify_all();
    }

    /// Calls `run`, the whole work of the thread; then nothing will be said any more. If it panics that is said first, so
    /// that nobody waits for a thread that is gone.
    pub(crate) fn last_words(&self, name: String, run: impl FnOnce()) {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).is_err() {
            let error = Error::Defect { name };
            self.lock().summary.status.failed.get_or_insert_with(|| error.to_string());
            self.say(Event::Failed(error));
        }
        self.lock().ended = true;
        self.news.notify_all();
    }

    /// The next event, within `timeout`.
    pub(crate) fn wait(&self, timeout: Duration) -> Option<Event> {
        let until = Instant::now().checked_add(timeout);
        let mut inner = self.lock();
        loop {
            if let Some(event) = inner.events.pop_front() {
                return Some(event);
            }
            let left = until.map_or(timeout, |until| until.saturating_duration_since(Instant::now()));
            if inner.ended || left.is_zero() {
                return None;
            }
            let waited = self.news.wait_timeout(inner, left).unwrap_or_else(PoisonError::into_inner);
            inner = waited.0;
        }
    }

    /// What was written by a thread that died is still the best there is.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_waited_for_by_nobody() {
        let shared = Shared::default();
        shared.last_words("site".into(), || panic!("a defect"));
        let long = Duration::from_secs(600);
        assert!(matches!(shared.wait(long), Some(Event::Failed(Error::Defect { name })) if name == "site"));
        assert!(shared.status().failed.is_some_and(|why| why.contains("defect")));
        assert!(shared.wait(long).is_none(), "at once");
    }
}
