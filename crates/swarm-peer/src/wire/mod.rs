//! The peer wire protocol: BEP 3 with the fast extension (BEP 6), over a byte stream that nobody trusts.
//!
//! Our own codec, since the published one that fits best (`librqbit-peer-protocol`) lacks the fast extension, ends a
//! connection at a message it does not know, and brings 110 crates, an async runtime among them. This one is a few hundred
//! lines, allocates for bitfields only, and bounds every length by the torrent before it waits for the bytes.

mod handshake;
mod message;
mod proof;
mod read;
mod violation;
mod write;

pub use self::handshake::{Handshake, PeerId};
pub use self::message::{BLOCK, Block, Message};
pub use self::proof::{Nonce, Proof, Side};
pub use self::read::{Incoming, read};
pub use self::violation::Violation;
pub use self::write::{piece_header, write};
