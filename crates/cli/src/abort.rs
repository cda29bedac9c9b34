//! Ending on SIGTERM. Jenkins aborts with SIGTERM only and never kills, so a binary that misses it goes on deploying
//! after the build shows ABORTED.

use std::fmt;
use std::io;
use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use record::ExitCode;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The process ends by itself this long after the first signal, whatever hangs. State is written within 3 s.
const WATCHDOG: Duration = Duration::from_millis(4500);

/// The wish to end, shared by all threads. Long loops look at it often; who waits is woken by it.
#[derive(Clone, Default)]
pub struct Abort(Arc<Shared>);

#[derive(Default)]
struct Shared {
    flag: Arc<AtomicBool>,
    wakers: Mutex<Vec<Box<dyn FnOnce() + Send>>>,
    /// For who sleeps with `wakers` locked.
    set: Condvar,
}

/// Somebody asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("terminated")]
pub struct Aborted;

impl Abort {
    /// Sets the flag on SIGTERM and SIGINT, and starts the watchdog then.
    ///
    /// SIGHUP, SIGINT and SIGQUIT arrive ignored under Jenkins; SIGTERM is the one that counts.
    ///
    /// # Errors
    /// If the system refuses to install handlers.
    pub fn on_signals() -> io::Result<Self> {
        let abort = Self::default();
        let flag = abort.clone();
        let mut signals = Signals::new([SIGTERM, SIGINT])?;
        thread::Builder::new().name("signals".into()).spawn(move || {
            if signals.forever().next().is_some() {
                flag.set();
                thread::sleep(WATCHDOG);
                end_now(ExitCode::Terminated);
            }
        })?;
        Ok(abort)
    }

    /// Asks everybody to end.
    pub fn set(&self) {
        self.0.flag.store(true, Ordering::SeqCst);
        let wakers = mem::take(&mut *self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.set.notify_all();
        wakers.into_iter().for_each(|wake| wake());
    }

    /// Calls `wake` once somebody asks to end, at once if that was so already: for who waits on something else than
    /// [`Abort::sleep`]. It is kept until then, and must not block.
    pub fn on_set(&self, wake: impl FnOnce() + Send + 'static) {
        let mut wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_set() {
            drop(wakers);
            wake();
        } else {
            wakers.push(Box::new(wake));
        }
    }

    /// True once somebody asked to end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.flag.load(Ordering::SeqCst)
    }

    /// The flag itself, for libraries that know no `Abort`.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0.flag)
    }

    /// # Errors
    /// [`Aborted`] once somebody asked to end.
    pub fn check(&self) -> Result<(), Aborted> {
        if self.is_set() { Err(Aborted) } else { Ok(()) }
    }

    /// Sleeps, but wakes at once when asked to end.
    ///
    /// # Errors
    /// [`Aborted`] once somebody asked to end.
    pub fn sleep(&self, duration: Duration) -> Result<(), Aborted> {
        let until = Instant::now() + duration;
        let mut wakers = self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // Whoever sets the flag locks `wakers` after it: either it is seen here, or this is woken.
            self.check()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            wakers = self.0.set.wait_timeout(wakers, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl fmt::Debug for Abort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Abort").field(&self.is_set()).finish()
    }
}

#[expect(clippy::exit, reason = "the watchdog is there for the case that nobody returns to main")]
fn end_now(code: ExitCode) -> ! {
    std::process::exit(i32::from(code.number()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sleeper_wakes_when_asked_to_end() {
        let abort = Abort::default();
        let sleeper = abort.clone();
        let started = Instant::now();
        let thread = thread::spawn(move || sleeper.sleep(Duration::from_secs(60)));
        abort.set();
        assert_eq!(thread.join().unwrap(), Err(Aborted));
        assert!(started.elapsed() < Duration::from_secs(30));
    }

    #[test]
    fn who_waits_for_something_else_is_woken_once_now_or_later() {
        let abort = Abort::default();
        let (sender, woken) = std::sync::mpsc::channel();
        let waker = |name| {
            let sender = sender.clone();
            move || sender.send(name).unwrap()
        };
        abort.on_set(waker("before"));
        assert!(woken.try_recv().is_err());
        abort.set();
        abort.set();
        abort.on_set(waker("after"));
        assert_eq!(woken.try_iter().collect::<Vec<_>>(), ["before", "after"]);
    }

    #[test]
    fn an_undisturbed_sleep_ends_well() {
        assert_eq!(Abort::default().sleep(Duration::from_millis(1)), Ok(()));
    }
}
