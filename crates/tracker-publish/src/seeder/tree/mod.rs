//! Putting a tree where the seeder's rtorrent finds it: the files of the torrent and nothing else.

use std::collections::BTreeSet;
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use cli::Abort;
use metainfo::{Content, Damage, FileEntry, Metainfo, Report};
use record::durable;
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};

use crate::error::Error;
use crate::seeder::copy::{Source, Target, copy};
use crate::seeder::place::{Change, Placed};

/// Puts the files of `torrent` from `source` into `directory`/`info.name`, unless they are there already.
///
/// They are copied into a directory of their own, checked piece by piece, and only then get their name.
pub(crate) fn tree(
    source: &Path,
    directory: &Path,
    torrent: &Metainfo,
    abort: &Abort,
) -> Result<Placed, Error> {
    let path = directory.join(torrent.info().name());
    let change = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Change::Added,
        Err(error) => return Err(Error::Read { path, source: error }),
        Ok(metadata) if metadata.is_dir() && check(torrent, &path, abort)?.is_whole() => {
            return Ok(Placed { path, change: Change::Kept });
        }
        Ok(_) => Change::Replaced,
    };
    let write_error = |source| Error::Write { path: path.clone(), source };
    let temporary = tempfile::Builder::new().prefix(".tmp-").tempdir_in(directory).map_err(write_error)?;
    let fresh = temporary.path().join("new");
    fill(source, &fresh, torrent, abort)?;
    let report = check(torrent, &fresh, abort)?;
    if !report.is_whole() {
        return Err(differs(source, report));
    }
    // One sync for all files; one for each would take minutes with tens of thousands.
    let handle = File::open(&fresh).map_err(write_error)?;
    rustix::fs::syncfs(&handle).map_err(|errno| write_error(errno.into()))?;
    if change == Change::Replaced {
        // rtorrent keeps the files it has open; they go with the temporary directory.
        fs::rename(&path, temporary.path().join("old")).map_err(write_error)?;
    }
    fs::rename(&fresh, &path).map_err(write_error)?;
    durable::sync_folder(directory).map_err(write_error)?;
    Ok(Placed { path, change })
}

fn fill(source: &Path, fresh: &Path, torrent: &Metainfo, abort: &Abort) -> Result<(), Error> {
    let read_error = |error| Error::Read { path: source.to_owned(), source: error };
    let root = OwnedFd::from(File::open(source).map_err(read_error)?);
    let Content::Tree { files } = torrent.info().content() else { return Ok(()) };
    for directory in directories(files) {
        make_directory(&fresh.join(directory))?;
    }
    for entry in files {
        abort.check()?;
        let path = fresh.join(&entry.path);
        let shown = source.join(&entry.path);
        let from = open_beneath(&root, source, entry)?;
        let write_error = |error| Error::Write { path: path.clone(), source: error };
        let onto =
            File::options().read(true).write(true).create_new(true).open(&path).map_err(write_error)?;
        copy(
            &Source { file: &from, path: &shown },
            &Target { file: &onto, path: &path },
            entry.length,
            abort,
        )?;
        onto.set_permissions(Permissions::from_mode(0o644)).map_err(write_error)?;
    }
    Ok(())
}

/// Opens a file of the site without ever following a link, so that nothing outside the site is seeded.
fn open_beneath(root: &OwnedFd, source: &Path, entry: &FileEntry) -> Result<File, Error> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    let differs = |damage| tree_error(source, &entry.path, damage, 0);
    let file = match openat2(root, entry.path.as_str(), flags, Mode::empty(), resolve) {
        Ok(handle) => File::from(handle),
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Err(differs(Damage::Missing)),
        Err(rustix::io::Errno::LOOP) => return Err(differs(Damage::NotAFile)),
        Err(errno) => return Err(Error::Read { path: source.join(&entry.path), source: errno.into() }),
    };
    let metadata =
        file.metadata().map_err(|error| Error::Read { path: source.join(&entry.path), source: error })?;
    if !metadata.is_file() {
        return Err(differs(Damage::NotAFile));
    }
    if metadata.len() != entry.length {
        return Err(differs(Damage::Size { expected: entry.length, found: metadata.len() }));
    }
    Ok(file)
}

/// Every directory that holds a file, and those above it, each after the one it is in; the root is the empty path.
fn directories(files: &[FileEntry]) -> BTreeSet<&Path> {
    files.iter().flat_map(|file| Path::new(&file.path).ancestors().skip(1)).collect()
}

/// Makes one directory that rtorrent's user can enter, whatever the umask.
fn make_directory(path: &Path) -> Result<(), Error> {
    fs::create_dir(path)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o755)))
        .map_err(|source| Error::Write { path: path.to_owned(), source })
}

fn check(torrent: &Metainfo, location: &Path, abort: &Abort) -> Result<Report, Error> {
    torrent.check(location, &|_| !abort.is_set()).map_err(|error| {
        if error.is_aborted() { Error::Aborted(cli::Aborted) } else { Error::Check { source: error } }
    })
}

fn differs(source: &Path, report: Report) -> Error {
    let more = report.damaged.len().saturating_sub(1);
    match report.damaged.into_iter().next() {
        Some(first) => tree_error(source, &first.path, first.damage, more),
        None => tree_error(source, "", Damage::Unproved, 0),
    }
}

fn tree_error(source: &Path, file: &str, damage: Damage, more: usize) -> Error {
    let what = match damage {
        Damage::Missing => "it is missing".to_owned(),
        Damage::NotAFile => "it is not a regular file".to_owned(),
        Damage::Size { expected, found } => format!("it has {found} bytes instead of {expected}"),
        Damage::Content { .. } => "its content differs".to_owned(),
        Damage::Unproved => "its content cannot be proved".to_owned(),
    };
    let path: PathBuf = source.join(file);
    Error::TreeDiffers { path, what, more }
}

#[cfg(test)]
mod tests;
