//! Bringing a site that is served already under management, without an outage: a real directory `current` becomes a
//! release, and what is to outlive releases moves to `shared/`.
//!
//! Both by renameat2(2) with RENAME_EXCHANGE: the link that is to stand in the directory's place is made where the
//! directory is to go, with the text that will be right once the two have changed places. Whoever opens a path meanwhile
//! finds the old directory or a link to it, at every moment.

use std::io;
use std::path::{Path, PathBuf};

use fleet::SharedPaths;
use record::ReleaseId;
use record::host::ReleaseState;

use crate::Error;
use crate::shared::target_of;
use crate::site::{Current, LockedSite, Pending};

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
pub(crate) fn adopt(locked: &LockedSite<'_>, id: &ReleaseId, shared: &SharedPaths) -> Result<Adopted, Error> {
    let paths = &locked.site.paths;
    let foreign = match locked.site.current() {
        Ok(Current::None | Current::Release { .. }) => return Ok(Adopted::Nothing),
        Ok(Current::Dangling { target }) => {
            let (current, kept) = (paths.current(), paths.set_aside(id));
            locked.site.disk.rename(&current, &kept).map_err(|source| Error::write(&current, source))?;
            return Ok(Adopted::SetAside { target, kept });
        }
        Ok(Current::Foreign(foreign)) => foreign,
        Err(Error::CurrentNotALink { path }) => {
            return Err(cannot(&path, "it is neither a directory nor a link to one"));
        }
        Err(Error::ForeignCurrent { path, target }) => {
            return Err(cannot(
                &path,
                &format!("it points to `{}`, which is no directory", target.display()),
            ));
        }
        Err(error) => return Err(error),
    };
    // A directory of another tool keeps its name, if that is asked for.
    let keeps_its_name = foreign.name.as_ref() == Some(id) && foreign.link.is_some();
    if !keeps_its_name && (locked.site.known(id)?.is_some() || paths.release(id).symlink_metadata().is_ok()) {
        return Err(cannot(&paths.release(id), "there is a release of this name already"));
    }
    let shared: Vec<String> = shared.iter().map(|path| path.path().to_owned()).collect();
    if foreign.link.is_some() {
        // It stays where it is, and so does `current`: nothing but our knowledge of it is new.
        locked.take_over(id, &foreign, &shared, ReleaseState::Active)?;
        locked.log("adopted", id, None);
        return Ok(Adopted::Release(id.clone()));
    }
    let pending = Pending::Adopt { release: id.clone(), shared: shared.clone() };
    locked.begin(&pending)?;
    let result =
        locked.take_over(id, &foreign, &shared, ReleaseState::Staging).and_then(|_| take_in(locked, id));
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

fn cannot(path: &Path, why: &str) -> Error {
    Error::CannotAdopt { path: path.to_owned(), why: why.to_owned() }
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
