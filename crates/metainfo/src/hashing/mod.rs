//! From files to piece hashes, by many threads.

pub(crate) mod pieces;
pub(crate) mod progress;
pub(crate) mod source;
pub(crate) mod source_file;
pub(crate) mod spans;
pub(crate) mod threads;
