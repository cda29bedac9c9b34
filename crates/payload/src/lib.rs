//! A site's tree, its manifest, and the deterministic `tar.zst` that carries both; no network.

pub mod archive;
mod content;
mod difference;
mod digest;
mod disk;
mod error;
mod listing;
pub mod patch;
mod progress;
pub mod tree;
mod verify;

pub use self::content::entry::{Entry, FileMode, Kind};
pub use self::content::fold::{Twins, twins};
pub use self::content::manifest::{MAX_ENTRIES, MAX_MANIFEST_BYTES, Manifest};
pub use self::difference::Difference;
pub use self::digest::{ParseDigestError, Sha256, TreeDigest};
pub use self::disk::sync::sync_tree;
pub use self::error::Error;
pub use self::listing::hash::Mtimes;
pub use self::listing::not_kept::{Examples, ModeChange, NotKept};
pub use self::listing::scan::Scan;
pub use self::listing::stamp::Stamp;
pub use self::listing::walk::{WalkOptions, walk, walk_release};
pub use self::progress::Progress;
pub use self::verify::{Report, verify, verify_with};
