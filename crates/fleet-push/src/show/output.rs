//! A report that was asked for: on standard output, unless JSON is there already.

use cli::{Console, sanitize};

use crate::Error;

/// Where a report goes.
pub(crate) struct ReportOutput<'a> {
    console: &'a Console,
    /// Standard output has the same as JSON; this is for who looks on.
    beside_json: bool,
}

impl<'a> ReportOutput<'a> {
    pub(crate) fn new(console: &'a Console, beside_json: bool) -> Self {
        Self { console, beside_json }
    }

    /// A table.
    pub(crate) fn table(&self, text: &str) -> Result<(), Error> {
        if self.beside_json {
            self.console.block(text);
            return Ok(());
        }
        self.console.answer(text).map_err(Error::Stdout)
    }

    /// One line of it.
    pub(crate) fn line(&self, text: String) -> Result<(), Error> {
        if self.beside_json {
            self.console.say(text);
            return Ok(());
        }
        self.console.answer(&sanitize(&text)).map_err(Error::Stdout)
    }

    /// One line of it about something that is odd.
    pub(crate) fn warning(&self, text: String) -> Result<(), Error> {
        if self.beside_json {
            self.console.warn(text);
            return Ok(());
        }
        self.line(format!("warning: {text}"))
    }
}
