//! A `.torrent` at a place of its own: complete, durable, and over nobody's file unasked.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use metainfo::Metainfo;
use record::durable;

use crate::Error;
use crate::settings::TorrentFile;

impl TorrentFile {
    /// Refuses a file that is there, before the work that would be in vain.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !self.force && fs::symlink_metadata(&self.path).is_ok() {
            return Err(Error::Exists { path: self.path.clone() });
        }
        Ok(())
    }

    /// Writes it.
    pub(crate) fn write(&self, torrent: &Metainfo) -> Result<(), Error> {
        let failed = |source: io::Error| match source.kind() {
            ErrorKind::AlreadyExists => Error::Exists { path: self.path.clone() },
            _ => Error::Write { path: self.path.clone(), source },
        };
        let parent = self.path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let folder = parent.unwrap_or(Path::new("."));
        if self.force {
            return durable::write(&self.path, &torrent.to_bytes()).map_err(failed);
        }
        let mut file = tempfile::Builder::new()
            .prefix(".tmp-")
            .tempfile_in(folder)
            .map_err(|source| Error::Write { path: self.path.clone(), source })?;
        file.write_all(&torrent.to_bytes()).map_err(failed)?;
        file.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist_noclobber(&self.path).map_err(|error| failed(error.error))?;
        durable::sync_folder(folder).map_err(failed)
    }
}
