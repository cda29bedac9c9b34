//! The client: one method call, one connection, as rtorrent closes the connection after its reply.
//!
//! Replies are bounded in size, depth and time: what answers on the socket is not trusted to be rtorrent. Names and
//! behaviour are those of rtorrent 0.9.8 (`network.scgi.open_local`), limited to the commands that 0.16 still has.

use std::time::{Duration, Instant};

use crate::scgi::{self, Bounds, Broken};
use crate::{Connect, Error, Fault, Result, Value, decode, encode};

/// Bounds of one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From connect to the last byte of the reply. rtorrent answers in milliseconds, but holds the reply back while
    /// it creates the files of a large torrent.
    pub deadline: Duration,
    /// Longest reply accepted, in bytes.
    pub reply_bytes: usize,
}

impl Default for Limits {
    /// 20 s and 16 MiB.
    fn default() -> Self {
        Self { deadline: Duration::from_secs(20), reply_bytes: 16 * 1024 * 1024 }
    }
}

/// Calls rtorrent through `C`.
///
/// The typed calls are grouped by what they concern: the process, loading, one download, its peers.
pub struct Client<C> {
    connector: C,
    limits: Limits,
    cancelled: Box<dyn Fn() -> bool + Send + Sync>,
}

impl<C: Connect> Client<C> {
    /// With the default limits.
    pub fn new(connector: C) -> Self {
        Self { connector, limits: Limits::default(), cancelled: Box::new(|| false) }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Asks `cancelled` between reads and writes, and ends the call with [`Error::Cancelled`] when it says true.
    #[must_use]
    pub fn with_cancel(mut self, cancelled: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        self.cancelled = Box::new(cancelled);
        self
    }

    /// What errors call the socket.
    pub fn endpoint(&self) -> String {
        self.connector.endpoint()
    }

    /// Calls any method.
    ///
    /// # Errors
    /// All of [`Error`].
    pub fn call(&self, method: &str, params: &[Value]) -> Result<Value> {
        let body = encode::call(method, params)?;
        if body.len() > scgi::MAX_REQUEST_BODY {
            return Err(Error::argument(method, "one call: rtorrent takes at most 2 MiB"));
        }
        let deadline = Instant::now() + self.limits.deadline;
        let mut stream = self
            .connector
            .connect()
            .map_err(|source| Error::Connect { endpoint: self.endpoint(), source })?;
        let bounds = Bounds { deadline, reply_bytes: self.limits.reply_bytes, cancelled: &*self.cancelled };
        let reply = scgi::exchange(&mut stream, &scgi::frame(body.as_bytes()), &bounds)
            .map_err(|broken| self.broken(method, broken))?;
        match decode::response(&reply) {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(fault)) => {
                Err(Error::Fault { endpoint: self.endpoint(), method: method.to_owned(), fault })
            }
            Err(what) => Err(self.unexpected(method, what)),
        }
    }

    /// Calls several methods in one round trip (`system.multicall`), each with its own outcome. rtorrent runs them
    /// without letting go of its lock, so they see one state.
    ///
    /// # Errors
    /// All of [`Error`] for the whole; a method that was refused is a [`Fault`] in its place.
    pub fn multicall(&self, calls: &[(&str, &[Value])]) -> Result<Vec<std::result::Result<Value, Fault>>> {
        const METHOD: &str = "system.multicall";
        let list = calls.iter().map(|(method, params)| {
            Value::Struct(vec![
                ("methodName".to_owned(), Value::from(*method)),
                ("params".to_owned(), Value::Array(params.to_vec())),
            ])
        });
        let reply = self.call(METHOD, &[Value::Array(list.collect())])?;
        let outcomes = reply.as_array().unwrap_or_default();
        if outcomes.len() != calls.len() {
            return Err(
                self.unexpected(METHOD, format!("{} results for {} calls", outcomes.len(), calls.len()))
            );
        }
        outcomes
            .iter()
            .map(|outcome| match (outcome.as_array(), decode::fault(outcome)) {
                (Some([value]), _) => Ok(Ok(value.clone())),
                (_, Some(fault)) => Ok(Err(fault)),
                _ => Err(self.unexpected(METHOD, "a result that is neither a value nor a fault".to_owned())),
            })
            .collect()
    }

    /// An error for a reply that is well-formed but not what `method` returns.
    pub(crate) fn unexpected(&self, method: &str, what: String) -> Error {
        Error::Reply { endpoint: self.endpoint(), method: method.to_owned(), what }
    }

    fn broken(&self, method: &str, broken: Broken) -> Error {
        let (endpoint, method) = (self.endpoint(), method.to_owned());
        match broken {
            Broken::Io(source) => Error::Stream { endpoint, method, source },
            Broken::Timeout => Error::Timeout { endpoint, method, after: self.limits.deadline },
            Broken::Cancelled => Error::Cancelled { endpoint, method },
            Broken::Invalid(what) => Error::Reply { endpoint, method, what },
        }
    }
}

impl<C: Connect> std::fmt::Debug for Client<C> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Client")
            .field("endpoint", &self.endpoint())
            .field("limits", &self.limits)
            .finish()
    }
}
