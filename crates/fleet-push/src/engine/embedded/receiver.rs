//! `swap-release receive` on a host, talked to through the connection that started it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use inventory::Host;
use record::ExitCode;
use record::receive::{Event, HEARTBEAT, Order, Receive, SILENCE};
use remote::{Argv, LineRead, Output, Process, Remote, Status};

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
    process: Box<dyn Process>,
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
        let argv =
            Argv::new(host.swap_release.as_str()).args(["receive", "--deploy-to", host.deploy_to.as_str()]);
        let process = remote.spawn(&argv)?;
        let mut this = Self { process, heard: Instant::now(), said: Instant::now() };
        if let Err(fault) = this.say(&Order::Receive(Box::new(first))) {
            // It has ended before it read everything: why is what counts.
            return Err(this.why_ended().unwrap_or(fault));
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
        match self.process.read_line(Instant::now() + GLANCE)? {
            LineRead::Line(line) => {
                self.heard = Instant::now();
                // What a login script prints comes this way, too.
                let event = serde_json::from_str(&line);
                Ok(event.map_err(|error| log::debug!("not an event: {error}")).ok())
            }
            LineRead::TimedOut if self.heard.elapsed() >= SILENCE => Err(Fault::Silent { after: SILENCE }),
            LineRead::TimedOut => Ok(None),
            LineRead::End => Err(self.why_ended().unwrap_or(Fault::Receiver {
                reason: "it closed its output and does not end".into(),
                code: None,
                hint: None,
            })),
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
        if let Err(error) = self.process.write(&line(&Order::Stop), until) {
            log::info!("{error}");
            return None;
        }
        while let Ok(LineRead::Line(line)) = self.process.read_line(until) {
            if let Ok(Event::Ended { uploaded: bytes }) = serde_json::from_str(&line) {
                uploaded = Some(bytes);
            }
        }
        let _still_there = self.process.wait(until);
        uploaded
    }

    fn say(&mut self, order: &Order) -> Result<(), Fault> {
        self.said = Instant::now();
        Ok(self.process.write(&line(order), Instant::now() + ORDER)?)
    }

    /// The fault that its end is, once it has ended.
    fn why_ended(&mut self) -> Option<Fault> {
        let status = self.process.wait(Instant::now() + STOPS).ok()?;
        let stderr = self.process.stderr().into_bytes();
        let code = status.code().and_then(|code| u8::try_from(code).ok()).and_then(ExitCode::from_number);
        let killed = matches!(status, Status::Signalled(_));
        let output = Output { status, stdout: Vec::new(), stderr, stdout_cut: false };
        if killed {
            return Some(Fault::Killed { reason: output.status.to_string() });
        }
        Some(match code {
            Some(ExitCode::Busy) => Fault::Busy { reason: output.reason() },
            Some(ExitCode::Mismatch) => Fault::Payload { reason: output.reason() },
            code => Fault::Receiver { reason: output.reason(), code, hint: output.hint() },
        })
    }
}

/// One line; the types of an order have nothing that cannot be written as JSON.
fn line(order: &Order) -> Vec<u8> {
    let mut line = serde_json::to_vec(order).unwrap_or_default();
    line.push(b'\n');
    line
}
