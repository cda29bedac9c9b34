//! What can go wrong between us and an rtorrent.

use std::io;
use std::time::Duration;

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

/// An XML-RPC fault: rtorrent understood the call and refused it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fault {code}: {message}")]
pub struct Fault {
    /// rtorrent's number, see the constants.
    pub code: i64,
    /// rtorrent's words, at most 500 characters. Not sanitised for a terminal.
    pub message: String,
}

impl Fault {
    /// Wrong type of argument.
    pub const TYPE: i64 = -501;
    /// A value rtorrent cannot parse, or a command that was refused.
    pub const PARSE: i64 = -503;
    /// No such method.
    pub const NO_SUCH_METHOD: i64 = -506;

    /// Whether it says that rtorrent has no download of that infohash. The code alone is not enough: -501 is
    /// xmlrpc-c's general "wrong type", which rtorrent also gives for other bad targets.
    pub fn is_no_such_download(&self) -> bool {
        self.code == Self::TYPE && self.message.to_ascii_lowercase().contains("info-hash")
    }
}

/// A call that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing accepted the connection.
    #[error("cannot connect to the rtorrent RPC socket `{endpoint}`: {source}")]
    Connect {
        /// The socket.
        endpoint: String,
        /// The reason.
        source: io::Error,
    },
    /// The connection broke while talking.
    #[error("the connection to `{endpoint}` failed during `{method}`: {source}")]
    Stream {
        /// The socket.
        endpoint: String,
        /// The method that was called.
        method: String,
        /// The reason.
        source: io::Error,
    },
    /// The deadline passed before the whole reply was there.
    #[error("`{endpoint}` did not answer `{method}` within {seconds:.1} s", seconds = after.as_secs_f64())]
    Timeout {
        /// The socket.
        endpoint: String,
        /// The method that was called.
        method: String,
        /// The deadline that passed.
        after: Duration,
    },
    /// The caller's cancel check said stop.
    #[error("`{method}` at `{endpoint}` was cancelled")]
    Cancelled {
        /// The socket.
        endpoint: String,
        /// The method that was called.
        method: String,
    },
    /// What came back is not an SCGI reply with an XML-RPC document, or exceeds a limit.
    #[error("`{endpoint}` gave no valid reply to `{method}`: {what}")]
    Reply {
        /// The socket.
        endpoint: String,
        /// The method that was called.
        method: String,
        /// What is wrong with it.
        what: String,
    },
    /// rtorrent refused the call.
    #[error("rtorrent at `{endpoint}` refused `{method}`: {fault}")]
    Fault {
        /// The socket.
        endpoint: String,
        /// The method that was called.
        method: String,
        /// What it said.
        fault: Fault,
    },
    /// An argument cannot be sent: XML-RPC or rtorrent's command language has no way to express it.
    #[error("`{argument}` cannot be given to rtorrent as {what}")]
    Argument {
        /// The argument, shortened.
        argument: String,
        /// What it was to be, and what is wrong.
        what: &'static str,
    },
}

impl Error {
    /// The fault, if rtorrent answered with one.
    pub fn fault(&self) -> Option<&Fault> {
        match self {
            Self::Fault { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// Whether nobody answered at all: no socket, nobody listening, or no reply in time.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Stream { .. } | Self::Timeout { .. })
    }

    pub(crate) fn argument(argument: &str, what: &'static str) -> Self {
        Self::Argument { argument: argument.chars().take(200).collect(), what }
    }
}
