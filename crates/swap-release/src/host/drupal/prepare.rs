//! Before anybody switches: are settings and permissions as Drupal needs them, and has the release a place for its
//! compiled templates?

use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use inventory::Core;
use rustix::io::Errno;

use super::settings;
use crate::host::site::{LockedSite, Switching};
use crate::order::DrupalOrder;

/// Checks, and makes what is missing.
pub(crate) fn prepare(switching: Switching<'_>, drupal: &DrupalOrder) -> Result<String, String> {
    let locked = switching.locked;
    let paths = &locked.site.paths;
    let below =
        |site: &str, name: &str| paths.shared().join(&drupal.docroot).join("sites").join(site).join(name);
    let mut files = None;
    for (site, _) in &drupal.sites {
        let settings = below(site, "settings.php");
        let meta = metadata(&settings)?;
        if meta.mode() & 0o002 != 0 {
            return Err(format!(
                "`{}` may be written by anybody (mode {:04o}): chmod o-w",
                settings.display(),
                meta.mode() & 0o7777
            ));
        }
        let folder = below(site, "files");
        files = Some(metadata(&folder)?);
    }
    let file = paths.shared().join(settings::FILE);
    write_if_new(locked, &file)?;
    if drupal.core == Core::Seven {
        return Ok("settings and files are there".into());
    }
    for (site, _) in &drupal.sites {
        let path = below(site, "settings.php");
        let text = fs::read(&path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
        if !settings::knows_the_release(&String::from_utf8_lossy(&text)) {
            return Err(format!(
                "`{}` does not set deployment_identifier; add at its end: include '{}';",
                path.display(),
                file.display()
            ));
        }
    }
    let twig = paths.php_storage(switching.to);
    // PHP writes there as it does in the files of the site: the same group and mode.
    let like = files.ok_or("no site")?;
    let mut kept = None;
    for folder in [twig.parent().unwrap_or(&twig), twig.as_path()] {
        let errno = make_like(locked, folder, &like)?;
        kept = kept.or(errno.map(|errno| (folder, errno)));
    }
    if let Some((folder, errno)) = kept {
        let folder = folder.display();
        log::warn!("`{folder}` keeps its group, since that of the site's files cannot be given: {errno}");
    }
    Ok(format!("settings and files are there; compiled templates go to `{}`", twig.display()))
}

fn metadata(path: &Path) -> Result<Metadata, String> {
    fs::metadata(path).map_err(|error| format!("`{}`: {error}", path.display()))
}

fn write_if_new(locked: &LockedSite<'_>, file: &PathBuf) -> Result<(), String> {
    let text = settings::text(locked.site.paths.deploy_to());
    if fs::read_to_string(file).is_ok_and(|found| found == text) {
        return Ok(());
    }
    let written = locked.site.disk.write(file, text.as_bytes());
    written.map_err(|error| format!("cannot write `{}`: {error}", file.display()))
}

/// Makes a directory with the group and mode of another one; what is there already is left as it is. Gives why it could not have
/// the group, if so.
fn make_like(locked: &LockedSite<'_>, folder: &Path, like: &Metadata) -> Result<Option<Errno>, String> {
    if folder.is_dir() {
        return Ok(None);
    }
    let failed = |error: std::io::Error| format!("cannot make `{}`: {error}", folder.display());
    locked.site.disk.make_folder(folder).map_err(failed)?;
    let group = rustix::fs::Gid::from_raw(like.gid());
    let kept = rustix::fs::chown(folder, None, Some(group)).err();
    fs::set_permissions(folder, fs::Permissions::from_mode(like.mode() & 0o7777)).map_err(failed)?;
    Ok(kept)
}
