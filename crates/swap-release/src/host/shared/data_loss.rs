//! What visitors find at a shared path today and would not find after a switch: uploads in a docroot elsewhere while
//! `shared/` has an empty directory, settings that were never put there.

use std::fs;
use std::path::{Path, PathBuf};

use record::ReleaseId;
use remote::Argv;

use crate::Error;
use crate::error::{DataLoss, Lacks, MOST_COUNTED};
use crate::host::disk::mounts::{Inode, Mounts};
use crate::host::site::{Current, Paths, Site};

/// What is live, as far as it matters here.
pub(super) struct Live {
    pub(super) tree: PathBuf,
    /// A release that was built: what its manifest has is no visitor's.
    pub(super) built: Option<ReleaseId>,
}

impl Site<'_> {
    /// What would be lost if releases were linked to these shared paths and nothing else.
    pub(crate) fn data_loss<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<Vec<DataLoss>, Error> {
        match self.live()? {
            Some(live) => self.losses(&live, paths),
            None => Ok(Vec::new()),
        }
    }

    /// What visitors are served; none if that is nothing.
    pub(super) fn live(&self) -> Result<Option<Live>, Error> {
        match self.current() {
            Ok(Current::Foreign(foreign)) => Ok(Some(Live { tree: foreign.at, built: None })),
            Ok(Current::Release { id, .. }) => {
                let adopted = self.known(&id)?.is_some_and(|file| file.adopted.is_some());
                Ok(Some(Live { tree: self.tree(&id), built: (!adopted).then_some(id) }))
            }
            Ok(Current::None | Current::Dangling { .. }) => Ok(None),
            // No directory: whoever switches says so.
            Err(Error::ForeignCurrent { .. } | Error::CurrentNotALink { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same if `tree` is live.
    pub(crate) fn data_loss_in<'a>(
        &self,
        tree: &Path,
        paths: impl Iterator<Item = &'a str>,
    ) -> Result<Vec<DataLoss>, Error> {
        self.losses(&Live { tree: tree.to_owned(), built: None }, paths)
    }

    fn losses<'a>(&self, live: &Live, paths: impl Iterator<Item = &'a str>) -> Result<Vec<DataLoss>, Error> {
        let mut manifest = None;
        let mut losses = Vec::new();
        for path in paths {
            let shared = self.paths.shared().join(path);
            let direct = || Some(live.tree.join(path)).filter(|path| path.exists());
            let place = if live.built.is_some() { direct() } else { place(&live.tree, path) };
            let Some(place) = place else { continue };
            let (Ok(real), Some(inode)) = (place.canonicalize(), Inode::of(&place)) else { continue };
            if Inode::of(&shared) == Some(inode) {
                continue;
            }
            if let (None, Some(id)) = (&manifest, &live.built) {
                let file = self.expect_known(id)?;
                manifest = Some(crate::host::site::read_manifest(self, &file)?);
            }
            let is_built = |below: &Path| {
                let whole = if below.as_os_str().is_empty() {
                    PathBuf::from(path)
                } else {
                    Path::new(path).join(below)
                };
                manifest
                    .as_ref()
                    .zip(whole.to_str())
                    .is_some_and(|(manifest, path)| manifest.get(path).is_some())
            };
            if let Some(lacks) = lacks(&place, &shared, &is_built) {
                let remedy = remedy(&self.paths, live, path, (&place, &real), &shared);
                losses.push(DataLoss { live: real, shared, lacks, remedy });
            }
        }
        Ok(losses)
    }

    /// Refuses what would lose something to visitors. No flag skips this.
    pub(crate) fn expect_no_data_loss<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<(), Error> {
        let losses = self.data_loss(paths)?;
        if losses.is_empty() { Ok(()) } else { Err(Error::data_loss(&losses)) }
    }
}

/// Where a tree has what a release has at `path`. `current` may be the docroot itself: of `web/sites/default/files` it has
/// `sites/default/files`.
pub(crate) fn place(tree: &Path, path: &str) -> Option<PathBuf> {
    let direct = tree.join(path);
    if direct.exists() {
        return Some(direct);
    }
    let (docroot, rest) = path.split_once('/')?;
    if !rest.contains('/') || tree.join(docroot).exists() {
        return None;
    }
    Some(tree.join(rest)).filter(|inner| inner.exists())
}

fn lacks(live: &Path, shared: &Path, is_built: &dyn Fn(&Path) -> bool) -> Option<Lacks> {
    if !live.is_dir() {
        return (!shared.exists() && !is_built(Path::new(""))).then_some(Lacks::Itself);
    }
    let (mut count, mut first) = (0, None);
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let there = shared.join(&folder);
        let Ok(entries) = fs::read_dir(live.join(&folder)) else {
            // What may not be looked at holds something, as far as we know.
            if there.symlink_metadata().is_err() {
                count += 1;
                first.get_or_insert(folder);
            }
            continue;
        };
        for entry in entries.flatten() {
            let below = folder.join(entry.file_name());
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(below);
            } else if shared.join(&below).symlink_metadata().is_err() && !is_built(&below) {
                count += 1;
                first = first.filter(|first| *first <= below).or(Some(below));
                if count == MOST_COUNTED {
                    return first.map(|first| Lacks::Files { count, first });
                }
            }
        }
    }
    first.map(|first| Lacks::Files { count, first })
}

/// Whether a directory between `tree` and `inside`, or `inside` itself, is a link.
pub(crate) fn through_link(tree: &Path, inside: &Path) -> bool {
    inside.ancestors().take_while(|path| *path != tree).any(Path::is_symlink)
}

/// A docroot elsewhere stays where it is, and so does another directory that the live tree has a link to; `shared/` leads there: nothing is copied, so nothing that is uploaded meanwhile
/// is missed, and nobody's files change hands. What is in a release that will go is copied; what is in a directory of the
/// site that is no release yet is moved by `adopt`.
fn remedy(paths: &Paths, live: &Live, path: &str, (place, real): (&Path, &Path), shared: &Path) -> String {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    let run = |program: &str, words: &[&str]| Argv::new(program).args(words.iter().copied());
    let folder = text(shared.parent().unwrap_or(shared));
    let (from, to) = (text(real), text(shared));
    let below = |folder: &Path| folder.canonicalize().is_ok_and(|folder| real.starts_with(folder));
    // What a link of the tree leads to is nothing that adopt would move.
    let is_its_own = below(&live.tree) && !through_link(&live.tree, place);
    let site = below(paths.deploy_to());
    let missing = shared.symlink_metadata().is_err();
    if site && is_its_own && live.built.is_none() && (missing || is_empty_folder(shared)) {
        let adopt = run("swap-release", &["adopt", "--deploy-to", &text(paths.deploy_to()), "--shared"]);
        return adopt.arg(if real.is_dir() { format!("{path}/") } else { path.to_owned() }).to_string();
    }
    let mounted = shared.canonicalize().is_ok_and(|real| Mounts::read().within(&real).contains(&real));
    if site && (is_its_own || below(&paths.releases())) || mounted {
        let make = run("mkdir", &["-p", "--", if real.is_dir() { &to } else { &folder }]);
        let from = if real.is_dir() { format!("{from}/.") } else { from };
        return format!("{make} && {}", run("cp", &["-a", "--", &from, &to]));
    }
    let join = run("ln", &["-s", "--", &from, &to]);
    if missing {
        format!("{} && {join}", run("mkdir", &["-p", "--", &folder]))
    } else if is_empty_folder(shared) {
        format!("{} && {join}", run("rmdir", &["--", &to]))
    } else {
        format!("{} && {join}", run("mv", &["--", &to, &format!("{to}.before")]))
    }
}

/// A directory, no link to one, with nothing in it.
pub(crate) fn is_empty_folder(path: &Path) -> bool {
    !path.is_symlink() && fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::host::disk::RealDisk;
    use crate::host::site::testing::site_with;

    const FILES: &str = "sites/default/files";

    /// A site whose `current` leads to a docroot elsewhere that holds an upload.
    fn elsewhere() -> (tempfile::TempDir, tempfile::TempDir) {
        let (root, docroot) = (site_with(&["r1"]), tempfile::tempdir().unwrap());
        fs::create_dir_all(docroot.path().join(FILES).join("img")).unwrap();
        fs::write(docroot.path().join(FILES).join("img/a.png"), "png").unwrap();
        fs::write(docroot.path().join("sites/default/settings.php"), "<?php").unwrap();
        symlink(docroot.path(), root.path().join("current")).unwrap();
        (root, docroot)
    }

    fn losses(root: &Path, paths: &[&str]) -> Vec<DataLoss> {
        Site::open(root, &RealDisk).unwrap().data_loss(paths.iter().copied()).unwrap()
    }

    fn sh(command: &str) {
        assert!(
            std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(),
            "{command}"
        );
    }

    #[test]
    fn a_missing_and_an_empty_and_a_half_filled_directory_are_told_with_what_helps() {
        for have in [&[][..], &[""], &["img"], &["img/b.png"]] {
            let (root, docroot) = elsewhere();
            let shared = root.path().join("shared").join(FILES);
            for part in have {
                match part.ends_with(".png") {
                    true => {
                        fs::create_dir_all(shared.join("img")).unwrap();
                        fs::write(shared.join(part), "").unwrap();
                    }
                    false => fs::create_dir_all(shared.join(part)).unwrap(),
                }
            }
            let found = losses(root.path(), &[FILES]);
            assert_eq!(found.len(), 1, "{have:?}");
            assert!(found[0].to_string().contains("1 file in"), "{}", found[0]);
            assert!(found[0].to_string().contains("img/a.png"), "{}", found[0]);
            sh(&found[0].remedy);
            assert_eq!(losses(root.path(), &[FILES]), [], "{have:?}");
            // Also what is uploaded after that.
            fs::write(docroot.path().join(FILES).join("late.png"), "png").unwrap();
            assert!(shared.join("late.png").is_file());
        }
    }

    #[test]
    fn whatever_is_the_same_or_all_there_or_empty_is_not_told() {
        let (root, docroot) = elsewhere();
        assert_eq!(losses(root.path(), &["sites/default/private", "nowhere"]), []);
        let shared = root.path().join("shared/sites/default");
        fs::create_dir_all(shared.join("files/img")).unwrap();
        fs::write(shared.join("files/img/a.png"), "png").unwrap();
        fs::create_dir_all(docroot.path().join(FILES).join("empty/deep")).unwrap();
        assert_eq!(losses(root.path(), &[FILES]), []);
        let found = losses(root.path(), &["sites/default/settings.php"]);
        assert!(found[0].to_string().contains("is not there"), "{}", found[0]);
        sh(&found[0].remedy);
        assert_eq!(losses(root.path(), &["sites/default/settings.php"]), []);
    }

    #[test]
    fn where_the_live_path_is_a_link_to_another_place_of_the_site_the_remedy_does_not_move_that_place() {
        for place in ["shared/files", "uploads", "releases/6/files", "releases/7/storage"] {
            let root = site_with(&[]);
            let at = |path: &str| root.path().join(path);
            fs::create_dir_all(at(place)).unwrap();
            fs::write(at(place).join("a.png"), "png").unwrap();
            fs::create_dir_all(at("releases/7/web")).unwrap();
            symlink(at(place), at("releases/7/web/files")).unwrap();
            symlink("releases/7", at("current")).unwrap();
            let found = losses(root.path(), &["web/files"]);
            assert_eq!(found.len(), 1, "{place}");
            sh(&found[0].remedy);
            assert_eq!(losses(root.path(), &["web/files"]), [], "{place}: {}", found[0].remedy);
            let targets = crate::host::shared::expect_outside(
                &Site::open(root.path(), &RealDisk).unwrap().paths,
                "web/files",
            );
            assert!(targets.is_ok(), "{place}: {targets:?}");
        }
    }

    #[test]
    fn current_may_be_the_docroot_itself_while_releases_have_it_one_below() {
        let (root, _docroot) = elsewhere();
        assert_eq!(losses(root.path(), &["web/sites/default/files"]).len(), 1);
        assert_eq!(losses(root.path(), &["sites/files", "files"]), []);
    }
}
