//! Waiting for the word of the controller on standard input.
//!
//! End of input, a timeout and SIGTERM all mean "revert": a dead controller or a cut network cannot leave the fleet
//! mixed (deploy-rs calls this magic rollback).

use std::io::BufRead;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use cli::{Abort, Console};
use record::ReleaseId;
use record::host::SwitchEvent;
use serde::Serialize;

use super::switch::Confirmation;

/// How often the wish to end is looked at.
const GLANCE: Duration = Duration::from_millis(50);

/// The longest line that the controller sends, in bytes; more is nonsense and means revert.
const LONGEST: usize = 100;

/// The controller at the other end of standard input and output.
pub(crate) struct Controller<'a> {
    within: Duration,
    console: &'a Console,
    abort: &'a Abort,
    lines: Receiver<String>,
}

impl<'a> Controller<'a> {
    /// Starts to listen on standard input; the word must come within `within` after the switch.
    pub(crate) fn on_stdin(within: Duration, console: &'a Console, abort: &'a Abort) -> Self {
        let (sender, lines) = mpsc::channel();
        // Never joined: a blocked read ends with the process.
        thread::spawn(move || {
            for line in std::io::stdin().lock().lines() {
                let Ok(line) = line else { return };
                if line.len() > LONGEST || sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { within, console, abort, lines }
    }
}

impl Controller<'_> {
    /// Says that this server is ready and waits for `go`, so that all servers of a fleet hold their lock before the
    /// first of them switches, and then switch at one word. Nothing was changed yet.
    pub(crate) fn wait_for_go(&mut self, from: Option<&ReleaseId>, to: &ReleaseId) -> Result<(), String> {
        say(self.console, &SwitchEvent::Ready { from: from.cloned(), to: to.clone() });
        self.wait_for("go")
    }

    fn wait_for(&mut self, expected: &str) -> Result<(), String> {
        let until = Instant::now() + self.within;
        loop {
            if self.abort.is_set() {
                return Err("terminated".into());
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(format!("no `{expected}` within {}", humantime::format_duration(self.within)));
            }
            match self.lines.recv_timeout(left.min(GLANCE)) {
                Ok(line) => return word(&line, expected),
                Err(RecvTimeoutError::Disconnected) => return Err("end of input".into()),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

impl Confirmation for Controller<'_> {
    fn switched(&mut self, from: Option<&ReleaseId>, to: &ReleaseId) {
        say(self.console, &SwitchEvent::Switched { from: from.cloned(), to: to.clone() });
    }

    fn wait(&mut self) -> Result<(), String> {
        self.wait_for("commit")
    }
}

fn word(line: &str, expected: &str) -> Result<(), String> {
    match line.trim() {
        word if word == expected => Ok(()),
        "revert" => Err("asked".into()),
        _ => Err("not understood".into()),
    }
}

/// One event as a line of JSON on standard output. A reader that has gone is no reason to stop: the work goes on by
/// its own rules, and what the controller does not read it asks for later.
pub(crate) fn say<T: Serialize>(console: &Console, event: &T) {
    match serde_json::to_string(event) {
        Ok(line) => {
            if let Err(error) = console.data(format!("{line}\n").as_bytes()) {
                log::info!("nobody reads standard output: {error}");
            }
        }
        Err(error) => log::warn!("cannot write an event: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_commit_is_a_commit() {
        assert_eq!(word("commit", "commit"), Ok(()));
        for other in ["revert", "", "COMMIT", "commit r2", "yes", "go"] {
            assert!(word(other, "commit").is_err(), "{other}");
        }
    }
}
