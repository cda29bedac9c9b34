//! The .torrent file: bencode, info dict, infohash, piece hashing and checking (BEP 3, 12, 27).
//!
//! No network and no knowledge of sites or fleets: what goes in are bytes and files, what comes out are bytes,
//! hashes and the names of damaged files.
//!
//! - [`Metainfo::read`] and [`Metainfo::parse`] take a `.torrent` apart, strictly and within bounds;
//! - [`Builder`] makes one, from a file or from an ordered list of files, with the same info dict as mktorrent;
//! - [`Metainfo::with_announce`] changes the tracker and nothing else, so the [`Infohash`] stays;
//! - [`Metainfo::check`] hashes what is on disk and names the damaged files.

mod announce_url;
mod batch;
mod builder;
mod check;
mod encode;
mod error;
mod gather;
mod info;
mod infohash;
mod parse;
mod path;
mod piece_length;
mod pieces;
mod plan;
mod source;
mod spans;
mod torrent;

pub use announce_url::{AnnounceUrl, NO_TRACKER_ANNOUNCE};
pub use builder::Builder;
pub use check::{Damage, DamagedFile, Report};
pub use error::Error;
pub use info::{Content, FileEntry, Info};
pub use infohash::{Infohash, ParseInfohashError};
pub use piece_length::PieceLength;
pub use pieces::{Piece, hash_pieces};
pub use source::{SourceFile, Stamp};
pub use torrent::Metainfo;

/// Told how many more bytes were hashed, from any thread; answers `false` to stop the work with [`Error::Aborted`].
pub type Progress<'a> = dyn Fn(u64) -> bool + Sync + 'a;

/// Largest `.torrent` that is read, in bytes. 40,000 files make 4 MB.
pub const MAX_TORRENT_BYTES: u64 = 64 * 1024 * 1024;
/// Most files a torrent may list.
pub const MAX_FILES: usize = 1_000_000;
