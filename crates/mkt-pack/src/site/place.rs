//! Where the outputs may lie.

use std::path::{Component, Path, PathBuf};

use payload::WalkOptions;

use crate::Error;
use crate::error::pattern;
use crate::settings::Settings;

/// Refuses a folder of records inside the site, unless it is excluded: the payload would hold the payload before it.
pub(crate) fn check(settings: &Settings) -> Result<(), Error> {
    // A site that is not there is reported by whoever reads it.
    let Ok(site) = settings.site.canonicalize() else { return Ok(()) };
    let records = resolve(&settings.records);
    let Ok(inside) = records.strip_prefix(&site) else { return Ok(()) };
    // A path that is not UTF-8 cannot be named by a pattern, and not be released either.
    let path = inside.to_str().unwrap_or_default();
    if !path.is_empty() && settings.walk.excludes(path, true).map_err(Error::Tree)? {
        return Ok(());
    }
    let (records, site) = (settings.records.clone(), settings.site.clone());
    Err(Error::RecordsInSite { records, site, pattern: (!path.is_empty()).then(|| pattern(path)) })
}

/// Refuses a file inside the site, unless it is excluded: the torrent of the next run would hold the one of this.
pub(crate) fn check_file(site: &Path, walk: &WalkOptions, file: &Path) -> Result<(), Error> {
    let Ok(real) = site.canonicalize() else { return Ok(()) };
    let resolved = resolve(file);
    let Ok(inside) = resolved.strip_prefix(&real) else { return Ok(()) };
    let path = inside.to_str().unwrap_or_default();
    if !path.is_empty() && walk.excludes(path, false).map_err(Error::Tree)? {
        return Ok(());
    }
    Err(Error::OutputInSite { output: file.into(), site: site.into(), pattern: pattern(path) })
}

/// The real path of a folder that may not exist yet: what exists is resolved, the rest is taken as it is.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let existing = absolute.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    let Some((above, mut real)) = existing else { return absolute };
    for component in absolute.strip_prefix(above).unwrap_or(Path::new("")).components() {
        match component {
            Component::ParentDir => {
                real.pop();
            }
            Component::Normal(name) => real.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    real
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn what_exists_is_resolved_and_the_rest_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().canonicalize().unwrap();
        fs::create_dir(real.join("site")).unwrap();
        std::os::unix::fs::symlink("site", real.join("link")).unwrap();
        assert_eq!(resolve(&dir.path().join("link/a/b")), real.join("site/a/b"));
        assert_eq!(resolve(&dir.path().join("site/a/../b")), real.join("site/b"));
        assert_eq!(resolve(&dir.path().join("site/../out")), real.join("out"));
    }
}
