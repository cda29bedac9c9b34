//! Making a release ready on this server: read the payload once, write what is hashed, prove the tree digest, sync,
//! and only then give the tree its name.

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use cli::human;
use inventory::SharedPaths;
use payload::{Manifest, TreeDigest};
use record::host::{ReleaseState, StageReply};
use record::{Build, Layout, Release, ReleaseId, Sha256};
use rustix::fs::OFlags;

use super::verify;
use crate::Error;
use crate::host::shared::{expect_no_data_loss, link_shared, links_as_ever};
use crate::host::site::{LockedSite, Pending, ReleaseFile, read_manifest};

/// What to stage.
pub(crate) struct Request<'a> {
    /// From a record that came by SSH or was given by the operator; never from the swarm.
    pub(crate) release: &'a Release,
    /// The build that made it, by the same record.
    pub(crate) build: Option<&'a Build>,
    /// The archive, or the directory of the tree layout, as some client downloaded it.
    pub(crate) payload: &'a Path,
    /// The manifest, for the tree layout.
    pub(crate) manifest: Option<&'a Path>,
    pub(crate) shared: &'a SharedPaths,
}

/// Stages a release. Done already and still whole: nothing happens.
pub(crate) fn stage(
    locked: &LockedSite<'_>,
    request: &Request<'_>,
    progress: &payload::Progress<'_>,
) -> Result<StageReply, Error> {
    let started = Instant::now();
    let id = &request.release.id;
    let reply = |file: &ReleaseFile, already| StageReply {
        release: id.clone(),
        state: file.state,
        tree_digest: file.release.tree_digest,
        files: file.release.files,
        bytes: file.release.bytes,
        already,
        seconds: (started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0,
    };
    let known = locked.site.known(id)?;
    let pinned = known.as_ref().is_some_and(|known| known.pinned);
    if let Some(known) = known
        && let Some(file) = still_good(locked, known, request, progress)?
    {
        locked.no_longer_want(request.release)?;
        return Ok(reply(&file, true));
    }
    let release = locked.site.paths.release(id);
    if release.symlink_metadata().is_ok() {
        return Err(Error::occupied(&release));
    }
    expect_room(locked, request.release)?;
    locked.begin(&Pending::Stage { release: id.clone() })?;
    match build(locked, request, pinned, progress) {
        Ok(file) => {
            locked.no_longer_want(request.release)?;
            Ok(reply(&file, false))
        }
        Err(error) => {
            // If even the clean-up fails (a full or broken disk), the next run does it.
            if let Err(undo) = recover(locked, id) {
                log::warn!("after `{error}`: {undo}");
            }
            Err(error)
        }
    }
}

/// A release of this id that is here already: good as it is, to be staged anew, or a contradiction.
fn still_good(
    locked: &LockedSite<'_>,
    known: ReleaseFile,
    request: &Request<'_>,
    progress: &payload::Progress<'_>,
) -> Result<Option<ReleaseFile>, Error> {
    let release = request.release;
    let links_as_ever = |known: &ReleaseFile| {
        let manifest = read_manifest(&locked.site, known)?;
        Ok::<_, Error>(links_as_ever(&locked.site.paths, &manifest, request.shared, &known.shared))
    };
    if known.adopted.is_some() {
        return Err(Error::occupied(&locked.site.tree(known.id())));
    }
    if known.release.tree_digest != release.tree_digest {
        let (found, expected) = (known.release.tree_digest, release.tree_digest);
        return Err(Error::other_tree(&known.release.id, found, expected));
    }
    if locked.site.is_gone(&known) {
        log::warn!("release `{}` was removed without this suite; staging it again", known.id());
        return Ok(None);
    }
    match known.state {
        ReleaseState::Staging => Ok(None),
        // Once live: it is not replaced under the feet of requests. If somebody changed it, that must be told.
        ReleaseState::Active | ReleaseState::Unconfirmed | ReleaseState::Retired => {
            verify::expect_clean(&locked.site, &known, progress)?;
            if !links_as_ever(&known)? {
                log::warn!(
                    "release `{}` was live and keeps its links to shared/ as they are; another release gets those that are \
                     asked for now",
                    known.id()
                );
            }
            Ok(Some(known))
        }
        ReleaseState::Staged | ReleaseState::Failed => {
            match verify::expect_clean(&locked.site, &known, progress) {
                Ok(()) if links_as_ever(&known)? => {
                    let file = ReleaseFile { state: ReleaseState::Staged, ..known };
                    locked.remember(&file)?;
                    return Ok(Some(file));
                }
                Ok(()) => log::warn!("release `{}` is staged again, with other links to shared/", known.id()),
                Err(Error::Aborted) => return Err(Error::Aborted),
                Err(_) => {
                    log::warn!("release `{}` was changed since it was staged; staging it again", known.id());
                }
            }
            locked.begin(&Pending::Prune { release: known.id().clone() })?;
            super::prune::remove(locked, known.id())?;
            Ok(None)
        }
    }
}

/// Refuses early what cannot fit. A tenth is added for file system blocks and metadata.
fn expect_room(locked: &LockedSite<'_>, release: &Release) -> Result<(), Error> {
    // It may be a link, or a mount, with room of its own.
    let path = locked.site.paths.releases();
    let Ok(stat) = rustix::fs::statvfs(&path) else { return Ok(()) };
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let needed = release.bytes.saturating_add(release.bytes / 10);
    if needed <= free {
        return Ok(());
    }
    Err(Error::no_space(&path, &release.id, &human::bytes(free), &human::bytes(needed)))
}

fn build(
    locked: &LockedSite<'_>,
    request: &Request<'_>,
    pinned: bool,
    progress: &payload::Progress<'_>,
) -> Result<ReleaseFile, Error> {
    let (paths, disk) = (&locked.site.paths, locked.site.disk);
    let id = &request.release.id;
    let staging = paths.staging(id);
    let write = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| Error::Write { path, source }
    };
    locked.clear(&staging)?;
    let manifest = fill(&staging, request, progress)?;
    expect_no_data_loss(&locked.site, &manifest, request.shared)?;
    let shared = link_shared(paths, &staging, &manifest, request.shared, id)?;
    locked.site.expect_all_named(&shared, &|path| staging.join(path).symlink_metadata().is_ok())?;
    disk.make_folder(&paths.known_release(id)).map_err(write(&paths.known_release(id)))?;
    let mut text = Vec::new();
    manifest.write(&mut text).map_err(|source| payload_error(request, source))?;
    disk.write(&paths.manifest(id), &text).map_err(write(&paths.manifest(id)))?;
    let newest = locked.site.all_known()?.last().map_or(0, |file| file.sequence);
    let file = ReleaseFile {
        release: request.release.clone(),
        build: request.build.cloned(),
        state: ReleaseState::Staging,
        pinned,
        shared,
        sequence: newest + 1,
        follows: None,
        since: String::new(),
        database: None,
        adopted: None,
    };
    locked.remember(&file)?;
    // One syncfs for the whole tree, before the rename: a release that has its name is whole, whatever happens next.
    disk.sync_tree(&staging).map_err(write(&staging))?;
    let release = paths.release(id);
    disk.rename_new(&staging, &release).map_err(write(&release))?;
    finish(locked, file)
}

fn finish(locked: &LockedSite<'_>, file: ReleaseFile) -> Result<ReleaseFile, Error> {
    let file = ReleaseFile { state: ReleaseState::Staged, ..file };
    locked.remember(&file)?;
    locked.log("staged", file.id(), None);
    locked.end()?;
    Ok(file)
}

/// Finishes or undoes a staging that a killed process left.
pub(crate) fn recover(locked: &LockedSite<'_>, id: &ReleaseId) -> Result<(), Error> {
    locked.clear_or_tell(&locked.site.paths.staging(id));
    match locked.site.known(id)? {
        // The rename comes after the sync, so a tree that has its name is whole and proved.
        Some(file) if file.state == ReleaseState::Staging && locked.site.paths.release(id).is_dir() => {
            finish(locked, file).map(drop)
        }
        Some(file) if file.state != ReleaseState::Staging => locked.end(),
        Some(_) | None => {
            locked.forget(id)?;
            locked.end()
        }
    }
}

/// Writes the tree to `staging`; gives its manifest, whose digest is that of the record.
pub(super) fn fill(
    staging: &Path,
    request: &Request<'_>,
    progress: &payload::Progress<'_>,
) -> Result<Manifest, Error> {
    let expected = TreeDigest::new(*request.release.tree_digest.as_bytes());
    let fault = |source| payload_error(request, source);
    match request.release.layout {
        Layout::Archive => {
            if request.payload == Path::new("-") {
                return payload::archive::unpack(io::stdin().lock(), staging, &expected, progress)
                    .map_err(fault);
            }
            let file = open_regular(request.payload)?;
            payload::archive::unpack(file, staging, &expected, progress).map_err(fault)
        }
        Layout::Tree => {
            let path = request.manifest.ok_or_else(|| {
                Error::Usage(format!(
                    "release `{}` has the tree layout: name its manifest with --manifest",
                    request.release.id
                ))
            })?;
            check_manifest_file(path, &request.release.manifest.sha256)?;
            let manifest = Manifest::parse(BufReader::new(open_regular(path)?)).map_err(fault)?;
            payload::tree::copy(request.payload, staging, &manifest, &expected, progress).map_err(fault)?;
            Ok(manifest)
        }
    }
}

fn check_manifest_file(path: &Path, expected: &Sha256) -> Result<(), Error> {
    let found = Sha256::of_file(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
    if found == *expected {
        return Ok(());
    }
    Err(record::Error::Mixed {
        path: path.to_owned(),
        found: found.to_string(),
        expected: expected.to_string(),
        named_by: "the record".into(),
    }
    .into())
}

/// Opens a file that a client downloaded: no link is followed, nothing but a regular file is read (a FIFO would hang).
fn open_regular(path: &Path) -> Result<File, Error> {
    let flags =
        i32::try_from((OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC).bits()).unwrap_or_default();
    let read = |source| Error::Read { path: path.to_owned(), source };
    let file = fs::OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(read)?;
    if file.metadata().map_err(read)?.is_file() {
        Ok(file)
    } else {
        Err(read(io::Error::other("not a regular file")))
    }
}

fn payload_error(request: &Request<'_>, source: payload::Error) -> Error {
    if source.is_aborted() {
        return Error::Aborted;
    }
    Error::Payload { path: PathBuf::from(request.payload), release: request.release.id.clone(), source }
}

#[cfg(test)]
mod tests;
