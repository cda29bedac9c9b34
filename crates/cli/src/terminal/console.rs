//! The only place that prints. Standard output is data, standard error is talk.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use indicatif::MultiProgress;

use crate::sanitize;
use crate::{ColorChoice, Failure};

/// Where a binary talks to people. Cheap to clone; lines from several threads never mix.
#[derive(Debug, Clone)]
pub struct Console {
    tool: &'static str,
    color: bool,
    /// Present if standard error is a terminal: then long work shows a bar, and lines are printed above it.
    bars: Option<Arc<MultiProgress>>,
}

impl Console {
    /// The console of a binary.
    #[must_use]
    pub fn new(tool: &'static str, color: ColorChoice) -> Self {
        // Decided by isatty and never by TERM: under Jenkins TERM may be set while there is no terminal.
        let terminal = io::stderr().is_terminal();
        let color = match color {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => {
                terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            }
        };
        Self { tool, color, bars: terminal.then(|| Arc::new(MultiProgress::new())) }
    }

    /// One event: `[fleet-push] web3 staged in 1.2 s`. The text is sanitised.
    pub fn say(&self, text: impl Display) {
        self.line(&format!("[{}] {}", self.tool, sanitize(&text.to_string())));
    }

    /// Something that is odd but does not end the work.
    pub fn warn(&self, text: impl Display) {
        let label = self.paint("33;1", "warning:");
        self.line(&format!("[{}] {label} {}", self.tool, sanitize(&text.to_string())));
    }

    /// A remedy, on a line of its own.
    pub fn hint(&self, text: impl Display) {
        let label = self.paint("36;1", "hint:");
        self.line(&format!("{label} {}", sanitize(&text.to_string())));
    }

    /// The error that ends the binary, with its causes and its hint.
    pub fn error(&self, error: &dyn Failure) {
        let label = self.paint("31;1", "error:");
        self.line(&format!("{label} {}", sanitize(&error.to_string())));
        if let Some(hint) = error.hint() {
            self.hint(hint);
        }
    }

    /// A table or another block that tells how work went, on standard error: every line is sanitised, none gets a prefix.
    pub fn block(&self, text: &str) {
        for line in text.lines() {
            self.line(&sanitize(line));
        }
    }

    /// A table or list that was asked for: on standard output, every line sanitised, none with a prefix. A reader that has
    /// gone has read what it wanted.
    ///
    /// # Errors
    /// If standard output cannot be written.
    pub fn answer(&self, text: &str) -> io::Result<()> {
        let lines: String = text.lines().map(|line| sanitize(line) + "\n").collect();
        let print = || match self.data(lines.as_bytes()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        };
        match &self.bars {
            Some(bars) => bars.suspend(print),
            None => print(),
        }
    }

    /// Data that was asked for, on standard output, as it is.
    ///
    /// # Errors
    /// If standard output cannot be written, e.g. because the reader has gone.
    pub fn data(&self, bytes: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes)?;
        out.flush()
    }

    pub(crate) fn bars(&self) -> Option<&MultiProgress> {
        self.bars.as_deref()
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.color { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn line(&self, line: &str) {
        // A write to standard error that fails (reader gone) has nobody to be told.
        match &self.bars {
            Some(bars) => bars.suspend(|| write_line(line)),
            None => write_line(line),
        }
    }
}

fn write_line(line: &str) {
    // One write call a line: stdout and stderr of a Jenkins step are one file, and half lines of two threads mix.
    let _gone = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
