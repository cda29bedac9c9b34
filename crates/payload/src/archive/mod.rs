//! A tree as one file: `zstd(tar(manifest.jsonl, tree/...))`.
//!
//! The tar stream is a function of the manifest and the contents alone. The first member is `manifest.jsonl`; then
//! comes every entry in the manifest's order as `tree/<path>`, with mode and time from the manifest, owner 0 and no
//! owner names; long paths and targets use GNU's `@LongLink` members, so `tar --zstd -xf` unpacks it too. Because
//! nothing else is possible, [`unpack`] does not interpret a foreign tar: it compares every header byte with the one
//! that belongs there, and refuses the archive at the first that differs.
//!
//! The tree is cut into blocks of a fixed size, each a zstd frame of its own: they are read, hashed and compressed by all
//! cores at once, and the bytes depend on the level and on the version of zstd, not on the number of cores.

mod compressors;
mod fill;
mod header;
mod members;
mod page;
mod plan;
mod turns;
mod unpack;
mod write;
mod writers;

pub(crate) use members::Members;
pub use unpack::unpack;
pub use write::{DEFAULT_LEVEL, LEVELS, Options, write};
