//! A command run to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::command::{Command, Stdin};
use super::link::{Failure, Link};
use crate::access::{Capture, Output, STDERR_LIMIT, STDOUT_LIMIT};
use crate::{Argv, HostError};

/// Runs `argv` with `stdin`, all within `timeout`.
pub(super) fn exec(
    link: &Arc<Link>,
    argv: &Argv,
    stdin: &[u8],
    timeout: Duration,
) -> Result<Output, HostError> {
    let deadline = Instant::now() + timeout;
    let kind = if stdin.is_empty() { Stdin::Closed } else { Stdin::Open };
    let mut command = Command::start(link, argv, kind)?;
    let mut input = Input { left: stdin, open: kind == Stdin::Open };
    let (mut stdout, mut stderr) = (Capture::head(STDOUT_LIMIT), Capture::tail(STDERR_LIMIT));
    let status = loop {
        let mut moved = input.feed(&mut command)?;
        moved |= command.receive(|bytes| stdout.push(bytes), |bytes| stderr.push(bytes))?;
        if !moved && let Some(status) = command.status()? {
            break status;
        }
        if Instant::now() >= deadline {
            // A command that never stops talking has a deadline too.
            return Err(command.timed_out(timeout));
        }
        if !moved {
            link.wait(argv.program_name(), deadline, timeout, true)?;
        }
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
    fn feed(&mut self, command: &mut Command) -> Result<bool, HostError> {
        if !self.open {
            return Ok(false);
        }
        match command.write(self.left) {
            Ok(Some(written)) => {
                self.left = self.left.get(written..).unwrap_or_default();
                if self.left.is_empty() {
                    self.open = false;
                    command.close_input()?;
                }
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
