//! The trackers of one download, and whether they answered.

use std::fmt;

use super::row::Row;
use crate::{Client, Connect, HexInfohash, Result, Value};

/// The questions, in the order in which [`read`] takes the answers.
const COMMANDS: [&str; 5] =
    ["t.url=", "t.is_enabled=", "t.is_busy=", "t.success_counter=", "t.failed_counter="];

/// A tracker of a download. Its URL may hold a passkey, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
pub struct Tracker {
    url: String,
    /// Whether rtorrent uses it.
    pub enabled: bool,
    /// Whether an announce is under way.
    pub busy: bool,
    /// Announces it answered, since rtorrent started or the download was loaded.
    pub success_counter: u64,
    /// Announces that failed since the last one it answered. The reason is in [`crate::Download::message`]: what the
    /// tracker said comes as `Tracker: [Failure reason "..."]`, anything else is that it was not reached.
    pub failed_counter: u64,
}

impl Tracker {
    /// The announce URL, passkey included: to compare, never for a log or a record.
    pub fn expose_url(&self) -> &str {
        &self.url
    }
}

impl fmt::Debug for Tracker {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tracker")
            .field("enabled", &self.enabled)
            .field("busy", &self.busy)
            .field("success_counter", &self.success_counter)
            .field("failed_counter", &self.failed_counter)
            .finish_non_exhaustive()
    }
}

impl<C: Connect> Client<C> {
    /// The trackers of a download (`t.multicall`).
    ///
    /// # Errors
    /// All of [`crate::Error`]; [`crate::Error::Fault`] when rtorrent does not have the download.
    pub fn trackers(&self, hash: &HexInfohash) -> Result<Vec<Tracker>> {
        const METHOD: &str = "t.multicall";
        let mut params = vec![Value::from(hash.as_str()), Value::from("")];
        params.extend(COMMANDS.map(Value::from));
        let reply = self.call(METHOD, &params)?;
        let rows = reply.as_array().ok_or_else(|| self.unexpected(METHOD, "no list".to_owned()))?;
        rows.iter().map(|row| read(self, row.as_array().unwrap_or_default())).collect()
    }
}

fn read<C: Connect>(client: &Client<C>, values: &[Value]) -> Result<Tracker> {
    let mut row = Row::new(client, &COMMANDS, values)?;
    Ok(Tracker {
        url: row.text()?,
        enabled: row.flag()?,
        busy: row.flag()?,
        success_counter: row.number()?,
        failed_counter: row.number()?,
    })
}
