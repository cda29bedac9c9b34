//! What carries the payload to a host.

pub(crate) mod embedded;
pub(crate) mod rtorrent;

use std::net::{IpAddr, SocketAddr};

use crate::error::Fault;

/// One host's BitTorrent client, for the one torrent of this push.
pub(crate) trait Engine {
    /// Has the client take the torrent and start it; nothing to do if it has it. Returns once the client knows it.
    fn load(&self) -> Result<Loaded, Fault>;

    /// What the client says now; `None` if it does not know the torrent.
    fn look(&self) -> Result<Option<Seen>, Fault>;

    /// The peers it is connected to, one an address, each with the bytes that came from it over this connection.
    fn sources(&self) -> Result<Vec<(IpAddr, u64)>, Fault>;

    /// Whether it could give the torrent to more peers than it does now.
    fn has_free_slot(&self) -> Result<bool, Fault>;

    /// Starts it if it is stopped.
    fn start(&self) -> Result<(), Fault>;

    /// Has it dial these peers. A peer that cannot be dialled is not an error.
    fn introduce(&self, peers: &[SocketAddr]) -> Result<(), Fault>;

    /// Has it forget the torrent (not the data). When it is loaded again, what is on disk is hashed again, bad pieces are
    /// fetched, and any peer may be dialled.
    fn forget(&self) -> Result<(), Fault>;
}

/// What [`Engine::load`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loaded {
    /// The client did not have the torrent.
    New,
    /// The client had it, in whatever state.
    Before,
}

/// A download at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// Bytes of the payload.
    pub(crate) size: u64,
    /// Bytes that are there and were hash-checked.
    pub(crate) bytes: u64,
    /// Everything is there.
    pub(crate) complete: bool,
    /// A hash check runs or waits.
    pub(crate) hashing: bool,
    /// Whether what was there has been hashed since the client opened it.
    pub(crate) hash_checked: bool,
    /// Pieces that the hash check has looked at.
    pub(crate) hashed: u64,
    /// It talks to peers.
    pub(crate) active: bool,
    /// Connected peers.
    pub(crate) peers: u64,
    /// A complaint that is not about trackers; empty if there is none. From the client: not sanitised.
    pub(crate) message: String,
    /// A complaint about the tracker; empty if there is none, or no tracker. From the client: not sanitised.
    pub(crate) tracker: String,
    /// The file or directory of the payload on the host; empty before it was opened. Not validated.
    pub(crate) place: String,
}
