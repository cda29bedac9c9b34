//! A file at a place of its own: complete, durable, and over nobody's file unasked.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use record::durable;
use tempfile::NamedTempFile;

use crate::Error;
use crate::settings::NewFile;

impl NewFile {
    /// Refuses a file that is there, before the work that would be in vain.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.force && fs::symlink_metadata(&self.path).is_ok() {
            return Err(Error::Exists { path: self.path.clone() });
        }
        Ok(())
    }

    /// Writes it.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Error> {
        let mut file = self.begin()?;
        file.write_all(bytes).map_err(|source| self.failed(source))?;
        self.finish(file)
    }

    /// A file beside it, under a name that goes when it is dropped.
    pub(crate) fn begin(&self) -> Result<NamedTempFile, Error> {
        let made = tempfile::Builder::new().prefix(".tmp-").tempfile_in(self.folder());
        let made = made.and_then(|file| {
            file.as_file().set_permissions(Permissions::from_mode(0o644))?;
            Ok(file)
        });
        made.map_err(|source| Error::Write { path: self.path.clone(), source })
    }

    /// Gives it its name, durably.
    pub(crate) fn finish(&self, file: NamedTempFile) -> Result<(), Error> {
        if self.force {
            return durable::persist(file, &self.path).map_err(|source| self.failed(source));
        }
        file.as_file().sync_all().map_err(|source| self.failed(source))?;
        file.persist_noclobber(&self.path).map_err(|error| self.failed(error.error))?;
        durable::sync_folder(self.folder()).map_err(|source| self.failed(source))
    }

    fn folder(&self) -> &Path {
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn failed(&self, source: io::Error) -> Error {
        match source.kind() {
            ErrorKind::AlreadyExists => Error::Exists { path: self.path.clone() },
            _ => Error::Write { path: self.path.clone(), source },
        }
    }
}
