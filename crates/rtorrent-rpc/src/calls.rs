//! The typed calls, a file for each thing they concern.

mod control;
mod download;
mod load;
mod peers;
mod process;
mod row;

pub use download::{Download, Hashing};
pub use peers::Peer;
