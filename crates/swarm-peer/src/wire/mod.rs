//! The peer wire protocol: BEP 3 with the fast extension (BEP 6), over a byte stream that nobody trusts.
//!
//! Our own codec, since the published one that fits best (`librqbit-peer-protocol`) lacks the fast extension, ends a
//! connection at a message it does not know, and brings 110 crates, an async runtime among them. This one is a few hundred
//! lines, allocates for bitfields only, and bounds every length by the torrent before it waits for the bytes.

mod handshake;
mod message;
mod proof;
mod read;
mod write;

pub use handshake::{Handshake, PeerId};
pub use message::{BLOCK, Block, Message};
pub use proof::{Nonce, Proof, Side};
pub use read::{Incoming, read};
pub use write::{piece_header, write};

/// A rule of the protocol that a peer broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(pub &'static str);
