//! A site's tree, its manifest, and the deterministic tar.zst that carries both. No network.
//!
//! - [`walk`] lists a tree and refuses what a release must not hold; [`Scan::manifest`] hashes it into a
//!   [`Manifest`], whose [`TreeDigest`] names the tree: equal digest, equal tree; [`archive::write`] does so while packing;
//! - [`archive::write`] and [`archive::unpack`] carry a tree as one file; [`tree::copy`] takes one from a plain
//!   directory that some client downloaded. Both write only what the manifest lists, beneath one directory, and the
//!   bytes written are the bytes hashed;
//! - [`verify`] compares a directory with a manifest.
//!
//! Nothing here syncs while it writes; [`sync_tree`] does so once, for the whole file system.

pub mod archive;
mod beneath;
mod digest;
mod entry;
mod error;
mod exclude;
mod fold;
mod fresh;
mod hash;
mod jsonl;
mod keys;
mod links;
mod list;
mod manifest;
mod not_kept;
mod path;
mod pool;
mod scan;
mod stamp;
mod sync;
pub mod tree;
mod verify;
mod walk;

pub use digest::{ParseDigestError, Sha256, TreeDigest};
pub use entry::{Entry, FileMode, Kind};
pub use error::Error;
pub use fold::{Difference, Twins, twins};
pub use hash::Mtimes;
pub use manifest::{MAX_ENTRIES, MAX_MANIFEST_BYTES, Manifest};
pub use not_kept::{Examples, ModeChange, NotKept};
pub use scan::Scan;
pub use stamp::Stamp;
pub use sync::sync_tree;
pub use verify::{Report, verify, verify_with};
pub use walk::{WalkOptions, walk, walk_release};

/// Told how many more bytes of file content were read or written, from any thread; answers `false` to stop the work
/// with [`Error::Aborted`]. Also called with 0, so that a long run of links and directories can be stopped.
pub type Progress<'a> = dyn Fn(u64) -> bool + Sync + 'a;
