//! A BitTorrent peer for one torrent among peers that a controller names: BEP 3 with the fast extension (BEP 6), over TCP.
//!
//! Made for sending one payload to a whole fleet at once. Every piece is announced at once, the rarest is fetched first,
//! requests are short, nobody is choked, and a seeder sees to it that each piece leaves it once before any leaves it twice:
//! the fleet then has the payload little later than a single host could. No DHT, no peer exchange, no local discovery, no
//! UPnP, no uTP, no encryption: [`Peer::introduce`] is the only way to get to know anybody, so private torrents work too.
//!
//! - [`Peer`] is a running peer: one thread for the network, one for the disk;
//! - [`strategy`] decides what to ask of whom and whom to blame, without sockets, files or a clock of its own, so that a
//!   simulation of ten thousand hosts drives the very same code;
//! - [`topology`] says who is to know whom;
//! - [`wire`] reads and writes the messages.
//!
//! BEP 6's allowed-fast sets are read and passed over. A peer of ours chokes nobody and so has none to give; a foreign client
//! that grants one while it chokes is asked when it unchokes, and everybody else meanwhile.
//!
//! Pieces are hashed from what was read back from disk. There is no fsync: after a power cut the next start hashes what is
//! there, and whoever unpacks the payload makes the result durable.

mod config;
mod disk;
mod error;
mod key;
mod net;
mod peer;
mod shared;
mod status;
pub mod strategy;
pub mod topology;
pub mod wire;

pub use self::config::{Allow, Config, Role};
pub use self::error::Error;
pub use self::key::{ParsePushKeyError, PushKey};
pub use self::peer::Peer;
pub use self::status::{Ban, BanReason, Event, Source, Status, Summary};
