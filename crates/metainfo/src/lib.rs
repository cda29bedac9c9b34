//! The `.torrent` file (BEP 3, 12, 27): reading it, making it from files, and checking files against it.

mod builder;
mod check;
mod error;
mod file;
mod hashing;
mod info_dict;
mod limits;

pub use self::builder::Builder;
pub use self::check::{Damage, DamagedFile, Report};
pub use self::error::Error;
pub use self::file::torrent::Metainfo;
pub use self::hashing::pieces::hash_pieces;
pub use self::hashing::progress::Progress;
pub use self::hashing::source_file::{SourceFile, Stamp};
pub use self::info_dict::announce_url::{AnnounceUrl, NO_TRACKER_ANNOUNCE};
pub use self::info_dict::info::{Content, FileEntry, Info, Piece};
pub use self::info_dict::infohash::{Infohash, ParseInfohashError};
pub use self::info_dict::piece_length::PieceLength;
pub use self::limits::{MAX_FILES, MAX_TORRENT_BYTES};
