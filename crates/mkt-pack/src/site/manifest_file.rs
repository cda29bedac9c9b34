//! A manifest, or the one that a record names: of the release before, from which unchanged files inherit their
//! modification time, or of what is compared and unpacked.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use payload::{MAX_MANIFEST_BYTES, Manifest, TreeDigest};
use record::{Records, any_record};

use crate::Error;

/// How a manifest begins; a record begins otherwise.
const MANIFEST: &[u8] = b"{\"manifest\":";

/// Reads a manifest, or the manifest that a record of any stage names, which must be the one it was written for.
pub(crate) fn load(path: &Path) -> Result<Manifest, Error> {
    let bytes = read(path)?;
    if bytes.starts_with(MANIFEST) {
        return parse(path, &bytes);
    }
    let named = any_record(&bytes, path).map_err(Error::Record)?.release.manifest;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let manifest =
        Records::new(folder).check_file(&named.file, &named.sha256, path).map_err(Error::Record)?;
    parse(&manifest, &read(&manifest)?)
}

/// The digest of the tree that a record of any stage is about; the manifest need not be there.
pub(crate) fn digest(path: &Path) -> Result<TreeDigest, Error> {
    let record = any_record(&read(path)?, path).map_err(Error::Record)?;
    Ok(TreeDigest::new(*record.release.tree_digest.as_bytes()))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest, Error> {
    Manifest::parse(bytes).map_err(|source| Error::Manifest { path: path.into(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::ManifestRead { path: path.into(), source })?;
    Ok(bytes)
}
