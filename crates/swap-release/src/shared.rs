//! Links from a release to what outlives releases.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fleet::SharedPath;
use payload::{Kind, Manifest};
use record::ReleaseId;

use crate::Error;

/// Links each shared path in `tree` to `shared`, relatively, so that the site can be moved or mounted elsewhere.
/// Gives the paths of the links, for verification to know.
pub(crate) fn link_shared(
    shared: &Path,
    tree: &Path,
    manifest: &Manifest,
    paths: &[SharedPath],
    release: &ReleaseId,
) -> Result<Vec<String>, Error> {
    let mut made = Vec::new();
    for path in paths {
        expect_target(shared, path)?;
        expect_free(manifest, path.path(), release)?;
        let link = tree.join(path.path());
        make_parents(tree, path.path())?;
        match fs::remove_dir(&link) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(Error::Write { path: link, source }),
        }
        symlink(target_of(path.path()), &link).map_err(|source| Error::Write { path: link, source })?;
        made.push(path.path().to_owned());
    }
    Ok(made)
}

/// Whether a shared path of a tree still is the link that was made.
pub(crate) fn is_linked(tree: &Path, path: &str) -> bool {
    fs::read_link(tree.join(path)).is_ok_and(|target| target == target_of(path))
}

/// Makes every shared path the link again that it was, unless something real lies there.
pub(crate) fn relink(tree: &Path, shared: &[String]) -> Result<(), Error> {
    for path in shared.iter().filter(|path| !is_linked(tree, path)) {
        let link = tree.join(path);
        let write = |source| Error::Write { path: link.clone(), source };
        make_parents(tree, path)?;
        match fs::remove_file(&link) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(write(source)),
        }
        symlink(target_of(path), &link).map_err(write)?;
    }
    Ok(())
}

/// A directory of a release as it must be: ours, and mode 0755.
pub(crate) fn restore_folders(folder: &Path) -> Result<(), Error> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let write = |source: io::Error| Error::Write { path: folder.to_owned(), source };
    let us = rustix::process::geteuid();
    if fs::metadata(folder).map_err(write)?.uid() != us.as_raw() {
        rustix::fs::chown(folder, Some(us), None).map_err(|errno| write(errno.into()))?;
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(write)
}

/// `a/b` of `releases/<id>` is two levels below `deploy_to` plus its own depth.
pub(crate) fn target_of(path: &str) -> PathBuf {
    let up = "../".repeat(path.matches('/').count() + 2);
    PathBuf::from(format!("{up}shared/{path}"))
}

/// A directory is made; a file is the operator's: an empty settings.php would be worse than an error.
fn expect_target(shared: &Path, path: &SharedPath) -> Result<(), Error> {
    let target = shared.join(path.path());
    if path.is_directory() {
        return fs::create_dir_all(&target).map_err(|source| Error::Write { path: target, source });
    }
    if target.exists() { Ok(()) } else { Err(Error::SharedMissing { path: target }) }
}

/// The release may bring an empty directory at a shared path, but no content, and nothing but directories above it.
fn expect_free(manifest: &Manifest, path: &str, release: &ReleaseId) -> Result<(), Error> {
    for entry in manifest.entries() {
        let is_dir = matches!(entry.kind, Kind::Dir);
        let below = entry.path.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        let above = path.strip_prefix(entry.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        if below || (!is_dir && (above || entry.path == path)) {
            return Err(Error::SharedShipped { release: release.clone(), path: entry.path.clone() });
        }
    }
    Ok(())
}

fn make_parents(tree: &Path, path: &str) -> Result<(), Error> {
    for (at, _) in path.match_indices('/') {
        let Some(parent) = path.get(..at) else { continue };
        let folder = tree.join(parent);
        match fs::create_dir(&folder) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => return Err(Error::Write { path: folder, source }),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_lead_back_to_deploy_to() {
        assert_eq!(target_of("settings.php"), Path::new("../../shared/settings.php"));
        assert_eq!(target_of("sites/default/files"), Path::new("../../../../shared/sites/default/files"));
    }
}
