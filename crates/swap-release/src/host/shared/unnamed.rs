//! What the live site has as a link into `shared/`, and another release would not have at all: a path that nobody named.

use std::fs;
use std::path::{Path, PathBuf};

use super::data_loss::{is_empty_folder, place};
use crate::Error;
use crate::host::site::Site;

impl Site<'_> {
    /// Refuses a release with the links `linked` if visitors would lose what another link of the live site leads to in
    /// `shared/`. `brings` tells whether the release has something of its own at a path: then somebody has thought of it.
    pub(crate) fn expect_all_named(
        &self,
        linked: &[String],
        brings: &dyn Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let Some(live) = self.live()? else { return Ok(()) };
        let Ok(shared) = self.paths.shared().canonicalize() else { return Ok(()) };
        let links = match &live.built {
            Some(id) => self.expect_known(id)?.shared.iter().map(|path| live.tree.join(path)).collect(),
            // Nobody has written down which they are.
            None => {
                let mut links = Vec::new();
                all_links(&live.tree, &mut links);
                links
            }
        };
        let named: Vec<PathBuf> = linked
            .iter()
            .map(|path| place(&live.tree, path).unwrap_or_else(|| live.tree.join(path)))
            .collect();
        let mut unnamed = Vec::new();
        for link in links.into_iter().filter(|link| link.is_symlink()) {
            let Some(target) = link.canonicalize().ok().filter(|target| target.starts_with(&shared)) else {
                continue;
            };
            let Some(path) = link.strip_prefix(&live.tree).ok().and_then(Path::to_str) else { continue };
            let is_named = named.iter().any(|named| link.starts_with(named));
            if !is_named && !is_empty_folder(&target) && !brings(path) {
                unnamed.push((path.to_owned(), target));
            }
        }
        if unnamed.is_empty() { Ok(()) } else { Err(Error::unnamed(&unnamed)) }
    }
}

fn all_links(folder: &Path, links: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => all_links(&entry.path(), links),
            Ok(kind) if kind.is_symlink() => links.push(entry.path()),
            Ok(_) | Err(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::host::disk::RealDisk;
    use crate::host::site::testing::site_with;

    /// `current` leads to another tool's release with these links to what is in `shared/`.
    fn site(links: &[(&str, &str)]) -> tempfile::TempDir {
        let root = site_with(&[]);
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("releases/7/web/core")).unwrap();
        for folder in ["shared/files", "shared/empty"] {
            fs::create_dir(at(folder)).unwrap();
        }
        for file in ["shared/files/upload", "shared/settings.php"] {
            fs::write(at(file), "x").unwrap();
        }
        for (link, target) in links {
            symlink(at(&format!("shared/{target}")), at(&format!("releases/7/{link}"))).unwrap();
        }
        symlink("releases/7", at("current")).unwrap();
        root
    }

    fn unnamed(root: &Path, linked: &[&str], brings: &str) -> Vec<String> {
        let linked: Vec<String> = linked.iter().map(ToString::to_string).collect();
        let site = Site::open(root, &RealDisk).unwrap();
        match site.expect_all_named(&linked, &|path| path == brings) {
            Ok(()) => Vec::new(),
            Err(error) => {
                let hint = cli::Failure::hint(&error).unwrap();
                hint.split('"').skip(1).step_by(2).map(|path| path.trim_end_matches('/').to_owned()).collect()
            }
        }
    }

    #[test]
    fn what_the_live_site_is_linked_to_and_the_next_release_is_not_is_told() {
        let root = site(&[
            ("web/files", "files"),
            ("web/settings.php", "settings.php"),
            ("web/empty", "empty"),
            ("web/gone", "gone"),
        ]);
        symlink("core", root.path().join("releases/7/web/inside")).unwrap();
        let mut found = unnamed(root.path(), &[], "");
        found.sort();
        assert_eq!(found, ["web/files", "web/settings.php"], "not what is empty, gone, or no visitor's");
        assert_eq!(unnamed(root.path(), &["web/files"], "web/settings.php"), [""; 0]);
        assert_eq!(unnamed(root.path(), &["web/files", "web/settings.php"], ""), [""; 0]);
        assert_eq!(unnamed(root.path(), &["web"], ""), [""; 0], "what is below a path that is named");
    }

    #[test]
    fn where_current_is_the_docroot_itself_names_are_those_of_the_project() {
        let root = site(&[("web/files", "files")]);
        fs::remove_file(root.path().join("current")).unwrap();
        symlink("releases/7/web", root.path().join("current")).unwrap();
        // A short path is not taken for one of the docroot: it may be the project's.
        assert_eq!(unnamed(root.path(), &["web/files"], ""), ["files"]);
        fs::create_dir_all(root.path().join("releases/7/web/sites/default")).unwrap();
        fs::rename(
            root.path().join("releases/7/web/files"),
            root.path().join("releases/7/web/sites/default/files"),
        )
        .unwrap();
        assert_eq!(unnamed(root.path(), &["web/sites/default/files"], ""), [""; 0]);
    }

    #[test]
    fn nothing_live_names_nothing() {
        let root = site_with(&["r1"]);
        assert_eq!(unnamed(root.path(), &[], ""), [""; 0]);
    }
}
