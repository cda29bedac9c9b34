//! Ending on SIGTERM. Jenkins aborts with SIGTERM only and never kills, so a binary that misses it goes on deploying
//! after the build shows ABORTED.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use record::ExitCode;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// The process ends by itself this long after the first signal, whatever hangs. State is written within 3 s.
const WATCHDOG: Duration = Duration::from_millis(4500);

/// How often a sleeping thread looks at the flag.
const GLANCE: Duration = Duration::from_millis(20);

/// The wish to end, shared by all threads. Long loops look at it often.
#[derive(Debug, Clone, Default)]
pub struct Abort(Arc<AtomicBool>);

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
        self.0.store(true, Ordering::SeqCst);
    }

    /// True once somebody asked to end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// The flag itself, for libraries that know no `Abort`.
    #[must_use]
    pub fn flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.0)
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
    fn an_undisturbed_sleep_ends_well() {
        assert_eq!(Abort::default().sleep(Duration::from_millis(1)), Ok(()));
    }
}
