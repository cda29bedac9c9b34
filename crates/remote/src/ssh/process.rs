//! A running command that is talked with line by line.

use std::sync::Arc;
use std::time::Instant;

use super::command::{Command, Stdin};
use super::link::Link;
use crate::access::{Capture, LINE_LIMIT, LineRead, Process, STDERR_LIMIT, Status};
use crate::{Argv, HostError, HostFault};

/// A command on a channel of its own.
pub(super) struct SshProcess {
    command: Command,
    unread: Vec<u8>,
    stderr: Capture,
}

impl SshProcess {
    /// Starts `argv`.
    pub(super) fn start(link: &Arc<Link>, argv: &Argv) -> Result<Self, HostError> {
        let command = Command::start(link, argv, Stdin::Open)?;
        Ok(Self { command, unread: Vec::new(), stderr: Capture::tail(STDERR_LIMIT) })
    }

    /// Takes what has arrived; true when something had.
    fn receive(&mut self) -> Result<bool, HostError> {
        let Self { command, unread, stderr } = self;
        command.receive(|bytes| unread.extend_from_slice(bytes), |bytes| stderr.push(bytes))
    }

    /// Whether the command has said all. One that was not begun has said nothing: how the account ended may arrive after the
    /// end of its output, and is the error.
    fn has_ended(&self) -> bool {
        self.command.has_said_all() && self.command.has_begun()
    }

    fn take_line(&mut self) -> Option<String> {
        let end = match self.unread.iter().position(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            // The last line may lack its end.
            None if self.command.has_said_all() && !self.unread.is_empty() => self.unread.len(),
            None => return None,
        };
        let line: Vec<u8> = self.unread.drain(..end).collect();
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }
}

impl Process for SshProcess {
    fn read_line(&mut self, deadline: Instant) -> Result<LineRead, HostError> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(LineRead::Line(line));
            }
            if self.has_ended() {
                return Ok(LineRead::End);
            }
            if self.unread.len() > LINE_LIMIT {
                return Err(HostFault::Refused {
                    step: self.command.channel.step.clone(),
                    detail: "a line of its output is longer than 1 MiB".to_owned(),
                }
                .at(&self.command.channel.link.host));
            }
            if !self.receive()? && !self.has_ended() {
                if Instant::now() >= deadline {
                    return Ok(LineRead::TimedOut);
                }
                self.command.channel.link.sleep_until(deadline);
            }
        }
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), HostError> {
        let began = Instant::now();
        let mut left = bytes;
        while !left.is_empty() {
            let written = self.command.write(left).map_err(|failure| self.command.refuse(failure))?;
            match written {
                Some(written) => left = left.get(written..).unwrap_or_default(),
                None if Instant::now() >= deadline => return Err(self.command.timed_out(began.elapsed())),
                // What it says must be read as well, or neither side goes on; and that it has begun is said there.
                None if self.receive()? => {}
                None => self.command.channel.link.sleep_until(deadline),
            }
        }
        Ok(())
    }

    fn close_stdin(&mut self) -> Result<(), HostError> {
        self.command.close_input()
    }

    fn wait(&mut self, deadline: Instant) -> Result<Status, HostError> {
        let began = Instant::now();
        loop {
            if self.receive()? {
                self.unread.clear();
                continue;
            }
            if let Some(status) = self.command.status()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                return Err(self.command.timed_out(began.elapsed()));
            }
            self.command.channel.link.sleep_until(deadline);
        }
    }

    fn stderr(&self) -> String {
        self.stderr.text()
    }
}
