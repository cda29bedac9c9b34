//! What a torrent says, as types that hold only what is valid.

pub(crate) mod announce_url;
pub(crate) mod info;
pub(crate) mod infohash;
pub(crate) mod path;
pub(crate) mod piece_length;
