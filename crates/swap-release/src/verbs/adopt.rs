//! Bringing a site that is served already under management, without an outage: a real directory `current` becomes a
//! release, and what is to outlive releases moves to `shared/`.
//!
//! Both by renameat2(2) with RENAME_EXCHANGE: the link that is to stand in the directory's place is made where the
//! directory is to go, with the text that will be right once the two have changed places. Whoever opens a path meanwhile
//! finds the old directory or a link to it, at every moment.

use std::io;
use std::path::{Path, PathBuf};

use fleet::SharedPath;
use payload::{Manifest, Mtimes, WalkOptions};
use record::host::ReleaseState;
use record::{Layout, NamedFile, PayloadFile, Release, ReleaseId, Sha256};

use crate::Error;
use crate::shared::target_of;
use crate::site::{Current, LockedSite, Pending, ReleaseFile};

/// What became of what was served.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Adopted {
    /// It was a release already, or nothing was there.
    Nothing,
    /// It is the release of this name now.
    Release(ReleaseId),
    /// `current` led nowhere: the link is kept at `kept`.
    SetAside {
        /// Where it pointed.
        target: PathBuf,
        /// Where it is.
        kept: PathBuf,
    },
}

/// Makes what `current` is a release named `id`.
pub(crate) fn adopt(
    locked: &LockedSite<'_>,
    id: &ReleaseId,
    shared: &[SharedPath],
    progress: &payload::Progress<'_>,
) -> Result<Adopted, Error> {
    let paths = &locked.site.paths;
    if let Some(target) = locked.site.dangling() {
        let (current, kept) = (paths.current(), paths.set_aside(id));
        locked.site.disk.rename(&current, &kept).map_err(|source| Error::write(&current, source))?;
        return Ok(Adopted::SetAside { target, kept });
    }
    let from = match locked.site.current() {
        Ok(Current::None | Current::Release(_)) => return Ok(Adopted::Nothing),
        Err(Error::CurrentNotALink { path }) => {
            if path.is_dir() {
                From::Directory
            } else {
                return Err(cannot(&path, "it is neither a directory nor a link to one"));
            }
        }
        Err(Error::ForeignCurrent { path, target }) => {
            let full = paths.deploy_to().join(&target);
            if !full.is_dir() {
                return Err(cannot(
                    &path,
                    &format!("it points to `{}`, which is no directory", target.display()),
                ));
            }
            From::Link(full)
        }
        Err(error) => return Err(error),
    };
    if locked.site.known(id)?.is_some() || paths.release(id).symlink_metadata().is_ok() {
        return Err(cannot(&paths.release(id), "there is a release of this name already"));
    }
    let tree = match &from {
        From::Directory => paths.current(),
        From::Link(full) => full.clone(),
    };
    let shared: Vec<String> = shared.iter().map(|path| path.path().to_owned()).collect();
    let manifest = manifest_of(&tree, id, &shared, progress)?;
    let pending = Pending::Adopt { release: id.clone(), shared: shared.clone() };
    locked.begin(&pending)?;
    let result = remember(locked, id, &manifest, &shared).and_then(|()| match &from {
        From::Directory => take_in(locked, id),
        From::Link(full) => {
            let release = paths.release(id);
            locked.site.disk.link(full, &release).map_err(|source| Error::write(&release, source))?;
            locked.site.point_current(Some(id))
        }
    });
    if let Err(error) = result {
        if let Err(undo) = recover(locked, id, &shared) {
            log::warn!("after `{error}`: {undo}");
        }
        return Err(error);
    }
    finish(locked, id, &shared)?;
    Ok(Adopted::Release(id.clone()))
}

/// The name of what is taken in when nobody names it.
pub(crate) fn name_now() -> String {
    format!("adopted-{}", record::now().strftime("%Y%m%d-%H%M%S"))
}

/// What `current` was.
enum From {
    Directory,
    Link(PathBuf),
}

fn cannot(path: &Path, why: &str) -> Error {
    Error::CannotAdopt { path: path.to_owned(), why: why.to_owned() }
}

/// What is there, so that it can be verified like any other release. What is the host's own is let in: nobody built it.
fn manifest_of(
    tree: &Path,
    id: &ReleaseId,
    shared: &[String],
    progress: &payload::Progress<'_>,
) -> Result<Manifest, Error> {
    let fault = |source: payload::Error| match source.is_aborted() {
        true => Error::Aborted,
        false => Error::CannotVerify { release: id.clone(), source },
    };
    let exclude = shared.iter().map(|path| format!("/{path}")).chain(["!.git".to_owned()]).collect();
    let options = WalkOptions { exclude, allow: vec!["**".to_owned()] };
    let scan = payload::walk(tree, &options, progress).map_err(fault)?;
    scan.manifest(Mtimes { release: 0, base: None }, progress).map_err(fault)
}

fn remember(
    locked: &LockedSite<'_>,
    id: &ReleaseId,
    manifest: &Manifest,
    shared: &[String],
) -> Result<(), Error> {
    let (paths, disk) = (&locked.site.paths, locked.site.disk);
    let folder = paths.known_release(id);
    disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
    let mut text = Vec::new();
    let unwritten = |source| Error::CannotVerify { release: id.clone(), source };
    manifest.write(&mut text).map_err(unwritten)?;
    disk.write(&paths.manifest(id), &text).map_err(|source| Error::write(&paths.manifest(id), source))?;
    let newest = locked.site.all_known()?.last().map_or(0, |file| file.sequence);
    locked.remember(&ReleaseFile {
        release: description(id, manifest, &Sha256::of(&text))?,
        build: None,
        state: ReleaseState::Staging,
        pinned: false,
        shared: shared.to_vec(),
        sequence: newest + 1,
        follows: None,
        since: String::new(),
        database: None,
    })
}

/// A release that no torrent carries.
fn description(id: &ReleaseId, manifest: &Manifest, text: &Sha256) -> Result<Release, Error> {
    let named = |end: &str| {
        format!("{id}{end}").parse().map_err(|_| cannot(Path::new(id.as_str()), "its name is no file name"))
    };
    let nothing = "0".repeat(40).parse().map_err(|_| cannot(Path::new(id.as_str()), "no infohash"))?;
    Ok(Release {
        id: id.clone(),
        infohash: nothing,
        tree_digest: Sha256::from_bytes(*manifest.digest().as_bytes()),
        layout: Layout::Tree,
        payload: PayloadFile { file: named("")?, bytes: manifest.bytes(), sha256: None },
        torrent: NamedFile { file: named(".torrent")?, sha256: Sha256::of(b"") },
        manifest: NamedFile { file: named(".manifest.jsonl")?, sha256: *text },
        piece_length: 65536,
        files: manifest.files(),
        bytes: manifest.bytes(),
        private: false,
        source: None,
    })
}

/// The directory `current` and a link to its future place change places.
fn take_in(locked: &LockedSite<'_>, id: &ReleaseId) -> Result<(), Error> {
    let (paths, disk) = (&locked.site.paths, locked.site.disk);
    let (current, release) = (paths.current(), paths.release(id));
    // From `current` this leads to the release; where it is made it leads nowhere, and nobody looks there.
    let text = Path::new("releases").join(id.as_str());
    disk.link(&text, &release).map_err(|source| Error::write(&release, source))?;
    disk.exchange(&release, &current).map_err(|source| exchange_error(&current, source))
}

fn exchange_error(path: &Path, source: io::Error) -> Error {
    match source.kind() {
        io::ErrorKind::CrossesDevices | io::ErrorKind::ResourceBusy => {
            cannot(path, "it is on another file system than releases/, or is where one is mounted")
        }
        _ => Error::write(path, source),
    }
}

/// What outlives releases moves to `shared/`, where nothing is in its way; a link stays in its place.
fn share(locked: &LockedSite<'_>, id: &ReleaseId, path: &str) -> Result<(), Error> {
    let (paths, disk) = (&locked.site.paths, locked.site.disk);
    let (inside, outside) = (paths.release(id).join(path), paths.shared().join(path));
    let is_link = |path: &Path| path.symlink_metadata().is_ok_and(|meta| meta.is_symlink());
    if is_link(&inside) || !inside.exists() {
        return Ok(());
    }
    if outside.exists() {
        log::warn!(
            "`{}` stays in the adopted release: `{}` is there already",
            inside.display(),
            outside.display()
        );
        return Ok(());
    }
    let folder = outside.parent().unwrap_or(&outside);
    std::fs::create_dir_all(folder).map_err(|source| Error::write(folder, source))?;
    // One that an interrupted run left leads nowhere.
    disk.remove(&outside)
        .and_then(|()| disk.link(&target_of(path), &outside))
        .map_err(|source| Error::write(&outside, source))?;
    disk.exchange(&outside, &inside).map_err(|source| exchange_error(&inside, source))
}

fn finish(locked: &LockedSite<'_>, id: &ReleaseId, shared: &[String]) -> Result<(), Error> {
    // Through a link to a foreign place nothing is moved: that tree is somebody else's.
    if !locked.site.paths.release(id).is_symlink() {
        for path in shared {
            share(locked, id, path)?;
        }
    }
    locked.set_state(id, ReleaseState::Active)?;
    locked.log("adopted", id, None);
    locked.end()
}

/// Finishes an adoption that a killed process left, if the release is live, else undoes it.
pub(crate) fn recover(locked: &LockedSite<'_>, id: &ReleaseId, shared: &[String]) -> Result<(), Error> {
    let release = locked.site.paths.release(id);
    if locked.site.current().ok().and_then(Current::into_id).as_ref() == Some(id) && release.is_dir() {
        return finish(locked, id, shared);
    }
    if release.is_symlink() {
        locked.site.disk.remove(&release).map_err(|source| Error::write(&release, source))?;
    }
    locked.forget(id)?;
    locked.end()
}

#[cfg(test)]
#[path = "adopt_tests.rs"]
mod tests;
