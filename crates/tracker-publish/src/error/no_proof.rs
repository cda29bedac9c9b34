//! Why it is not proved that a peer would get every piece from the seeder.

use std::io;
use std::time::Duration;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoProof {
    /// Nobody accepts connections there.
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    /// The connection broke.
    #[error("the connection failed: {0}")]
    Stream(io::Error),
    /// It accepted and said nothing.
    #[error("no answer within {0:?}")]
    Silent(Duration),
    /// It closed after the handshake we sent, as rtorrent does for a download it does not have.
    #[error("it closed the connection, as a client does that does not have the torrent or wants encryption")]
    Closed,
    /// It does not speak the protocol.
    #[error("{0}")]
    NotAPeer(String),
    /// It has only some of the pieces.
    #[error("it has {have} of {pieces} pieces")]
    Incomplete {
        /// Pieces it has.
        have: u64,
        /// Pieces there are.
        pieces: u64,
    },
    /// Somebody asked to end.
    #[error("terminated")]
    Aborted,
}

impl NoProof {
    /// Whether another attempt may succeed: rtorrent closes a second connection from one IP address at once, and
    /// needs a moment to notice that the first one has gone.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Connect(_) | Self::Stream(_) | Self::Closed => true,
            Self::Silent(_) | Self::NotAPeer(_) | Self::Incomplete { .. } | Self::Aborted => false,
        }
    }
}
