//! A manifest, or the one that a record names: of the release before, from which unchanged files inherit their
//! modification time, or of what is compared and unpacked.

use std::fs::File;
use std::io::{self, Read};
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

/// The same of a file that may hold several manifests, one after the other, as `swap-release manifest` prints what a fleet
/// serves; `-` is standard input. One without entries says that nothing is served, and counts for nothing.
pub(crate) fn load_all(path: &Path) -> Result<Vec<Manifest>, Error> {
    let bytes = if path == Path::new("-") {
        read_from(io::stdin().lock(), Path::new("standard input"))?
    } else {
        read(path)?
    };
    if !bytes.starts_with(MANIFEST) && path != Path::new("-") {
        return load(path).map(|manifest| vec![manifest]);
    }
    let starts = |at: &usize| *at == 0 || bytes.get(at - 1) == Some(&b'\n');
    let heads = bytes.windows(MANIFEST.len()).enumerate().filter(|(_, window)| *window == MANIFEST);
    let mut bounds: Vec<usize> = heads.map(|(at, _)| at).filter(starts).collect();
    if bounds.first() != Some(&0) {
        bounds.insert(0, 0);
    }
    bounds.push(bytes.len());
    let parts = bounds.windows(2).filter_map(|pair| bytes.get(*pair.first()?..*pair.last()?));
    let all = parts.map(|part| parse(path, part)).collect::<Result<Vec<_>, _>>()?;
    Ok(all.into_iter().filter(|manifest| !manifest.entries().is_empty()).collect())
}

/// The digest of the tree that a record of any stage is about; the manifest need not be there.
pub(crate) fn digest(path: &Path) -> Result<TreeDigest, Error> {
    let record = any_record(&read(path)?, path).map_err(Error::Record)?;
    Ok(TreeDigest::new(*record.release.tree_digest.as_bytes()))
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest, Error> {
    Manifest::parse(bytes).map_err(|source| Error::Manifest { path: path.into(), source })
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(|source| Error::ManifestRead { path: path.into(), source })?;
    read_from(file, path)
}

fn read_from(input: impl Read, path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    input
        .take(MAX_MANIFEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::ManifestRead { path: path.into(), source })?;
    Ok(bytes)
}
