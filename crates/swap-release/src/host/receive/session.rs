//! From listening to the end: what the peer, the controller and the staging say is heard in one loop.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use cli::{Abort, Console, sanitize};
use record::ExitCode;
use record::receive::{self, Event, HEARTBEAT, Order};
use swarm_peer::{Peer, Status};

use super::inbox::Inbox;
use super::opening::Opening;
use super::staging::Staging;
use super::turn::Turn;
use crate::Error;
use crate::host::verbs::confirm::say;

/// How long one turn of the loop waits for the controller. How far the peer is, and whether it staged, is looked up and not
/// sent, so that the loop goes on without an order, too.
const GLANCE: Duration = Duration::from_millis(20);
/// Between two lines of progress, while there is any.
const REPORT: Duration = Duration::from_millis(200);
/// How long nobody may lack anything, with the controller gone, before this peer leaves, too.
const ALL_SERVED: Duration = Duration::from_secs(2);

/// One push on this host.
pub(super) struct Session<'a> {
    pub(super) deploy_to: &'a Path,
    pub(super) opening: &'a Opening,
    pub(super) peer: Peer,
    pub(super) inbox: Inbox,
    pub(super) turn: Turn,
    pub(super) console: &'a Console,
    pub(super) abort: &'a Abort,
}

/// What the loop remembers.
struct State {
    seeders: Vec<SocketAddr>,
    reported: receive::Progress,
    reported_at: Instant,
    /// The last new byte, of ours or given to others.
    moved_at: Instant,
    served_at: Option<Instant>,
    complete: bool,
    staging: Option<Staging>,
    staged: bool,
}

impl Session<'_> {
    pub(super) fn run(mut self) -> Result<ExitCode, Error> {
        self.say(&Event::Listening { port: self.peer.address().port() });
        let now = Instant::now();
        let mut state = State {
            seeders: Vec::new(),
            reported: receive::Progress::default(),
            reported_at: now,
            moved_at: now,
            served_at: None,
            complete: false,
            staging: None,
            staged: false,
        };
        let ended = self.listen(&mut state);
        if let Some(staging) = state.staging.take() {
            staging.abort();
        }
        let console = self.console;
        let summary = self.peer.stop();
        say(console, &Event::Ended { uploaded: summary.status.uploaded });
        ended.map(|()| ExitCode::Ok)
    }

    /// Until there is no more to do.
    fn listen(&mut self, state: &mut State) -> Result<(), Error> {
        loop {
            self.abort.check()?;
            while let Some(event) = self.peer.wait(Duration::ZERO) {
                self.hear(event)?;
            }
            match self.inbox.next(GLANCE) {
                Some(Order::Peers { seeders, others }) => {
                    self.peer.introduce(&seeders);
                    self.peer.introduce(&others);
                    state.seeders.extend(seeders);
                }
                Some(Order::Stop) => return self.stopped(state),
                Some(Order::Alive | Order::Receive(_)) | None => {}
            }
            if self.turn.is_over(self.inbox.is_gone()) {
                return Err(Error::taken_over());
            }
            self.turn.check()?;
            let status = self.peer.status();
            self.report(state, &status);
            self.stage(state, &status)?;
            if self.inbox.is_gone() {
                if self.is_done_alone(state, &status)? {
                    return Ok(());
                }
            } else if !status.complete && state.moved_at.elapsed() >= self.opening.stall {
                return Err(stalled(&status, self.opening.stall));
            }
        }
    }

    fn hear(&self, event: swarm_peer::Event) -> Result<(), Error> {
        match event {
            swarm_peer::Event::Banned(ban) => {
                let why = ban.reason.to_string();
                self.console.warn(format!("{} is banned: {}", ban.address, sanitize(&why)));
                self.say(&Event::Banned { peer: ban.address, why });
                Ok(())
            }
            swarm_peer::Event::Failed(error) => Err(error.into()),
            swarm_peer::Event::Checked { .. }
            | swarm_peer::Event::Progress { .. }
            | swarm_peer::Event::Completed
            | swarm_peer::Event::Stalled { .. } => Ok(()),
        }
    }

    /// Says how it stands when there is something new, and now and then without.
    fn report(&self, state: &mut State, status: &Status) {
        let from_seeders = |source: &&swarm_peer::Source| state.seeders.contains(&source.address);
        let progress = receive::Progress {
            bytes: status.verified,
            checking: !status.checked,
            peers: u32::try_from(status.connected).unwrap_or(u32::MAX),
            received: status.downloaded,
            from_seeders: status.sources.iter().filter(from_seeders).map(|source| source.downloaded).sum(),
            uploaded: status.uploaded,
        };
        let moved = progress.bytes != state.reported.bytes || progress.uploaded != state.reported.uploaded;
        if moved || progress.checking {
            state.moved_at = Instant::now();
        }
        let due = if progress == state.reported { HEARTBEAT } else { REPORT };
        if state.reported_at.elapsed() >= due || (status.complete && !state.complete) {
            self.say(&Event::Progress(progress));
            state.reported_at = Instant::now();
            state.reported = progress;
        }
    }

    fn stage(&self, state: &mut State, status: &Status) -> Result<(), Error> {
        if status.complete && !state.complete {
            state.complete = true;
            self.say(&Event::Complete { received: status.size.saturating_sub(status.resumed) });
            if self.opening.stage {
                let payload =
                    self.deploy_to.join("incoming").join(self.opening.release.payload.file.as_str());
                state.staging = Some(Staging::start(self.deploy_to, &payload, self.opening));
            }
        }
        if let Some(staging) = state.staging.take_if(|staging| staging.is_done()) {
            let reply = staging.finish()?;
            state.staged = true;
            self.say(&Event::Staged(reply));
        }
        Ok(())
    }

    /// With the controller gone: whether there is nothing left to do, neither here nor for others. An error when this host
    /// lacks something and nothing has moved for the whole grace period.
    fn is_done_alone(&self, state: &mut State, status: &Status) -> Result<bool, Error> {
        if state.staging.is_some() {
            return Ok(false);
        }
        let lacking = status.sources.iter().any(|source| source.connected && !source.complete);
        if state.moved_at.elapsed() >= self.opening.grace {
            return if status.complete { Ok(true) } else { Err(stalled(status, self.opening.grace)) };
        }
        if !status.complete || lacking {
            state.served_at = None;
            return Ok(false);
        }
        Ok(state.served_at.get_or_insert_with(Instant::now).elapsed() >= ALL_SERVED)
    }

    fn stopped(&self, state: &State) -> Result<(), Error> {
        if state.staged || !self.opening.stage { Ok(()) } else { Err(Error::Aborted) }
    }

    fn say(&self, event: &Event) {
        say(self.console, event);
    }
}

fn stalled(status: &Status, after: Duration) -> Error {
    Error::stalled(status.verified, status.size, status.connected, after)
}
