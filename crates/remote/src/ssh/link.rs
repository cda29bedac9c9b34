//! One non-blocking libssh2 session and the waiting for it.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use inventory::HostName;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt;
use ssh2::{BlockDirections, ErrorCode, Session};

use super::noise::WarnedHosts;
use super::options::SshOptions;
use crate::{HostError, HostFault, Interrupt};

/// The longest single wait: an interrupt is noticed this soon, and data that another channel's read took off the socket.
const SLICE: Duration = Duration::from_millis(100);

/// A session and its socket. Channels share it by `Arc`.
pub(super) struct Link {
    pub(super) host: HostName,
    pub(super) session: Session,
    /// The session's own socket once more, for poll(2).
    pub(super) socket: OwnedFd,
    pub(super) interrupt: Interrupt,
    pub(super) step: Duration,
    /// Held through every call into libssh2: its packets must not be interleaved, and it frees channels without a lock of
    /// its own.
    busy: Mutex<()>,
    /// Session channels that are open, and the most that the server allows, as far as that is known.
    sessions: AtomicUsize,
    allowed: AtomicUsize,
    opened: AtomicUsize,
    warned: WarnedHosts,
    /// What came of the account that was no answer.
    noise: Mutex<Option<String>>,
}

/// Why a call into libssh2 did not succeed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It would have to wait.
    WouldBlock,
    /// The connection is gone.
    Lost(String),
    /// The server said no.
    Refused(ssh2::Error),
}

/// Codes of libssh2.h that mean the transport is gone: SOCKET_SEND, SOCKET_DISCONNECT, PROTO, SOCKET_TIMEOUT, SOCKET_RECV,
/// BAD_SOCKET, and TIMEOUT and DECRYPT, after which the session cannot go on either.
const LOST: [i32; 8] = [-7, -13, -14, -30, -43, -45, -9, -12];
const EAGAIN: i32 = -37;

impl From<ssh2::Error> for Trouble {
    fn from(error: ssh2::Error) -> Self {
        match error.code() {
            ErrorCode::Session(EAGAIN) => Self::WouldBlock,
            ErrorCode::Session(code) if LOST.contains(&code) => Self::Lost(error.message().to_owned()),
            ErrorCode::Session(_) | ErrorCode::SFTP(_) => Self::Refused(error),
        }
    }
}

impl Trouble {
    /// Why a read or write of a channel of `session` did not succeed. ssh2's Read and Write keep the words of an error and drop
    /// its code, which the session remembers: a command that reads no more is not a connection that is gone.
    pub(super) fn of_io(session: &Session, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::WouldBlock {
            return Self::WouldBlock;
        }
        match ssh2::Error::last_session_error(session) {
            Some(last) if last.code() != ErrorCode::Session(EAGAIN) => Self::from(last),
            _ => Self::Lost(error.to_string()),
        }
    }
}

impl Link {
    pub(super) fn new(host: HostName, session: Session, socket: OwnedFd, options: &SshOptions) -> Self {
        Self {
            host,
            session,
            socket,
            interrupt: options.interrupt.clone(),
            step: options.timeouts.step,
            busy: Mutex::new(()),
            sessions: AtomicUsize::new(0),
            allowed: AtomicUsize::new(usize::MAX),
            opened: AtomicUsize::new(0),
            warned: options.warned.clone(),
            noise: Mutex::new(None),
        }
    }

    /// Whether the server may allow one more session.
    pub(super) fn has_room(&self) -> bool {
        self.sessions.load(Ordering::SeqCst) < self.allowed.load(Ordering::SeqCst)
    }

    /// A session was opened.
    pub(super) fn session_opened(&self) {
        self.sessions.fetch_add(1, Ordering::SeqCst);
        self.opened.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether there was one at any time.
    pub(super) fn had_sessions(&self) -> bool {
        self.opened.load(Ordering::SeqCst) > 0
    }

    /// A session has ended.
    pub(super) fn session_closed(&self) {
        self.sessions.fetch_sub(1, Ordering::SeqCst);
    }

    /// The server refused one more session (sshd's MaxSessions): how many it has.
    pub(super) fn session_refused(&self) -> usize {
        let open = self.sessions.load(Ordering::SeqCst);
        // One that is being closed may still count over there.
        self.allowed.fetch_min(open.max(1), Ordering::SeqCst);
        open
    }

    /// The account `said` something that was not asked for.
    pub(super) fn noisy(&self, said: &str) {
        self.warned.warn(&self.host, said);
        self.noise.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| said.to_owned());
    }

    /// What it said, the first time.
    pub(super) fn noise(&self) -> Option<String> {
        self.noise.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The exclusive right to call into libssh2.
    pub(super) fn hold(&self) -> MutexGuard<'_, ()> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Repeats `call` until it does not block any more, alone on the session: for calls that keep their state in the
    /// session (opening a channel, SFTP) and so must not meet another of their kind half-way.
    pub(super) fn run<T, E: Into<Trouble>>(
        &self,
        step: &str,
        limit: Duration,
        mut call: impl FnMut(&Session) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let _alone = self.hold();
        let deadline = Instant::now() + limit;
        loop {
            match call(&self.session).map_err(Into::into) {
                Ok(value) => return Ok(value),
                Err(Trouble::WouldBlock) => self.wait(step, deadline, limit, true)?,
                Err(Trouble::Lost(detail)) => return Err(self.lost(step, &detail).into()),
                Err(Trouble::Refused(error)) => return Err(Failure::Refused(error)),
            }
        }
    }

    /// Calls once; a packet already half-sent is finished first, since libssh2 lets nothing else pass it. `Ok(None)` when
    /// the server has to send something first.
    pub(super) fn attempt<T, E: Into<Trouble>>(
        &self,
        step: &str,
        mut call: impl FnMut() -> Result<T, E>,
    ) -> Result<Option<T>, Failure> {
        let _alone = self.hold();
        let deadline = Instant::now() + self.step;
        loop {
            match call().map_err(Into::into) {
                Ok(value) => return Ok(Some(value)),
                Err(Trouble::WouldBlock) if self.is_blocked_outbound() => {
                    self.wait(step, deadline, self.step, false)?;
                }
                Err(Trouble::WouldBlock) => return Ok(None),
                Err(Trouble::Lost(detail)) => return Err(self.lost(step, &detail).into()),
                Err(Trouble::Refused(error)) => return Err(Failure::Refused(error)),
            }
        }
    }

    pub(super) fn is_blocked_outbound(&self) -> bool {
        matches!(self.session.block_directions(), BlockDirections::Outbound | BlockDirections::Both)
    }

    /// Waits a moment for the socket; an error once `deadline` has passed or, if `interruptible`, on an interrupt.
    pub(super) fn wait(
        &self,
        step: &str,
        deadline: Instant,
        limit: Duration,
        interruptible: bool,
    ) -> Result<(), HostError> {
        if interruptible && self.interrupt.is_raised() {
            return Err(HostFault::Interrupted { step: step.to_owned() }.at(&self.host));
        }
        if Instant::now() >= deadline {
            return Err(HostFault::TimedOut { step: step.to_owned(), after: limit }.at(&self.host));
        }
        self.sleep_until(deadline);
        Ok(())
    }

    /// Sleeps until the socket can do what the session waits for, `deadline`, or a slice of time has passed.
    pub(super) fn sleep_until(&self, deadline: Instant) {
        let slice = deadline.saturating_duration_since(Instant::now()).min(SLICE);
        let flags = match self.session.block_directions() {
            BlockDirections::Outbound => PollFlags::OUT,
            BlockDirections::Both => PollFlags::IN | PollFlags::OUT,
            BlockDirections::Inbound | BlockDirections::None => PollFlags::IN,
        };
        let timeout = Timespec::try_from(slice).ok();
        // sshd leaves Nagle's algorithm on for sockets: without an ACK at once every call through one takes 40 ms more.
        // The kernel forgets this option, so it is set before each wait (tcp(7)).
        let _only_slower = sockopt::set_tcp_quickack(&self.socket, true);
        // EINTR and other errors only shorten the wait; the next call into libssh2 meets whatever is wrong.
        let _woken = poll(&mut [PollFd::new(&self.socket, flags)], timeout.as_ref());
    }

    pub(super) fn lost(&self, step: &str, detail: &str) -> HostError {
        HostFault::Lost { step: step.to_owned(), detail: detail.to_owned() }.at(&self.host)
    }
}

/// The end of [`Link::run`] without success. A refusal is kept apart: what it means depends on the step.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server said no on a sound connection.
    Refused(ssh2::Error),
    /// Everything else, already told; boxed, since it is rare and large.
    Error(Box<HostError>),
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::Error(Box::new(error))
    }
}

impl Failure {
    /// A refusal as `refused` tells it.
    pub(super) fn or_refused(self, refused: impl FnOnce(&ssh2::Error) -> HostError) -> HostError {
        match self {
            Self::Refused(error) => refused(&error),
            Self::Error(error) => *error,
        }
    }
}
