//! The typed calls, a file for each thing they concern.

mod control;
mod download;
mod load;
mod peers;
mod process;
mod row;
mod trackers;

pub use self::download::{Download, Hashing};
pub use self::peers::Peer;
pub use self::trackers::Tracker;
