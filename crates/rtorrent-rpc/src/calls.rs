//! The typed calls, a file for each thing they concern.

mod control;
mod download;
mod load;
mod peers;
mod process;
mod row;
mod trackers;

pub use download::{Download, Hashing};
pub use peers::Peer;
pub use trackers::Tracker;
