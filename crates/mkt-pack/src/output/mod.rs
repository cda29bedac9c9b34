//! What is written: payload, manifest, torrent and summary, each whole or not at all.

mod digesting;
mod new_file;
pub(crate) mod outputs;
pub(crate) mod payload_file;
pub(crate) mod summary;
mod written_manifest;
