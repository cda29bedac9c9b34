//! What a peer says about itself.

use std::net::SocketAddr;
use std::time::Duration;

/// Where a peer stands. A copy that is at most a tenth of a second old.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// Bytes of the payload.
    pub size: u64,
    /// Whether what was on disk at the start has been hashed. Before that nobody is answered.
    pub checked: bool,
    /// Bytes of the pieces that are on disk and have the right hash.
    pub verified: u64,
    /// Bytes of them that were there at the start.
    pub resumed: u64,
    /// Whether that is all of them.
    pub complete: bool,
    /// Peers that are connected and have proved what was asked of them.
    pub connected: usize,
    /// Payload bytes received, also those that were useless.
    pub downloaded: u64,
    /// Payload bytes that came twice, unasked, or belonged to a piece with a wrong hash.
    pub wasted: u64,
    /// Payload bytes sent.
    pub uploaded: u64,
    /// Everybody that was introduced or has been connected, by address.
    pub sources: Vec<Source>,
    /// Peers that sent bad pieces or broke the protocol, and are refused from then on.
    pub banned: Vec<Ban>,
    /// How long no new byte has come, once that is longer than [`Config::stalled_after`](crate::Config::stalled_after)
    /// in a download that is not complete.
    pub stalled: Option<Duration>,
    /// Why the peer gave up, if it did.
    pub failed: Option<String>,
}

/// One other peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// As it was introduced; for one that was not, the address it came from.
    pub address: SocketAddr,
    /// Whether it is connected now.
    pub connected: bool,
    /// Whether it says that it has every piece. Not proved by anybody.
    pub complete: bool,
    /// Payload bytes that came from it.
    pub downloaded: u64,
    /// Payload bytes that were sent to it.
    pub uploaded: u64,
}

/// A peer that is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ban {
    /// As it was introduced; for one that was not, the address it came from.
    pub address: SocketAddr,
    /// What it did.
    pub reason: BanReason,
}

/// What a peer did to be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BanReason {
    /// It sent a piece, or a part of one, with a wrong hash.
    BadPiece {
        /// Index of the piece.
        piece: u32,
    },
    /// It broke the protocol again and again.
    Protocol {
        /// The rule, as of the last time.
        rule: &'static str,
    },
}

impl std::fmt::Display for BanReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BadPiece { piece } => write!(f, "sent piece {piece} with a wrong hash"),
            Self::Protocol { rule } => write!(f, "broke the protocol: {rule}"),
        }
    }
}

/// Something a caller may want to act on or to show.
#[derive(Debug)]
pub enum Event {
    /// What was on disk has been hashed; so many bytes of it are right.
    Checked {
        /// Bytes.
        verified: u64,
    },
    /// More bytes are verified. At most ten a second.
    Progress {
        /// Bytes so far.
        verified: u64,
    },
    /// Every piece is on disk and has the right hash. The peer goes on giving.
    Completed,
    /// A peer is refused from now on.
    Banned(Ban),
    /// No new byte for [`Config::stalled_after`](crate::Config::stalled_after); said again after twice that time, and so on.
    Stalled {
        /// How long.
        since: Duration,
    },
    /// The peer gave up and has closed every connection: the disk is full or broken. [`Peer::stop`](crate::Peer::stop) is
    /// all that is left.
    Failed(crate::Error),
}

/// What a peer did, told when it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Where it stood.
    pub status: Status,
    /// How long it ran.
    pub ran: Duration,
    /// How long it took until the payload was complete, if it was.
    pub completed_after: Option<Duration>,
}
