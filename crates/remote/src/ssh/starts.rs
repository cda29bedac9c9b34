//! How many sessions may be starting at one sshd at the same time.
//!
//! sshd drops connections at random once 10 are not logged in yet (`MaxStartups 10:30:100`, sshd_config(5)), which a fleet
//! behind one bastion meets at once, and each drop looks like a broken network.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use inventory::Host;

use crate::{HandshakeFault, HostError, HostFault, Interrupt};

/// At one sshd. Below its 10: others log in there too, and sshd counts a session a moment longer than we do.
const MOST: usize = 7;
/// Between two looks at the interrupt.
const GLANCE: Duration = Duration::from_millis(50);
/// Before the second attempt at an sshd that was full; each further one waits twice as long as the one before it.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Counts the sessions that are starting, by the sshd that is really dialled. Clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Starts(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    places: Mutex<HashMap<String, Place>>,
    ended: Condvar,
}

/// One sshd.
#[derive(Debug, Default)]
struct Place {
    /// Sessions that are starting.
    starting: usize,
    /// Sessions that have answered, well or not, since the first one.
    answered: u64,
}

impl Starts {
    /// Runs `start`, which gets its deadline, as soon as there is room for one more at `host`.
    ///
    /// The wait is not part of the time for connecting, as long as those before it get answers; where all hang, who waits
    /// would only hang after them.
    ///
    /// An sshd that has no room all the same, since others log in there too, is asked again for as long as connecting may
    /// take. Nothing has been said to it by then, so a second attempt is as good as the first.
    pub(super) fn start<T>(
        &self,
        host: &Host,
        patience: Duration,
        interrupt: &Interrupt,
        start: impl Fn(Instant) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let place = place(host);
        let until = Instant::now() + patience;
        let mut pause = PAUSE;
        loop {
            let result = self.start_once(&place, host, patience, interrupt, &start);
            let is_full = matches!(
                &result,
                Err(HostError { kind: HostFault::Handshake { fault: HandshakeFault::Full, .. }, .. })
            );
            if !is_full || Instant::now() + pause >= until {
                return result;
            }
            log::debug!("{}: no room at {} port {}, once more", host.name, host.address, host.port);
            Self::pause(pause, host, interrupt)?;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Waits without a place, so that others may have it.
    fn pause(pause: Duration, host: &Host, interrupt: &Interrupt) -> Result<(), HostError> {
        let until = Instant::now() + pause;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            if interrupt.is_raised() {
                let step = format!("room at {} port {}", host.address, host.port);
                return Err(HostFault::Interrupted { step }.at(&host.name));
            }
            thread::sleep(left.min(GLANCE));
        }
        Ok(())
    }

    fn start_once<T>(
        &self,
        place: &str,
        host: &Host,
        patience: Duration,
        interrupt: &Interrupt,
        start: impl Fn(Instant) -> Result<T, HostError>,
    ) -> Result<T, HostError> {
        let mut entered = self.enter(place, host, patience, interrupt)?;
        let result = start(Instant::now() + patience);
        entered.answered = !result.as_ref().is_err_and(is_silence);
        result.map_err(|error| match error {
            // Not what was left for its last step.
            HostError { host, kind: HostFault::TimedOut { step, .. } } => {
                HostError { host, kind: HostFault::TimedOut { step, after: patience } }
            }
            error => error,
        })
    }

    fn enter(
        &self,
        place: &str,
        host: &Host,
        patience: Duration,
        interrupt: &Interrupt,
    ) -> Result<Entered, HostError> {
        let mut places = self.0.lock();
        let (mut until, mut seen) = (Instant::now() + patience, None);
        loop {
            let step = || format!("log-in of others at {} port {}", host.address, host.port);
            if interrupt.is_raised() {
                return Err(HostFault::Interrupted { step: step() }.at(&host.name));
            }
            let there = places.entry(place.to_owned()).or_default();
            if there.starting < MOST {
                there.starting += 1;
                return Ok(Entered { counts: Arc::clone(&self.0), place: place.to_owned(), answered: true });
            }
            if seen.replace(there.answered) != Some(there.answered) {
                until = Instant::now() + patience;
            } else if Instant::now() >= until {
                return Err(HostFault::TimedOut { step: step(), after: patience }.at(&host.name));
            }
            let waited = self.0.ended.wait_timeout(places, GLANCE);
            places = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Counts {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room for one session, free again when dropped.
#[derive(Debug)]
struct Entered {
    counts: Arc<Counts>,
    place: String,
    answered: bool,
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(place) = self.counts.lock().get_mut(&self.place) {
            place.starting = place.starting.saturating_sub(1);
            place.answered += u64::from(self.answered);
        }
        self.counts.ended.notify_all();
    }
}

/// Whether nothing was heard from there in the whole time.
fn is_silence(error: &HostError) -> bool {
    match error {
        HostError { kind: HostFault::TimedOut { .. }, .. } => true,
        HostError { kind: HostFault::Unreachable { source, .. }, .. } => {
            source.kind() == io::ErrorKind::TimedOut
        }
        _ => false,
    }
}

/// The way to an sshd: the same address behind two jump hosts is two servers.
fn place(host: &Host) -> String {
    let way = host.jump.iter().map(|jump| format!("{} {} > ", jump.address, jump.port));
    way.chain([format!("{} {}", host.address, host.port)]).collect()
}
