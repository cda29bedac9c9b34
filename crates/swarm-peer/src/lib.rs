//! A BitTorrent peer for one torrent among peers that a controller names: BEP 3 with the fast extension (BEP 6), over TCP.

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
