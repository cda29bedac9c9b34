//! A running command that is talked with line by line.

use std::sync::Arc;
use std::time::Instant;

use super::channel::{SshChannel, refuse};
use super::link::Link;
use crate::remote::{Capture, LINE_LIMIT, LineRead, Process, STDERR_LIMIT, Status};
use crate::{Argv, Error};

/// A command on a channel of its own.
pub(super) struct SshProcess {
    channel: SshChannel,
    unread: Vec<u8>,
    ended: bool,
    stderr: Capture,
}

impl SshProcess {
    /// Starts `argv`.
    pub(super) fn start(link: &Arc<Link>, argv: &Argv) -> Result<Self, Error> {
        let command = argv.to_shell().ok_or_else(|| Error::NulInArgument {
            host: link.host.clone(),
            program: argv.program_name().to_owned(),
        })?;
        let channel = SshChannel::start(link, argv.program_name(), &command)?;
        Ok(Self { channel, unread: Vec::new(), ended: false, stderr: Capture::tail(STDERR_LIMIT) })
    }

    /// Takes what has arrived; true when something had.
    fn receive(&mut self) -> Result<bool, Error> {
        let mut moved = false;
        let mut buffer = [0; 16 << 10];
        match self.channel.read_stderr(&mut buffer) {
            Ok(Some(n)) if n > 0 => {
                self.stderr.push(buffer.get(..n).unwrap_or_default());
                moved = true;
            }
            Ok(_) => {}
            Err(failure) => return Err(self.refuse(failure)),
        }
        match self.channel.read(&mut buffer) {
            Ok(Some(n)) if n > 0 => {
                self.unread.extend(buffer.iter().take(n));
                moved = true;
            }
            Ok(_) => {}
            Err(failure) => return Err(self.refuse(failure)),
        }
        self.ended = !moved && self.channel.at_end();
        Ok(moved)
    }

    fn refuse(&self, failure: super::link::Failure) -> Error {
        refuse(&self.channel.link, &self.channel.step, failure)
    }

    fn take_line(&mut self) -> Option<String> {
        let end = match self.unread.iter().position(|byte| *byte == b'\n') {
            Some(end) => end + 1,
            // The last line may lack its end.
            None if self.ended && !self.unread.is_empty() => self.unread.len(),
            None => return None,
        };
        let line: Vec<u8> = self.unread.drain(..end).collect();
        Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    fn timed_out(&self, began: Instant) -> Error {
        Error::TimedOut {
            host: self.channel.link.host.clone(),
            step: self.channel.step.clone(),
            after: began.elapsed(),
        }
    }
}

impl Process for SshProcess {
    fn read_line(&mut self, deadline: Instant) -> Result<LineRead, Error> {
        loop {
            if let Some(line) = self.take_line() {
                return Ok(LineRead::Line(line));
            }
            if self.ended {
                return Ok(LineRead::End);
            }
            if self.unread.len() > LINE_LIMIT {
                return Err(Error::Refused {
                    host: self.channel.link.host.clone(),
                    step: self.channel.step.clone(),
                    detail: "a line of its output is longer than 1 MiB".to_owned(),
                });
            }
            if !self.receive()? && !self.ended {
                if Instant::now() >= deadline {
                    return Ok(LineRead::TimedOut);
                }
                self.channel.link.sleep_until(deadline);
            }
        }
    }

    fn write(&mut self, bytes: &[u8], deadline: Instant) -> Result<(), Error> {
        let began = Instant::now();
        let mut left = bytes;
        while !left.is_empty() {
            match self.channel.write(left).map_err(|failure| self.refuse(failure))? {
                Some(written) => left = left.get(written..).unwrap_or_default(),
                None if Instant::now() >= deadline => return Err(self.timed_out(began)),
                None => self.channel.link.sleep_until(deadline),
            }
        }
        Ok(())
    }

    fn close_stdin(&mut self) -> Result<(), Error> {
        self.channel.send_eof()
    }

    fn wait(&mut self, deadline: Instant) -> Result<Status, Error> {
        let began = Instant::now();
        loop {
            if self.ended {
                if let Some(status) = self.channel.status()? {
                    return Ok(status);
                }
            } else if self.receive()? {
                self.unread.clear();
                continue;
            }
            if Instant::now() >= deadline {
                return Err(self.timed_out(began));
            }
            self.channel.link.sleep_until(deadline);
        }
    }

    fn stderr(&self) -> String {
        self.stderr.text()
    }
}
