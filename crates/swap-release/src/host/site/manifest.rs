//! The manifest of a release on this server.

use std::fs::File;
use std::io::BufReader;

use payload::Manifest;
use record::Sha256;

use super::{ReleaseFile, Site};
use crate::Error;

/// The manifest that was written when the release was staged. Its digest must be the one in the state: otherwise a
/// changed manifest would prove a changed tree.
pub(crate) fn read_manifest(site: &Site<'_>, file: &ReleaseFile) -> Result<Manifest, Error> {
    let path = site.paths.manifest(file.id());
    let reader = File::open(&path).map_err(|source| Error::Read { path: path.clone(), source })?;
    let fault = |source| Error::CannotVerify { release: file.id().clone(), source };
    let manifest = Manifest::parse(BufReader::new(reader)).map_err(fault)?;
    let found = Sha256::from_bytes(*manifest.digest().as_bytes());
    if found == file.release.tree_digest {
        return Ok(manifest);
    }
    Err(record::Error::Mixed {
        path,
        found: found.to_string(),
        expected: file.release.tree_digest.to_string(),
        named_by: format!("the state of release `{}`", file.id()),
    }
    .into())
}
