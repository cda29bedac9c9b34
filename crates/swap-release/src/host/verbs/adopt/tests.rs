//! Adopting: what is in the way, and being killed or refused at every step.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::host::disk::RealDisk;
use crate::host::disk::recording::RecordingDisk;
use crate::host::site::Site;
use crate::host::site::testing::{id, site_with};

/// A live site as Drupal leaves it: `sites/default` is write-protected.
fn old_tree(current: &Path) {
    fs::create_dir_all(current.join("sites/default/files")).unwrap();
    fs::write(current.join("name"), "old").unwrap();
    fs::write(current.join("sites/default/settings.php"), "<?php").unwrap();
    fs::write(current.join("sites/default/files/a.png"), "png").unwrap();
    set_mode(&current.join("sites/default"), 0o555);
}

fn old_site(root: &Path) {
    old_tree(&root.join("current"));
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn shared() -> SharedPaths {
    SharedPaths::parse(["sites/default/files/", "sites/default/settings.php", ".env?"]).unwrap()
}

fn adopt_it(root: &Path) -> Result<Adopted, Error> {
    let locked = crate::host::recovery::lock(Site::open(root, &RealDisk).unwrap(), "test".into())?;
    adopt(&locked, &id("old"), &shared(), None)
}

fn served(root: &Path) -> [Option<String>; 3] {
    ["name", "sites/default/settings.php", "sites/default/files/a.png"]
        .map(|path| fs::read_to_string(root.join("current").join(path)).ok())
}

const ALL: [&str; 3] = ["old", "<?php", "png"];

fn sh(command: &str) {
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

/// So that who is not root can remove the directory.
fn unlock(root: &Path) {
    for tree in ["current", "releases/old", "releases/7"] {
        let _missing =
            fs::set_permissions(root.join(tree).join("sites/default"), fs::Permissions::from_mode(0o755));
    }
}

#[test]
fn a_served_directory_becomes_a_release_with_its_shared_paths_outside() {
    let root = site_with(&["r1"]);
    old_site(root.path());
    fs::write(root.path().join("current/.env"), "KEY=1").unwrap();
    fs::create_dir_all(root.path().join("shared/sites/default/files")).unwrap();
    set_mode(&root.path().join("current/sites/default/files"), 0o2775);
    // Somebody who reads all the time never finds it gone.
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !done.load(Ordering::SeqCst) {
                assert_eq!(served(root.path()).map(Option::unwrap), ALL);
                reads += 1;
            }
            reads
        });
        let adopted = adopt_it(root.path());
        done.store(true, Ordering::SeqCst);
        assert_eq!(adopted.unwrap(), Adopted::Release(id("old")));
        assert!(reader.join().unwrap() > 0);
    });
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    assert_eq!(locked.site.current().unwrap().into_id(), Some(id("old")));
    assert_eq!(fs::read_to_string(root.path().join("shared/.env")).unwrap(), "KEY=1");
    assert_eq!(mode(&root.path().join("shared/sites/default/files")), 0o2775);
    assert_eq!(mode(&root.path().join("current/sites/default")), 0o555, "as it was");
    let names = fs::read_dir(root.path().join("shared/sites/default")).unwrap().count();
    assert_eq!(names, 2, "what was empty and in the place is gone");
    for path in ["sites/default/files", "sites/default/settings.php", ".env"] {
        assert!(root.path().join("releases/old").join(path).is_symlink(), "{path}");
    }
    let file = locked.site.known(&id("old")).unwrap().unwrap();
    assert_eq!(file.state, ReleaseState::Active);
    crate::host::verbs::verify::expect_clean(&locked.site, &file, &|_| true).unwrap();
    drop(locked);
    assert_eq!(adopt_it(root.path()).unwrap(), Adopted::Nothing, "done already");
    assert_eq!(served(root.path()).map(Option::unwrap), ALL);
    unlock(root.path());
}

#[test]
fn a_docroot_elsewhere_stays_there_once_nothing_of_it_would_be_lost() {
    for from in [false, true] {
        let root = site_with(&[]);
        let elsewhere = tempfile::tempdir().unwrap();
        old_tree(&elsewhere.path().join("html"));
        let docroot = elsewhere.path().join("html").canonicalize().unwrap();
        if !from {
            symlink(&docroot, root.path().join("current")).unwrap();
        }
        let adopt_it = || {
            let locked =
                crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into())?;
            adopt(&locked, &id("old"), &shared(), from.then_some(docroot.as_path()))
        };
        let error = adopt_it().unwrap_err();
        let Error::InTheWay { obstacles, .. } = &error else { panic!("{error}") };
        assert_eq!(obstacles.len(), 2, "{error}");
        assert_eq!(root.path().join("current").is_symlink(), !from, "nothing is changed");
        assert!(!root.path().join(".swap/releases/old").exists());
        for obstacle in obstacles {
            sh(&obstacle.commands[0].command);
        }
        assert_eq!(adopt_it().unwrap(), Adopted::Release(id("old")));
        assert_eq!(served(root.path()).map(Option::unwrap), ALL);
        assert_eq!(fs::read_link(root.path().join("current")).unwrap(), docroot);
        assert!(!root.path().join("releases/old").exists(), "it stays where it is");
        assert_eq!(fs::read_to_string(root.path().join("shared/sites/default/files/a.png")).unwrap(), "png");
        assert_eq!(adopt_it().unwrap(), Adopted::Nothing);
        set_mode(&docroot.join("sites/default"), 0o755);
    }
}

#[test]
fn a_docroot_that_cannot_be_written_down_leaves_no_current_behind() {
    let root = site_with(&[]);
    let elsewhere = tempfile::tempdir().unwrap();
    let name = std::os::unix::ffi::OsStrExt::from_bytes(b"h\xf6me");
    let docroot = elsewhere.path().join(std::ffi::OsStr::to_owned(name));
    fs::create_dir(&docroot).unwrap();
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    let error = adopt(&locked, &id("old"), &shared(), Some(&docroot)).unwrap_err();
    assert!(matches!(error, Error::CannotAdopt { .. }), "{error}");
    assert!(root.path().join("current").symlink_metadata().is_err(), "nothing is changed, as it says");
}

#[test]
fn another_tools_release_stays_where_it_is_and_what_outlives_releases_moves_out_of_it() {
    let root = site_with(&["r1"]);
    old_tree(&root.path().join("releases/7"));
    symlink("releases/7", root.path().join("current")).unwrap();
    assert_eq!(adopt_it(root.path()).unwrap(), Adopted::Release(id("old")));
    assert_eq!(served(root.path()).map(Option::unwrap), ALL);
    assert_eq!(fs::read_link(root.path().join("current")).unwrap(), Path::new("releases/7"));
    let target = fs::read_link(root.path().join("releases/7/sites/default/files")).unwrap();
    assert_eq!(target, Path::new("../../../../shared/sites/default/files"));
    assert!(root.path().join("shared/sites/default/files/a.png").is_file());
    assert_eq!(mode(&root.path().join("releases/7/sites/default")), 0o555);
    // A shared path that is new moves out of it as well.
    fs::create_dir(root.path().join("releases/7/private")).unwrap();
    fs::write(root.path().join("releases/7/private/x"), "x").unwrap();
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    let more = SharedPaths::parse(["sites/default/files/", "private/"]).unwrap();
    assert_eq!(adopt(&locked, &id("new"), &more, None).unwrap(), Adopted::Release(id("old")));
    assert_eq!(fs::read_to_string(root.path().join("current/private/x")).unwrap(), "x");
    assert!(root.path().join("shared/private/x").is_file());
    unlock(root.path());
}

#[test]
fn a_link_that_leads_nowhere_is_kept_out_of_the_way() {
    for target in ["/nowhere/old", "releases/gone"] {
        let root = site_with(&["r1"]);
        let current = root.path().join("current");
        symlink(target, &current).unwrap();
        let Adopted::SetAside { target: was, kept } = adopt_it(root.path()).unwrap() else {
            panic!("{target}")
        };
        assert_eq!((was.as_path(), fs::read_link(kept).unwrap()), (Path::new(target), was.clone()));
        assert!(current.symlink_metadata().is_err());
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        crate::host::verbs::switch::switch(&locked, crate::host::site::SwitchKind::Activate, &id("r1"), None)
            .unwrap();
        assert_eq!(fs::read_link(current).unwrap(), Path::new("releases/r1"));
    }
}

#[test]
fn what_is_no_site_is_refused() {
    let root = site_with(&["old"]);
    assert_eq!(adopt_it(root.path()).unwrap(), Adopted::Nothing, "nothing is live");
    fs::write(root.path().join("file"), "").unwrap();
    symlink("file", root.path().join("current")).unwrap();
    assert!(adopt_it(root.path()).unwrap_err().to_string().contains("no directory"));
    fs::remove_file(root.path().join("current")).unwrap();
    fs::write(root.path().join("current"), "").unwrap();
    assert!(adopt_it(root.path()).unwrap_err().to_string().contains("neither"));
    fs::remove_file(root.path().join("current")).unwrap();
    old_site(root.path());
    assert!(adopt_it(root.path()).unwrap_err().to_string().contains("of this name"));
    unlock(root.path());
}

#[test]
fn data_on_both_sides_is_told_and_nothing_is_moved() {
    let root = site_with(&["r1"]);
    old_site(root.path());
    fs::create_dir_all(root.path().join("shared/sites/default/files")).unwrap();
    fs::write(root.path().join("shared/sites/default/files/b.png"), "other").unwrap();
    let error = adopt_it(root.path()).unwrap_err();
    let Error::InTheWay { obstacles, .. } = &error else { panic!("{error}") };
    assert!(obstacles[0].found.contains("is there already"), "{error}");
    assert!(
        !root.path().join("current").is_symlink()
            && !root.path().join("shared/sites/default/settings.php").exists()
    );
    sh(&obstacles[0].commands[0].command);
    adopt_it(root.path()).unwrap();
    assert_eq!(served(root.path()).map(Option::unwrap), ALL);
    assert!(root.path().join("shared/sites/default/files.before/b.png").is_file(), "nothing is thrown away");
    unlock(root.path());
}

/// The layouts in which something moves.
fn layouts() -> [fn(&Path); 3] {
    [
        old_site,
        |root| {
            old_tree(&root.join("releases/7"));
            symlink("releases/7", root.join("current")).unwrap();
        },
        // releases/ is a link: a relative link in a release does not lead to shared/ from there.
        |root| {
            old_site(root);
            releases_elsewhere(root, &root.join("disk"));
        },
    ]
}

/// Moves `releases/` into `disk`, a link staying in its place.
fn releases_elsewhere(root: &Path, disk: &Path) {
    fs::create_dir_all(disk).unwrap();
    sh(&format!("mv {0}/releases {1}/ && ln -s {1}/releases {0}/releases", root.display(), disk.display()));
}

#[test]
fn another_file_system_behind_a_link_is_told_before_anything_is_changed() {
    let memory = tempfile::tempdir_in("/dev/shm").unwrap();
    for behind in ["releases", "shared"] {
        let root = site_with(&[]);
        old_site(root.path());
        assert_ne!(place_of_dir(root.path()), place_of_dir(memory.path()), "/dev/shm is another file system");
        match behind {
            "releases" => releases_elsewhere(root.path(), memory.path()),
            _ => {
                fs::remove_dir(root.path().join("shared")).unwrap();
                symlink(memory.path(), root.path().join("shared")).unwrap();
            }
        }
        let error = adopt_it(root.path()).unwrap_err();
        let Error::InTheWay { obstacles, .. } = &error else { panic!("{behind}: {error}") };
        assert!(obstacles[0].found.contains("another file system"), "{behind}: {error}");
        assert_eq!(served(root.path()).map(Option::unwrap), ALL);
        unlock(root.path());
    }
}

fn place_of_dir(path: &Path) -> u64 {
    std::os::unix::fs::MetadataExt::dev(&fs::metadata(path).unwrap())
}

fn attempt(root: &Path, disk: &RecordingDisk) -> Result<Adopted, Error> {
    crate::host::recovery::lock(Site::open(root, disk)?, "test".into())
        .and_then(|locked| adopt(&locked, &id("old"), &shared(), None))
}

#[test]
fn killed_at_every_effect_it_is_served_and_the_next_run_finishes_or_undoes() {
    for layout in layouts() {
        for kills in 0.. {
            let root = site_with(&["r1"]);
            layout(root.path());
            // In the way, and empty.
            fs::create_dir_all(root.path().join("shared/sites/default/files")).unwrap();
            let disk = RecordingDisk::killed_after(root.path(), kills);
            let _killed = attempt(root.path(), &disk);
            assert_eq!(served(root.path()).map(Option::unwrap), ALL, "after {kills} effects");
            // The next run, on a disk that works.
            let locked =
                crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into())
                    .unwrap();
            assert_eq!(served(root.path()).map(Option::unwrap), ALL, "after {kills} effects, reconciled");
            assert!(locked.site.paths.pending().symlink_metadata().is_err());
            assert_eq!(mode(&root.path().join("current/sites/default")), 0o555, "after {kills} effects");
            drop(locked);
            adopt_it(root.path()).unwrap();
            assert_eq!(served(root.path()).map(Option::unwrap), ALL);
            assert!(root.path().join("shared/sites/default/files/a.png").is_file());
            assert!(fs::read_link(root.path().join("current")).is_ok());
            assert_eq!(mode(&root.path().join("current/sites/default")), 0o555);
            unlock(root.path());
            if !disk.was_killed() {
                assert!(kills > 12, "more effects than {kills}");
                break;
            }
            assert!(kills < 100, "never came to an end");
        }
    }
}

#[test]
fn refused_at_any_effect_everything_is_as_it_was() {
    for layout in layouts() {
        for effects in 0.. {
            let root = site_with(&["r1"]);
            layout(root.path());
            fs::create_dir_all(root.path().join("shared/sites/default/files")).unwrap();
            let link = fs::read_link(root.path().join("current")).ok();
            let disk = RecordingDisk::failing_after(root.path(), effects);
            let outcome = attempt(root.path(), &disk);
            assert_eq!(served(root.path()).map(Option::unwrap), ALL, "after {effects} effects");
            assert_eq!(mode(&root.path().join("current/sites/default")), 0o555, "after {effects} effects");
            assert!(!root.path().join(".swap/pending.json").exists(), "after {effects} effects");
            if let Err(error) = &outcome {
                assert_eq!(fs::read_link(root.path().join("current")).ok(), link, "{effects}: {error}");
                for path in ["releases/old", ".swap/releases/old", "shared/sites/default/settings.php"] {
                    assert!(root.path().join(path).symlink_metadata().is_err(), "{effects}: {path}");
                }
                let left: Vec<_> =
                    fs::read_dir(root.path().join("shared/sites/default")).unwrap().flatten().collect();
                assert_eq!(left.len(), 1, "{effects}: {left:?}");
                assert!(left[0].path().is_dir() && left[0].file_name() == "files", "{effects}: {left:?}");
                assert!(!root.path().join("current/sites/default/files").is_symlink());
            }
            unlock(root.path());
            if !disk.was_killed() {
                assert!(effects > 12, "more effects than {effects}");
                break;
            }
            assert!(effects < 100, "never came to an end");
        }
    }
}
