//! An open channel that is closed properly whatever happens.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ssh2::{Channel, Session};

use super::link::{Failure, Link, Trouble};
use crate::access::Status;
use crate::{HostError, HostFault};

/// Extended data of type 1 is standard error (RFC 4254, 5.2).
const STDERR: i32 = 1;
/// How long a server may take to confirm that a channel is closed.
const CLOSING: Duration = Duration::from_secs(2);

/// A channel and the link it runs on.
pub(super) struct SshChannel {
    pub(super) link: Arc<Link>,
    channel: Option<Channel>,
    pub(super) step: String,
    /// It is one of those that sshd's MaxSessions counts.
    is_session: bool,
}

impl SshChannel {
    /// Opens a channel by `open`; `step` names it in errors.
    pub(super) fn open(
        link: &Arc<Link>,
        step: impl Into<String>,
        open: impl FnMut(&Session) -> Result<Channel, ssh2::Error>,
    ) -> Result<Self, Failure> {
        Self::open_within(link, step, link.step, open)
    }

    /// The same in another time than that for a step.
    pub(super) fn open_within(
        link: &Arc<Link>,
        step: impl Into<String>,
        limit: Duration,
        open: impl FnMut(&Session) -> Result<Channel, ssh2::Error>,
    ) -> Result<Self, Failure> {
        let step = step.into();
        let channel = link.run(&step, limit, open)?;
        Ok(Self { link: Arc::clone(link), channel: Some(channel), step, is_session: false })
    }

    /// Opens a session channel and starts `command` on it.
    pub(super) fn start(link: &Arc<Link>, step: impl Into<String>, command: &str) -> Result<Self, HostError> {
        let step = step.into();
        let mut this = Self::open(link, step, Session::channel_session).map_err(|failure| {
            failure.or_refused(|error| {
                HostFault::NoSession { open: link.session_refused(), detail: error.message().to_owned() }
                    .at(&link.host)
            })
        })?;
        link.session_opened();
        this.is_session = true;
        let (link, step) = (Arc::clone(&this.link), this.step.clone());
        link.run(&step, link.step, |_| this.channel()?.exec(command))
            .map_err(|failure| refuse(&link, &step, failure))?;
        Ok(this)
    }

    fn channel(&mut self) -> Result<&mut Channel, ssh2::Error> {
        // Only a dropped value has none.
        self.channel.as_mut().ok_or_else(ssh2::Error::eof)
    }

    /// Reads what is there: `None` when nothing is yet, `Some(0)` at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        let (link, step) = (Arc::clone(&self.link), self.step.clone());
        let of_io = |error| Trouble::of_io(&link.session, &error);
        link.attempt(&step, || self.channel().map_err(Trouble::from)?.read(buffer).map_err(of_io))
    }

    /// Like [`SshChannel::read`], for standard error.
    pub(super) fn read_stderr(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Failure> {
        let (link, step) = (Arc::clone(&self.link), self.step.clone());
        let of_io = |error| Trouble::of_io(&link.session, &error);
        link.attempt(&step, || {
            self.channel().map_err(Trouble::from)?.stream(STDERR).read(buffer).map_err(of_io)
        })
    }

    /// Writes what the server has room for; `None` when it has none.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        let (link, step) = (Arc::clone(&self.link), self.step.clone());
        let of_io = |error| Trouble::of_io(&link.session, &error);
        link.attempt(&step, || self.channel().map_err(Trouble::from)?.write(bytes).map_err(of_io))
    }

    /// Ends the other side's input.
    pub(super) fn send_eof(&mut self) -> Result<(), HostError> {
        let (link, step) = (Arc::clone(&self.link), self.step.clone());
        link.run(&step, link.step, |_| self.channel()?.send_eof())
            .map_err(|failure| refuse(&link, &step, failure))
    }

    /// Whether the other side has sent everything and it has been read.
    pub(super) fn at_end(&mut self) -> bool {
        let _alone = self.link.hold();
        self.channel.as_ref().is_none_or(Channel::eof)
    }

    /// How the command ended, once the server has closed the channel; `None` while it has not. Call it only at the end
    /// of the output.
    pub(super) fn status(&mut self) -> Result<Option<Status>, HostError> {
        let (link, step) = (Arc::clone(&self.link), self.step.clone());
        // Not `close`: a server told that the channel is closed need not report the status any more.
        let closed = link.attempt(&step, || self.channel()?.wait_close());
        let refuse = |failure| refuse(&link, &step, failure);
        if closed.map_err(refuse)?.is_none() {
            return Ok(None);
        }
        let _alone = link.hold();
        let ended = self.channel().and_then(|channel| {
            let signal = channel.exit_signal()?.exit_signal;
            Ok(match signal {
                Some(name) => Status::Signalled(name),
                None => Status::Exited(channel.exit_status()?),
            })
        });
        ended.map(Some).map_err(|error| link.lost(&step, error.message()))
    }
}

impl Drop for SshChannel {
    fn drop(&mut self) {
        let Some(mut channel) = self.channel.take() else { return };
        // A channel freed before the server confirms its end stays open there and in libssh2's memory.
        let deadline = Instant::now() + CLOSING;
        let _alone = self.link.hold();
        while let Err(Trouble::WouldBlock) = channel.close().map_err(Trouble::from) {
            if Instant::now() >= deadline || self.link.interrupt.is_raised() {
                break;
            }
            self.link.sleep_until(deadline);
        }
        drop(channel);
        if self.is_session {
            self.link.session_closed();
        }
    }
}

/// A refusal of `step` by the server.
pub(super) fn refuse(link: &Link, step: &str, failure: Failure) -> HostError {
    failure.or_refused(|error| {
        HostFault::Refused { step: step.to_owned(), detail: error.message().to_owned() }.at(&link.host)
    })
}
