//! The bencoded file: reading it as hostile input, writing it in one way only.

pub(crate) mod encode;
pub(crate) mod parse;
pub(crate) mod torrent;
