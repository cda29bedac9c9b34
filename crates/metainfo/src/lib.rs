//! The .torrent file: bencode, info dict, infohash, piece hashing and checking (BEP 3, 12, 27).
//!
//! No network and no knowledge of sites or fleets: what goes in are bytes and files, what comes out are bytes,
//! hashes and the names of damaged files.

mod infohash;

pub use infohash::{Infohash, ParseInfohashError};
