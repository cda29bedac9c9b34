//! A release that is kept: its manifest, and where its content lies.

use std::fs::File;
use std::path::{Path, PathBuf};

use payload::patch::Contents;
use payload::{Error as TreeError, Manifest, TreeDigest};
use record::{Layout, any_record};

use crate::Error;
use crate::site::manifest_file::{load, read};

/// What is known of a release.
pub(crate) struct Kept {
    pub(crate) manifest: Manifest,
    /// The payload beside the record, or the tree that was named.
    content: Option<Content>,
}

enum Content {
    Archive(PathBuf),
    Tree(PathBuf),
}

impl Kept {
    /// Reads the record or manifest. The content is the tree that is named, else the archive beside the record, if there is one.
    pub(crate) fn find(path: &Path, tree: Option<&Path>) -> Result<Self, Error> {
        let manifest = load(path)?;
        let content = match tree {
            Some(tree) => Some(Content::Tree(tree.to_owned())),
            None => archive(path, &manifest.digest())?.map(Content::Archive),
        };
        Ok(Self { manifest, content })
    }

    /// Its content, if it is at hand.
    pub(crate) fn open(&self) -> Result<Option<Contents<'static>>, Error> {
        let unpack = |path: &Path, source: TreeError| Error::Unpack { path: path.to_owned(), source };
        Ok(match &self.content {
            None => None,
            Some(Content::Tree(root)) => Some(Contents::tree(root).map_err(Error::Tree)?),
            Some(Content::Archive(path)) => {
                let file =
                    File::open(path).map_err(|source| Error::PayloadRead { path: path.clone(), source })?;
                Some(Contents::archive(file, &self.manifest).map_err(|source| unpack(path, source))?)
            }
        })
    }

    /// Bytes of the archive, where that is what there is.
    pub(crate) fn archive_bytes(&self) -> Option<u64> {
        match &self.content {
            Some(Content::Archive(path)) => path.metadata().ok().map(|metadata| metadata.len()),
            Some(Content::Tree(_)) | None => None,
        }
    }
}

/// The archive that a record names, where it lies beside it and the record is about that tree.
fn archive(path: &Path, digest: &TreeDigest) -> Result<Option<PathBuf>, Error> {
    let Ok(record) = any_record(&read(path)?, path) else { return Ok(None) };
    if record.release.layout != Layout::Archive || record.release.tree_digest.as_bytes() != digest.as_bytes()
    {
        return Ok(None);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let file = record.release.payload.file.in_folder(folder);
    Ok(file.is_file().then_some(file))
}
