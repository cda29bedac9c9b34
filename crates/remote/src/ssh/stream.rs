//! A unix socket on the host, through the session (streamlocal, OpenSSH's PROTOCOL file, 2.4).

use std::io::{self, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use inventory::RemotePath;

use super::channel::SshChannel;
use super::link::{Failure, Link};
use crate::{HostError, HostFault};

/// A stream whose reads and writes end after the step timeout.
pub(super) struct SshStream(SshChannel);

impl SshStream {
    /// Connects to the socket `path`.
    pub(super) fn open(link: &Arc<Link>, path: &RemotePath) -> Result<Self, HostError> {
        SshChannel::open(link, format!("connect to {path}"), |session| {
            session.channel_direct_streamlocal(path.as_str(), None)
        })
        .map(Self)
        .map_err(|failure| {
            failure.or_refused(|error| {
                HostFault::Socket { path: path.to_string(), detail: error.message().to_owned() }
                    .at(&link.host)
            })
        })
    }

    /// Repeats `call` until something moved.
    fn drive(
        &mut self,
        mut call: impl FnMut(&mut SshChannel) -> Result<Option<usize>, Failure>,
    ) -> io::Result<usize> {
        let link = Arc::clone(&self.0.link);
        let deadline = Instant::now() + link.step;
        loop {
            match call(&mut self.0) {
                Ok(Some(n)) => return Ok(n),
                Ok(None) => link.wait(&self.0.step, deadline, link.step, true).map_err(to_io)?,
                Err(Failure::Refused(error)) => return Err(io::Error::other(error)),
                Err(Failure::Error(error)) => return Err(to_io(*error)),
            }
        }
    }
}

/// Keeps the error inside an [`io::Error`] with a kind that callers can act on.
fn to_io(error: HostError) -> io::Error {
    let kind = match &error {
        HostError { kind: HostFault::TimedOut { .. }, .. } => io::ErrorKind::TimedOut,
        HostError { kind: HostFault::Lost { .. }, .. } => io::ErrorKind::ConnectionReset,
        // Not `Interrupted`: `read_exact` and its like would only try again.
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, error)
}

impl Read for SshStream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.drive(|channel| channel.read(buffer))
    }
}

impl Write for SshStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.is_empty() {
            return Ok(0);
        }
        self.drive(|channel| channel.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
