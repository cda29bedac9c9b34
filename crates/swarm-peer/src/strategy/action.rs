//! What is decided.

use super::ids::{LinkId, PeerKey};
use crate::wire::Message;

/// What the driver has to do, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send a message.
    Send(LinkId, Message),
    /// All blocks of the piece are here: hash it, and answer with [`Strategy::verified`](super::Strategy::verified).
    Verify {
        /// The piece.
        piece: u32,
        /// It failed before: the hashes of its blocks are wanted even if it is right now.
        digests: bool,
    },
    /// The peer sent wrong bytes for this piece: disconnect it and never let it in again.
    Ban(PeerKey, u32),
    /// Every piece is here.
    Completed,
}
