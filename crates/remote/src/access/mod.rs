//! What can be done on a host, whatever the way to it.

mod capture;
mod output;

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use inventory::{HostName, RemotePath};

pub(crate) use self::capture::Capture;
pub use self::output::{Output, Status};
use crate::{Argv, HostError};

/// What is kept of a command's standard output; swap-release's longest answer, a status of many releases, is far below.
pub(crate) const STDOUT_LIMIT: usize = 4 << 20;
/// What is kept of a command's standard error: the end, where the reason is.
pub(crate) const STDERR_LIMIT: usize = 64 << 10;
/// Longest line a [`Process`] may print.
pub(crate) const LINE_LIMIT: usize = 1 << 20;

/// Effects on one host. Every call is bounded in time; text from the host is as hostile as the host.
pub trait Remote: Send {
    /// The host's name in the inventory.
    fn name(&self) -> &HostName;

    /// Runs a command to its end, gives it `stdin` and then end of file. A non-zero status is not an error. At most 4 MiB
    /// of standard output (its beginning) and 64 KiB of standard error (its end) are kept.
    ///
    /// # Errors
    /// The command could not be started, did not end in time, or the connection broke.
    fn exec(&self, argv: &Argv, stdin: &[u8], timeout: Duration) -> Result<Output, HostError>;

    /// Starts a command and leaves it running, to be talked with line by line.
    ///
    /// # Errors
    /// The command could not be started.
    fn spawn(&self, argv: &Argv) -> Result<Box<dyn Process>, HostError>;

    /// Puts a file (mode 0644) in place at once: written under a temporary name in the same directory, then renamed, so
    /// that nobody ever sees half of it; an existing file is replaced. The directory must exist.
    ///
    /// # Errors
    /// The file could not be written; whatever was there before is still there.
    fn upload(&self, bytes: &[u8], path: &RemotePath) -> Result<(), HostError>;

    /// Opens a stream to a unix socket on the host.
    ///
    /// # Errors
    /// Nobody listens, it may not be opened, or the server forbids it.
    fn unix_socket(&self, path: &RemotePath) -> Result<Box<dyn ByteStream>, HostError>;

    /// What the account has printed around an answer so far that was not asked for, in one line; answers are free of it.
    fn noise(&self) -> Option<String> {
        None
    }
}

/// A stream of bytes both ways; reads and writes end after the step timeout with `TimedOut`.
pub trait ByteStream: Read + Write + Send {}

impl<T: Read + Write + Send> ByteStream for T {}

/// A running command. Dropping it closes its input and gives it up; it is not waited for.
///
/// An [`Interrupt`](crate::Interrupt) does not end these waits, their deadlines do: after SIGTERM a controller may still
/// have to tell a host to revert.
pub trait Process: Send {
    /// The next line of standard output, without its line end.
    ///
    /// # Errors
    /// The connection broke, or a line is longer than 1 MiB.
    fn read_line(&mut self, deadline: Instant) -> Result<LineRead, HostError>;

    /// Writes to standard input.
    ///
    /// # Errors
    /// The command has ended, does not read, or the connection broke.
    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), HostError>;

    /// Ends standard input.
    ///
    /// # Errors
    /// The connection broke.
    fn close_stdin(&mut self) -> Result<(), HostError>;

    /// Waits for the end, throwing away lines not yet read.
    ///
    /// # Errors
    /// [`TimedOut`](crate::HostFault::TimedOut) at the deadline (it may be called again), or the connection broke.
    fn wait(&mut self, deadline: Instant) -> Result<Status, HostError>;

    /// The end of standard error so far, at most 64 KiB.
    fn stderr(&self) -> String;
}

/// What [`Process::read_line`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineRead {
    /// A line.
    Line(String),
    /// The deadline passed first.
    TimedOut,
    /// There are no more lines.
    End,
}
