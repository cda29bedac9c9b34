//! From files to piece hashes, by many threads.

pub(crate) mod batch;
pub(crate) mod gather;
pub(crate) mod pieces;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod source;
pub(crate) mod source_file;
pub(crate) mod spans;
