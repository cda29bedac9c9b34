//! A destination that is new, and gone again when the work fails.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::Error;
use crate::disk::beneath::Beneath;

/// A new directory. Dropped without [`Fresh::keep`], it is removed with all that was written into it; one that was
/// there before, empty, is left empty.
#[derive(Debug)]
pub(crate) struct Fresh {
    path: PathBuf,
    existed: bool,
    kept: bool,
    dir: Beneath,
}

impl Fresh {
    /// Creates the directory, whose parent must exist, or takes one that is empty.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let occupied = || Error::Occupied { path: path.into() };
        let write = |source| Error::Write { path: path.display().to_string(), source };
        let existed = match fs::DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => false,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // Not through a link: what is behind it is not ours to fill or to empty.
                if !fs::symlink_metadata(path).map_err(write)?.is_dir() {
                    return Err(occupied());
                }
                if fs::read_dir(path).map_err(write)?.next().is_some() {
                    return Err(occupied());
                }
                true
            }
            Err(error) => return Err(write(error)),
        };
        Ok(Self { dir: Beneath::open(path)?, path: path.into(), existed, kept: false })
    }

    pub(crate) fn dir(&self) -> &Beneath {
        &self.dir
    }

    /// Everything went well.
    pub(crate) fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Fresh {
    /// Errors are not reported: the reason why the work failed is, and a rest is found by the next attempt.
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        if !self.existed {
            let _ = fs::remove_dir_all(&self.path);
            return;
        }
        for entry in fs::read_dir(&self.path).into_iter().flatten().flatten() {
            let _ = match entry.file_type() {
                Ok(kind) if kind.is_dir() => fs::remove_dir_all(entry.path()),
                _ => fs::remove_file(entry.path()),
            };
        }
    }
}
