//! Putting a payload where the seeder's rtorrent finds it.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cli::Abort;
use record::{FileName, PayloadFile, Sha256, durable};

use crate::error::Error;
use crate::seeder::copy::{Source, Target, copy, sha256};

/// What was done to the seeder's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// The payload was there and right.
    Kept,
    /// It was not there.
    Added,
    /// Something else was there under its name.
    Replaced,
}

/// The payload in the seeder's directory.
#[derive(Debug)]
pub(crate) struct Placed {
    /// The file or directory.
    pub(crate) path: PathBuf,
    /// What had to be done.
    pub(crate) change: Change,
}

/// The seeder's directory as rtorrent will name it: absolute, without links.
pub(crate) fn directory(given: &Path) -> Result<PathBuf, Error> {
    let path = fs::canonicalize(given)
        .map_err(|source| Error::SeederDirectory { path: given.to_owned(), source })?;
    if path.is_dir() {
        return Ok(path);
    }
    Err(Error::SeederDirectory { path, source: ErrorKind::NotADirectory.into() })
}

/// Puts the archive `source` into `directory`, unless the right one is there already.
pub(crate) fn archive(
    source: &Path,
    directory: &Path,
    payload: &PayloadFile,
    sha256_wanted: &Sha256,
    abort: &Abort,
) -> Result<Placed, Error> {
    let path = payload.file.in_folder(directory);
    let change = match look(&path, payload, sha256_wanted, abort)? {
        Found::Right => return Ok(Placed { path, change: Change::Kept }),
        Found::Nothing => Change::Added,
        Found::Wrong => Change::Replaced,
    };
    let from = File::open(source).map_err(|error| Error::Read { path: source.to_owned(), source: error })?;
    let write_error = |source| Error::Write { path: path.clone(), source };
    let temporary = tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory).map_err(write_error)?;
    let onto = Target { file: temporary.as_file(), path: &path };
    copy(&Source { file: &from, path: source }, &onto, payload.bytes, abort)?;
    let found = sha256(temporary.as_file(), &path, abort)?;
    if found != *sha256_wanted {
        return Err(Error::Payload { path: source.to_owned(), found, expected: *sha256_wanted });
    }
    temporary.as_file().set_permissions(Permissions::from_mode(0o644)).map_err(write_error)?;
    durable::persist(temporary, &path).map_err(write_error)?;
    Ok(Placed { path, change })
}

/// What stands where the archive belongs.
enum Found {
    Nothing,
    Right,
    Wrong,
}

fn look(path: &Path, payload: &PayloadFile, wanted: &Sha256, abort: &Abort) -> Result<Found, Error> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(source) => return Err(Error::Read { path: path.to_owned(), source }),
    };
    if metadata.is_dir() {
        return Err(Error::Write { path: path.to_owned(), source: ErrorKind::IsADirectory.into() });
    }
    // A link is replaced, not followed.
    if !metadata.is_file() || metadata.len() != payload.bytes {
        return Ok(Found::Wrong);
    }
    let file = File::open(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    Ok(if sha256(&file, path, abort)? == *wanted { Found::Right } else { Found::Wrong })
}

/// Who may read the torrent in the seeder's directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Readers {
    /// rtorrent, whoever it runs as.
    Everybody,
    /// rtorrent is given the bytes, and the seeder's passkey is in the file.
    Owner,
}

/// Puts the torrent beside the payload, unless it is there already; returns its path.
pub(crate) fn torrent(
    directory: &Path,
    name: &FileName,
    bytes: &[u8],
    readers: Readers,
) -> Result<PathBuf, Error> {
    let path = name.in_folder(directory);
    let mode = match readers {
        Readers::Everybody => 0o644,
        Readers::Owner => 0o600,
    };
    let has_mode = |found: &fs::Metadata| found.permissions().mode() & 0o777 == mode;
    let right = fs::metadata(&path).is_ok_and(|found| has_mode(&found));
    if right && fs::read(&path).is_ok_and(|found| found == bytes) {
        return Ok(path);
    }
    let write_error = |source| Error::Write { path: path.clone(), source };
    let mut temporary =
        tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory).map_err(write_error)?;
    temporary.write_all(bytes).map_err(write_error)?;
    temporary.as_file().set_permissions(Permissions::from_mode(mode)).map_err(write_error)?;
    durable::persist(temporary, &path).map_err(write_error)?;
    Ok(path)
}

#[cfg(test)]
mod tests;
