//! A manifest that is on disk already, under a temporary name.

use payload::{Kind, Manifest, TreeDigest};
use record::Sha256;
use tempfile::NamedTempFile;

use crate::Error;
use crate::output::digesting::Digesting;
use crate::output::outputs::Outputs;

/// What is still to be known of it. Its entries are not: those of a large tree are tens of megabytes, which hashing the
/// pieces has better use for.
#[derive(Debug)]
pub(crate) struct WrittenManifest {
    pub(crate) file: NamedTempFile,
    /// Of the file.
    pub(crate) sha256: Sha256,
    /// Of the tree.
    pub(crate) digest: TreeDigest,
    pub(crate) files: u64,
    pub(crate) bytes: u64,
    pub(crate) directories: u64,
    pub(crate) links: u64,
}

impl WrittenManifest {
    /// Writes it, line by line.
    pub(crate) fn write(manifest: Manifest, outputs: &Outputs) -> Result<Self, Error> {
        let mut out = Digesting::new(outputs.temporary()?);
        manifest.write(&mut out).map_err(|error| match error {
            payload::Error::ManifestIo { source, .. } => outputs.write_error(source),
            other => Error::Tree(other),
        })?;
        let (file, sha256) = out.into_parts();
        let count =
            |is: fn(&Kind) -> bool| manifest.entries().iter().filter(|entry| is(&entry.kind)).count() as u64;
        Ok(Self {
            file,
            sha256,
            digest: manifest.digest(),
            files: manifest.files(),
            bytes: manifest.bytes(),
            directories: count(|kind| matches!(kind, Kind::Dir)),
            links: count(|kind| matches!(kind, Kind::Link { .. })),
        })
    }
}
