//! The manifest of the release before, from which unchanged files inherit their modification time.

use crate::Error;
use payload::{MAX_MANIFEST_BYTES, Manifest};
use record::{Loaded, Pack, Records};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// How a manifest begins; a record begins otherwise.
const MANIFEST: &[u8] = b"{\"manifest\":";

/// Reads a manifest, or the manifest that a `pack.json` names, which must be the one it was written for.
pub(crate) fn load(path: &Path) -> Result<Manifest, Error> {
    let bytes = read(path)?;
    if bytes.starts_with(MANIFEST) {
        return parse(path, &bytes);
    }
    let loaded = Loaded::<Pack>::parse(bytes, path).map_err(Error::Record)?;
    let named = &loaded.record.release.manifest;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let manifest =
        Records::new(folder).check_file(&named.file, &named.sha256, path).map_err(Error::Record)?;
    parse(&manifest, &read(&manifest)?)
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest, Error> {
    Manifest::parse(bytes).map_err(|source| Error::Base { path: path.into(), source })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_MANIFEST_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|source| Error::BaseRead { path: path.into(), source })?;
    Ok(bytes)
}
