//! What `mkt-pack` adds to a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Details, Release, Sha256};

/// Details of `pack/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// Directories in the tree.
    pub directories: u64,
    /// Symlinks in the tree.
    pub links: u64,
    /// Entries left out by exclude patterns.
    pub excluded: u64,
    /// The mtime of changed (or all) entries, seconds since the epoch.
    pub release_time: i64,
    /// Tree digest of the release before, from which unchanged entries have their mtime; null without one.
    #[serde(default)]
    pub base: Option<Sha256>,
    /// zstd level of the archive; null for the tree layout.
    pub level: Option<i32>,
    /// Pieces in the torrent.
    pub pieces: u64,
}

impl Details for Pack {
    const SCHEMA: &'static str = "pack/1";
    const FILE: &'static str = "pack.json";

    fn summary(&self, release: &Release) -> String {
        let files = if release.files == 1 { "file" } else { "files" };
        format!("packed: {} {files}, {} bytes to send", release.files, release.payload.bytes)
    }
}
