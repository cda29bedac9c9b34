//! Numbers for connections and peers.

/// A connection, as long as it lasts. The number is used again after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub usize);

/// A peer, the driver's own number, the same whenever it connects again: blame outlasts a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey(pub u32);
