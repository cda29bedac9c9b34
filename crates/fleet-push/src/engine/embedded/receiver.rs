//! `swap-release receive` on a host, talked to through the connection that started it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use agent::{AgentError, Conversation, command};
use inventory::Host;
use record::ExitCode;
use record::receive::{Event, HEARTBEAT, Order, Receive, SILENCE};
use remote::{Remote, Status};

use crate::error::Fault;
use crate::job::clock::Clock;

/// Time to take one order in; the first may be megabytes over a slow line.
const ORDER: Duration = Duration::from_secs(30);
/// Time until it listens: a receiver that lost its controller has to make way first.
const LISTENS: Duration = Duration::from_secs(30);
/// Time to end after `stop`. Everything must be over 3 s after a SIGTERM.
const STOPS: Duration = Duration::from_millis(900);
/// The same when nothing hurries.
const STOPS_AT_LEISURE: Duration = Duration::from_secs(10);
/// How long a wait for the host lasts at most before the others are looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// A receiver that runs.
pub(crate) struct Receiver {
    process: Conversation,
    heard: Instant,
    said: Instant,
}

impl Receiver {
    /// Starts it and waits until it listens; gives the port.
    pub(crate) fn start(
        remote: &dyn Remote,
        host: &Host,
        first: Receive,
        clock: &Clock,
    ) -> Result<(Self, u16), Fault> {
        let process = Conversation::start(remote, &command(host, "receive"))?;
        let mut this = Self { process, heard: Instant::now(), said: Instant::now() };
        if let Err(fault) = this.say(&Order::Receive(Box::new(first))) {
            // It has ended before it read everything: why is what counts.
            let error = this.process.ended(Instant::now() + STOPS);
            return Err(if has_ended(&error) { ended(error) } else { fault });
        }
        let until = Instant::now() + LISTENS;
        loop {
            if let Err(fault) = clock.check() {
                this.stop(STOPS);
                return Err(fault);
            }
            match this.next()? {
                Some(Event::Listening { port }) => return Ok((this, port)),
                Some(_) | None if Instant::now() < until => {}
                Some(_) | None => return Err(Fault::NotListening { after: LISTENS }),
            }
        }
    }

    /// What it says next; `None` if it says nothing for a moment. Keeps it aware of us.
    pub(crate) fn next(&mut self) -> Result<Option<Event>, Fault> {
        if self.said.elapsed() >= HEARTBEAT {
            self.say(&Order::Alive)?;
        }
        match self.process.hear(Instant::now() + GLANCE) {
            Ok(Some(event)) => {
                self.heard = Instant::now();
                Ok(Some(event))
            }
            // One of a newer version, which may say more.
            Err(error @ AgentError::Answer { .. }) => {
                log::debug!("{error}");
                self.heard = Instant::now();
                Ok(None)
            }
            Ok(None) if self.heard.elapsed() >= SILENCE => Err(Fault::Silent { after: SILENCE }),
            Ok(None) => Ok(None),
            Err(error) => Err(ended(error)),
        }
    }

    /// Has it dial these.
    pub(crate) fn introduce(
        &mut self,
        seeders: impl IntoIterator<Item = SocketAddr>,
        others: impl IntoIterator<Item = SocketAddr>,
    ) -> Result<(), Fault> {
        let order =
            Order::Peers { seeders: seeders.into_iter().collect(), others: others.into_iter().collect() };
        self.say(&order)
    }

    /// Tells it to end and waits for that; gives the bytes it has sent, if it still says so.
    pub(crate) fn stop_at_leisure(self) -> Option<u64> {
        self.stop(STOPS_AT_LEISURE)
    }

    /// The same in a hurry.
    pub(crate) fn stop_now(self) -> Option<u64> {
        self.stop(STOPS)
    }

    fn stop(mut self, patience: Duration) -> Option<u64> {
        let until = Instant::now() + patience;
        let mut uploaded = None;
        if let Err(error) = self.process.order(&Order::Stop, until) {
            log::info!("{error}");
            return None;
        }
        loop {
            match self.process.hear(until) {
                Ok(Some(Event::Ended { uploaded: bytes })) => uploaded = Some(bytes),
                Ok(Some(_)) | Err(AgentError::Answer { .. }) => {}
                Ok(None) | Err(_) => return uploaded,
            }
        }
    }

    fn say(&mut self, order: &Order) -> Result<(), Fault> {
        self.said = Instant::now();
        Ok(self.process.order(order, Instant::now() + ORDER)?)
    }
}

fn has_ended(error: &AgentError) -> bool {
    matches!(error, AgentError::Failed { status: Some(_), .. })
}

/// The fault that its end is.
fn ended(error: AgentError) -> Fault {
    let code = error.exit_code();
    match error {
        AgentError::Failed { status: Some(status @ Status::Signalled(_)), .. } => {
            Fault::Killed { reason: status.to_string() }
        }
        AgentError::Failed { reason, hint, .. } => match code {
            Some(ExitCode::Busy) => Fault::Busy { reason },
            Some(ExitCode::Mismatch) => Fault::Payload { reason },
            code => Fault::Receiver { reason, code, hint },
        },
        error => error.into(),
    }
}
