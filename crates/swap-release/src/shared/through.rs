//! Where a path leads, link by link: the kernel says where it ends, but not what it comes by.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Of `waypoints`, given by their real paths, the first that `path` comes by on its way to where it ends, itself not
/// counted. Nothing if it ends nowhere before that.
pub(super) fn comes_by<'a>(path: &Path, waypoints: &'a [PathBuf]) -> Option<&'a Path> {
    let mut left: VecDeque<OsString> = parts(path);
    let (mut at, mut links) = (PathBuf::from("/"), 0);
    while let Some(part) = left.pop_front() {
        if part == ".." {
            // `at` is real: what is above it is where it lies.
            at.pop();
            continue;
        }
        at.push(part);
        if let Some(found) = waypoints.iter().find(|waypoint| **waypoint == at) {
            return Some(found);
        }
        if let Ok(target) = std::fs::read_link(&at) {
            links += 1;
            if links > MOST_LINKS {
                return None;
            }
            at.pop();
            if target.is_absolute() {
                at = PathBuf::from("/");
            }
            for part in parts(&target).into_iter().rev() {
                left.push_front(part);
            }
        }
    }
    None
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let part = |component: Component<'_>| match component {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
    };
    path.components().filter_map(part).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_link_on_the_way_is_followed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path().canonicalize().unwrap();
        for folder in ["releases/1/files", "shared", "elsewhere"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let waypoints = [root.join("current"), root.join("releases")];
        symlink("releases/1", root.join("current")).unwrap();
        let leads = |target: &Path| {
            let link = root.join("shared/files");
            let _none = fs::remove_file(&link);
            symlink(target, &link).unwrap();
            comes_by(&link, &waypoints).map(|path| path.file_name().unwrap().to_owned())
        };
        for target in
            ["../current/files", "../elsewhere/../releases/../current/files", "./../current//files/"]
        {
            assert!(leads(Path::new(target)).is_some(), "{target}");
        }
        assert_eq!(leads(&root.join("releases/1/files")), Some("releases".into()));
        symlink("../releases", root.join("elsewhere/link")).unwrap();
        assert_eq!(leads(Path::new("../elsewhere/link/1/files")), Some("releases".into()));
        for target in ["../elsewhere", "/", "../nowhere", "files", "../shared/files"] {
            assert_eq!(leads(Path::new(target)), None, "{target}");
        }
    }
}
