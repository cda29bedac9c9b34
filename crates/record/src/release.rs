//! What a release is: the part of a record that every stage copies forward unchanged.

use metainfo::Infohash;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{FileName, ReleaseId, Sha256};

/// How the payload is laid out in the torrent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One `.tar.zst` whose first member is the manifest.
    Archive,
    /// The plain files, the manifest beside the torrent.
    Tree,
}

/// A file of the records folder, with its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    /// Its name in the records folder.
    pub file: FileName,
    /// The SHA-256 of its content.
    pub sha256: Sha256,
}

/// What the torrent carries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PayloadFile {
    /// The torrent's `info.name`: a file in the records folder (archive), or the directory on the hosts (tree).
    pub file: FileName,
    /// Bytes that the torrent carries.
    pub bytes: u64,
    /// SHA-256 of the archive; null for the tree layout, where the tree digest is the proof.
    pub sha256: Option<Sha256>,
}

/// One release, as built. Copied forward unchanged from record to record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The same on every host.
    pub id: ReleaseId,
    /// SHA-1 of the info dict (BEP 3), 40 lower-case hex digits.
    #[serde(with = "infohash_text")]
    #[schemars(regex(pattern = "^[0-9a-f]{40}$"), with = "String")]
    pub infohash: Infohash,
    /// SHA-256 of the canonical manifest: equal digest = equal tree.
    pub tree_digest: Sha256,
    /// One archive, or plain files.
    pub layout: Layout,
    /// What the torrent carries.
    pub payload: PayloadFile,
    /// The `.torrent`.
    pub torrent: NamedFile,
    /// The manifest, as JSON lines.
    pub manifest: NamedFile,
    /// Bytes a piece.
    pub piece_length: u32,
    /// Regular files in the tree.
    pub files: u64,
    /// Sum of the sizes of the regular files in the tree.
    pub bytes: u64,
    /// The torrent's private flag (BEP 27).
    pub private: bool,
    /// The torrent's `source`, if any.
    pub source: Option<String>,
}

mod infohash_text {
    use metainfo::Infohash;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(infohash: &Infohash, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(infohash)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Infohash, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
