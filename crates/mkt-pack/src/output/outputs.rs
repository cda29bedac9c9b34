//! The folder of records: everything appears under its name complete and durable, or not at all.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use record::{FileName, durable};
use tempfile::NamedTempFile;

use crate::Error;

/// Outputs under temporary names. Dropped before [`Outputs::done`], they are gone, and so is a folder made for them.
#[derive(Debug)]
pub(crate) struct Outputs {
    folder: PathBuf,
    made_folder: bool,
    /// Files that have their name now and had none before.
    new: Vec<PathBuf>,
    done: bool,
}

impl Outputs {
    /// Makes the folder if need be.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let made_folder = !folder.exists();
        fs::create_dir_all(folder).map_err(|source| Error::Write { path: folder.into(), source })?;
        Ok(Self { folder: folder.into(), made_folder, new: Vec::new(), done: false })
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file that will get its name later.
    pub(crate) fn temporary(&self) -> Result<NamedTempFile, Error> {
        let made = tempfile::Builder::new().prefix(".tmp-").tempfile_in(&self.folder);
        let made = made.and_then(|file| {
            // Others read it: rtorrent runs as another user.
            file.as_file().set_permissions(Permissions::from_mode(0o644))?;
            Ok(file)
        });
        made.map_err(|source| self.write_error(source))
    }

    /// Gives a file its name, durably.
    pub(crate) fn persist(&mut self, file: NamedTempFile, name: &FileName) -> Result<(), Error> {
        let path = name.in_folder(&self.folder);
        let is_new = fs::symlink_metadata(&path).is_err();
        durable::persist(file, &path).map_err(|source| Error::Write { path: path.clone(), source })?;
        if is_new {
            self.new.push(path);
        }
        Ok(())
    }

    /// Everything is there.
    pub(crate) fn done(mut self) {
        self.done = true;
    }

    pub(crate) fn write_error(&self, source: io::Error) -> Error {
        Error::Write { path: self.folder.clone(), source }
    }
}

impl Drop for Outputs {
    /// Errors are not reported: the reason why the work failed is.
    fn drop(&mut self) {
        if self.done {
            return;
        }
        for path in &self.new {
            let _ = fs::remove_file(path);
        }
        if self.made_folder {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}
