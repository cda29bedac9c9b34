//! A verb that stays and is talked with: one word or order a line to it, one event a line back.

use std::time::{Duration, Instant};

use remote::{Argv, LineRead, Output, Process, Remote, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::read::{is_object, parse};
use crate::{AgentError, verb};

/// What a process may take to end once it has closed its output.
const ENDS: Duration = Duration::from_millis(900);

/// `swap-release` that runs on a host. Dropped, it is given up: it notices the end of its input.
pub struct Conversation {
    process: Box<dyn Process>,
    verb: String,
}

impl Conversation {
    /// Starts it.
    ///
    /// # Errors
    /// It could not be started.
    pub fn start(remote: &dyn Remote, argv: &Argv) -> Result<Self, AgentError> {
        Ok(Self { process: remote.spawn(argv)?, verb: verb(argv).to_owned() })
    }

    /// Says a word.
    ///
    /// # Errors
    /// It has ended, does not read, or the connection broke.
    pub fn say(&mut self, word: &str, deadline: Instant) -> Result<(), AgentError> {
        Ok(self.process.write(format!("{word}\n").as_bytes(), deadline)?)
    }

    /// Gives an order.
    ///
    /// # Errors
    /// The same as for a word.
    pub fn order(&mut self, order: &impl Serialize, deadline: Instant) -> Result<(), AgentError> {
        let line = serde_json::to_string(order).map_err(|error| AgentError::Answer {
            verb: self.verb.clone(),
            answer: String::new(),
            what: format!("an order cannot be written as JSON: {error}"),
        })?;
        self.say(&line, deadline)
    }

    /// The next event; `None` when the deadline passes first. Lines that are no JSON objects are what a login shell prints.
    ///
    /// # Errors
    /// [`AgentError::Failed`] when it has ended, [`AgentError::Answer`] for an event that is not understood (the next one may
    /// be), or the connection broke.
    pub fn hear<T: DeserializeOwned>(&mut self, deadline: Instant) -> Result<Option<T>, AgentError> {
        loop {
            match self.process.read_line(deadline)? {
                LineRead::Line(line) if is_object(&line) => return parse(&self.verb, &line).map(Some),
                LineRead::Line(line) => log::debug!("not an event: {}", line.escape_debug()),
                LineRead::TimedOut => return Ok(None),
                LineRead::End => return Err(self.ended(deadline.max(Instant::now() + ENDS))),
            }
        }
    }

    /// Waits until `deadline` for its end; why it ended.
    pub fn ended(&mut self, deadline: Instant) -> AgentError {
        let status = self.process.wait(deadline).ok();
        let stderr = self.process.stderr().into_bytes();
        let (reason, hint) = match &status {
            None => ("it closed its output and still runs".to_owned(), None),
            Some(Status::Exited(0)) if stderr.is_empty() => {
                ("it ended without an error message".to_owned(), None)
            }
            Some(status) => {
                let output = Output { status: status.clone(), stdout: Vec::new(), stderr, stdout_cut: false };
                (output.reason(), output.hint())
            }
        };
        AgentError::Failed { verb: self.verb.clone(), status, reason, hint }
    }

    /// Its standard error so far.
    #[must_use]
    pub fn stderr(&self) -> String {
        self.process.stderr()
    }
}
