//! Events of a BitTorrent client on this server.
//!
//! - `finished`: what an event is about is staged, if it is wanted;
//! - `spool`: events of a client that runs as another user.

mod finished;
mod spool;

pub(crate) use self::finished::{Seen, finished};
pub(crate) use self::spool::{work as unspool, write as spool};
