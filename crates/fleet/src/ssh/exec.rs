//! A command run to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::channel::{SshChannel, refuse};
use super::link::{Failure, Link};
use crate::remote::{Capture, Output, STDERR_LIMIT, STDOUT_LIMIT};
use crate::{Argv, Error};

/// Runs `argv` with `stdin`, all within `timeout`.
pub(super) fn exec(link: &Arc<Link>, argv: &Argv, stdin: &[u8], timeout: Duration) -> Result<Output, Error> {
    let deadline = Instant::now() + timeout;
    let command = argv.to_shell().ok_or_else(|| Error::NulInArgument {
        host: link.host.clone(),
        program: argv.program_name().to_owned(),
    })?;
    let step = argv.program_name();
    let mut channel = SshChannel::start(link, step, &command)?;
    let mut input = Input { left: stdin, open: true };
    let (mut stdout, mut stderr) = (Capture::head(STDOUT_LIMIT), Capture::tail(STDERR_LIMIT));
    loop {
        let mut moved = input.feed(&mut channel)?;
        moved |= drain(&mut channel, SshChannel::read, &mut stdout)?;
        moved |= drain(&mut channel, SshChannel::read_stderr, &mut stderr)?;
        if channel.at_end() {
            break;
        }
        if !moved {
            link.wait(step, deadline, timeout, true)?;
        } else if Instant::now() >= deadline {
            // A command that never stops talking has a deadline too.
            return Err(Error::TimedOut { host: link.host.clone(), step: step.to_owned(), after: timeout });
        }
    }
    let status = loop {
        if let Some(status) = channel.status()? {
            break status;
        }
        link.wait(step, deadline, timeout, true)?;
    };
    let (stdout, stdout_cut) = stdout.finish();
    Ok(Output { status, stdout, stderr: stderr.finish().0, stdout_cut })
}

/// What is still to be written to the command.
struct Input<'a> {
    left: &'a [u8],
    open: bool,
}

impl Input<'_> {
    /// Writes what can be written; true when something was.
    fn feed(&mut self, channel: &mut SshChannel) -> Result<bool, Error> {
        if !self.open {
            return Ok(false);
        }
        if self.left.is_empty() {
            self.open = false;
            channel.send_eof()?;
            return Ok(true);
        }
        match channel.write(self.left) {
            Ok(Some(written)) => {
                self.left = self.left.get(written..).unwrap_or_default();
                Ok(true)
            }
            Ok(None) => Ok(false),
            // The command has ended without reading all of it; its status will tell.
            Err(Failure::Refused(_)) => {
                self.open = false;
                Ok(true)
            }
            Err(Failure::Error(error)) => Err(*error),
        }
    }
}

/// Reads what is there; true when something was.
fn drain(
    channel: &mut SshChannel,
    read: fn(&mut SshChannel, &mut [u8]) -> Result<Option<usize>, Failure>,
    into: &mut Capture,
) -> Result<bool, Error> {
    let mut buffer = [0; 16 << 10];
    match read(channel, &mut buffer) {
        Ok(Some(0) | None) => Ok(false),
        Ok(Some(n)) => {
            into.push(buffer.get(..n).unwrap_or_default());
            Ok(true)
        }
        Err(failure) => Err(refuse(&channel.link, &channel.step, failure)),
    }
}
