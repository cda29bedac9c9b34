//! One row of answers, read in the order of the question.

use crate::{Client, Connect, Error, Result, Value};

/// Takes typed fields from the values that came back, naming the command of a field that has the wrong type.
pub(super) struct Row<'a, C> {
    client: &'a Client<C>,
    commands: std::slice::Iter<'a, &'a str>,
    values: std::slice::Iter<'a, Value>,
}

impl<'a, C: Connect> Row<'a, C> {
    pub(super) fn new(client: &'a Client<C>, commands: &'a [&'a str], values: &'a [Value]) -> Result<Self> {
        let method = commands.first().copied().unwrap_or_default();
        if commands.len() != values.len() {
            let what = format!("{} values for {} questions", values.len(), commands.len());
            return Err(client.unexpected(method, what));
        }
        Ok(Self { client, commands: commands.iter(), values: values.iter() })
    }

    pub(super) fn text(&mut self) -> Result<String> {
        self.take("text", |value| value.as_str().map(str::to_owned))
    }

    /// A count or a number of bytes. rtorrent has no unsigned type; a negative one is nonsense.
    pub(super) fn number(&mut self) -> Result<u64> {
        self.take("a number", |value| value.as_int().and_then(|number| u64::try_from(number).ok()))
    }

    pub(super) fn flag(&mut self) -> Result<bool> {
        self.take("a flag", |value| value.as_int().map(|number| number != 0))
    }

    pub(super) fn take<T>(&mut self, what: &str, read: impl FnOnce(&Value) -> Option<T>) -> Result<T> {
        let command = self.commands.next().copied().unwrap_or_default();
        self.values.next().and_then(read).ok_or_else(|| self.wrong(command, what))
    }

    fn wrong(&self, command: &str, what: &str) -> Error {
        self.client.unexpected(command, format!("the answer is not {what}"))
    }
}
