//! Links from a release to what outlives releases.

pub(crate) mod data_loss;
mod unlinked;
mod unnamed;

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use inventory::{SharedPath, SharedPaths};
use payload::{Entry, Kind, Manifest};
use record::ReleaseId;
use record::host::ReleaseState;

pub(crate) use self::unlinked::unlinked;
use crate::Error;
use crate::host::disk::mounts::{Inode, way};
use crate::host::site::{Paths, ReleaseFile, Site};

/// Links each shared path in `tree` to `shared`, relatively where that can be, so that the site can be moved or mounted elsewhere.
/// Gives the paths of the links, for verification to know.
pub(crate) fn link_shared(
    site: &Paths,
    tree: &Path,
    manifest: &Manifest,
    paths: &SharedPaths,
    release: &ReleaseId,
) -> Result<Vec<String>, Error> {
    let mut made = Vec::new();
    for path in to_link(site, manifest, paths, true) {
        expect_direct(site, path)?;
        expect_target(&site.shared(), path)?;
        expect_free(manifest, path.path(), release)?;
        let link = tree.join(path.path());
        make_parents(tree, path.path())?;
        match fs::remove_dir(&link) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::Write { path: link, source }),
        }
        symlink(target_of(site, path.path()), &link).map_err(|source| Error::Write { path: link, source })?;
        made.push(path.path().to_owned());
    }
    Ok(made)
}

/// Refuses a release whose links would hide from visitors what they find today. What is linked when there and is not there
/// counts as well, unless the release brings it.
pub(crate) fn expect_no_data_loss(
    site: &Site<'_>,
    manifest: &Manifest,
    paths: &SharedPaths,
) -> Result<(), Error> {
    let brings = |path: &SharedPath| manifest.entries().iter().any(|entry| is_in_the_way(entry, path.path()));
    let asked = paths.iter().filter(|path| !path.is_when_there() || !brings(path));
    site.expect_no_data_loss(asked.map(SharedPath::path))
}

/// Refuses a release that was built if visitors would lose something by its links.
pub(crate) fn expect_links(site: &Site<'_>, file: &ReleaseFile) -> Result<(), Error> {
    expect_targets(&site.paths, file.id(), &file.shared)?;
    site.expect_no_data_loss(file.shared.iter().map(String::as_str))?;
    // What was live before may go live again with the links that it had.
    if file.state == ReleaseState::Staged {
        let tree = site.tree(file.id());
        site.expect_all_named(&file.shared, &|path| tree.join(path).symlink_metadata().is_ok())?;
    }
    Ok(())
}

/// Refuses a release one of whose links leads nowhere, past `shared/`, or into a release.
pub(crate) fn expect_targets(site: &Paths, release: &ReleaseId, linked: &[String]) -> Result<(), Error> {
    let tree = site.release(release);
    for path in linked {
        let target = site.shared().join(path);
        if !target.exists() {
            return Err(match fs::read_link(&target) {
                Ok(leads) => Error::shared_dangling(&target, &leads),
                Err(_) => Error::shared_missing(&target),
            });
        }
        expect_outside(site, path)?;
        let link = tree.join(path);
        if Inode::of(&link) != Inode::of(&target) {
            return Err(Error::shared_astray(release, &link, &target));
        }
    }
    Ok(())
}

/// Whether a release that was linked to `linked` would be linked to the same today.
pub(crate) fn links_as_ever(
    site: &Paths,
    manifest: &Manifest,
    paths: &SharedPaths,
    linked: &[String],
) -> bool {
    let today: BTreeSet<&str> = to_link(site, manifest, paths, false).map(SharedPath::path).collect();
    today == linked.iter().map(String::as_str).collect()
}

/// Those that are linked in any case, and those that are there. Of the latter, what the release brings itself stays the
/// release's.
fn to_link<'a>(
    site: &Paths,
    manifest: &'a Manifest,
    paths: &'a SharedPaths,
    tell: bool,
) -> impl Iterator<Item = &'a SharedPath> {
    let shared = site.shared();
    paths.iter().filter(move |path| {
        if !path.is_when_there() {
            return true;
        }
        let there = shared.join(path.path());
        if there.symlink_metadata().is_err() {
            return false;
        }
        let brings = manifest.entries().iter().any(|entry| is_in_the_way(entry, path.path()));
        if brings && tell {
            log::warn!("`{}` is not linked: the release brings its own `{}`", there.display(), path.path());
        }
        !brings
    })
}

/// Whether a shared path of a tree still is a link that we made, and leads to `shared/`: `releases/` may have moved to another
/// disk since.
pub(crate) fn is_linked(site: &Paths, tree: &Path, path: &str) -> bool {
    let link = tree.join(path);
    let Ok(text) = fs::read_link(&link) else { return false };
    match Inode::of(&site.shared().join(path)) {
        // Nothing to lead to: then only the text can be looked at.
        None => text == target_of(site, path),
        there => {
            (text == relative(path) || text == site.shared_from_anywhere(path)) && Inode::of(&link) == there
        }
    }
}

/// Makes every shared path the link again that it was, unless something real lies there.
pub(crate) fn relink(site: &Paths, tree: &Path, shared: &[String]) -> Result<(), Error> {
    for path in shared.iter().filter(|path| !is_linked(site, tree, path)) {
        let link = tree.join(path);
        let write = |source| Error::Write { path: link.clone(), source };
        make_parents(tree, path)?;
        match fs::remove_file(&link) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(write(source)),
        }
        symlink(target_of(site, path), &link).map_err(write)?;
    }
    Ok(())
}

/// A directory of a release as it must be: ours, and mode 0755.
pub(crate) fn restore_folders(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let write = |source: io::Error| Error::Write { path: folder.to_owned(), source };
    let us = rustix::process::geteuid();
    if fs::metadata(folder).map_err(write)?.uid() != us.as_raw() {
        rustix::fs::chown(folder, Some(us), None).map_err(|errno| write(errno.into()))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(write)
}

/// The text of the link at `path` in a release.
fn target_of(site: &Paths, path: &str) -> PathBuf {
    if site.releases_are_below() { relative(path) } else { site.shared_from_anywhere(path) }
}

/// `a/b` of `releases/<id>` is two levels below `deploy_to` plus its own depth.
fn relative(path: &str) -> PathBuf {
    let up = "../".repeat(path.matches('/').count() + 2);
    PathBuf::from(format!("{up}shared/{path}"))
}

/// Nothing above a shared path is a link in `shared/`, and the path itself is none into a release.
fn expect_direct(site: &Paths, path: &SharedPath) -> Result<(), Error> {
    let shared = site.shared();
    for (at, _) in path.path().match_indices('/') {
        let Some((parent, rest)) = path.path().get(..at).zip(path.path().get(at + 1..)) else { continue };
        let link = shared.join(parent);
        if let Ok(target) = fs::read_link(&link) {
            let target = link.parent().unwrap_or(&shared).join(target);
            let target = target.canonicalize().unwrap_or(target);
            return Err(Error::shared_through_link(path.path(), &link, &target, Path::new(rest)));
        }
    }
    expect_outside(site, path.path())
}

/// What a shared path leads to is neither in a release nor behind `current`.
fn expect_outside(site: &Paths, path: &str) -> Result<(), Error> {
    let place = site.shared().join(path);
    // What leads nowhere is reported by itself.
    let (Ok(base), Ok(root), Ok(real)) =
        (site.deploy_to().canonicalize(), site.shared().canonicalize(), place.canonicalize())
    else {
        return Ok(());
    };
    let waypoints = ["current", "releases"].map(|name| base.join(name));
    let stops = way(&root.join(path)).unwrap_or_default();
    let through = waypoints.into_iter().find(|waypoint| stops.iter().any(|stop| stop.starts_with(waypoint)));
    match through {
        None => Ok(()),
        Some(through) => Err(Error::shared_into_release(&place, &through, &real)),
    }
}

/// A directory is made; a file is the operator's: an empty settings.php would be worse than an error.
fn expect_target(shared: &Path, path: &SharedPath) -> Result<(), Error> {
    let target = shared.join(path.path());
    match fs::metadata(&target) {
        Ok(meta) if meta.is_dir() || !path.is_directory() => return Ok(()),
        Ok(_) => return Err(Error::shared_not_a_directory(&target)),
        Err(_) => {}
    }
    if let Ok(leads) = fs::read_link(&target) {
        return Err(Error::shared_dangling(&target, &leads));
    }
    if path.is_directory() {
        make_parents(shared, path.path())?;
        return make_open(&target);
    }
    Err(Error::shared_missing(&target))
}

/// The release may bring an empty directory at a shared path, but no content, and nothing but directories above it.
fn expect_free(manifest: &Manifest, path: &str, release: &ReleaseId) -> Result<(), Error> {
    let Some(entry) = manifest.entries().iter().find(|entry| is_in_the_way(entry, path)) else {
        return Ok(());
    };
    let is_above = path.strip_prefix(entry.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
    if is_above && matches!(entry.kind, Kind::Link { .. }) {
        return Err(Error::shared_through_release(path, &entry.path, release));
    }
    Err(Error::shipped(release, &entry.path))
}

/// Whether an entry of a release keeps a link from being made at `path`.
fn is_in_the_way(entry: &Entry, path: &str) -> bool {
    let is_dir = matches!(entry.kind, Kind::Dir);
    let below = entry.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
    let above = path.strip_prefix(entry.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
    below || (!is_dir && (above || entry.path == path))
}

fn make_parents(tree: &Path, path: &str) -> Result<(), Error> {
    for (at, _) in path.match_indices('/') {
        let Some(parent) = path.get(..at) else { continue };
        make_open(&tree.join(parent))?;
    }
    Ok(())
}

/// A directory that everybody may enter, whatever the umask of the account is: the web server is another one.
fn make_open(folder: &Path) -> Result<(), Error> {
    let write = |source| Error::Write { path: folder.to_owned(), source };
    match fs::create_dir(folder) {
        Ok(()) => fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(write),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => Ok(()),
        Err(source) => Err(write(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_lead_back_to_deploy_to() {
        assert_eq!(relative("settings.php"), Path::new("../../shared/settings.php"));
        assert_eq!(relative("sites/default/files"), Path::new("../../../../shared/sites/default/files"));
    }
}
