//! Adopting, and being killed at it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::disk::RealDisk;
use crate::disk::recording::RecordingDisk;
use crate::site::Site;
use crate::site::testing::{id, site_with};

fn old_site(root: &Path) {
    let current = root.join("current");
    fs::create_dir_all(current.join("sites/default/files")).unwrap();
    fs::write(current.join("name"), "old").unwrap();
    fs::write(current.join("sites/default/settings.php"), "<?php").unwrap();
    fs::write(current.join("sites/default/files/a.png"), "png").unwrap();
}

fn shared() -> SharedPaths {
    SharedPaths::parse(["sites/default/files/", "sites/default/settings.php"]).unwrap()
}

fn adopt_it(root: &Path) -> Result<Adopted, Error> {
    let locked = Site::open(root, &RealDisk).unwrap().lock("test".into())?;
    adopt(&locked, &id("old"), &shared())
}

fn served(root: &Path) -> [Option<String>; 3] {
    ["name", "sites/default/settings.php", "sites/default/files/a.png"]
        .map(|path| fs::read_to_string(root.join("current").join(path)).ok())
}

const ALL: [&str; 3] = ["old", "<?php", "png"];

#[test]
fn a_served_directory_becomes_a_release_with_its_shared_paths_outside() {
    let root = site_with(&["r1"]);
    old_site(root.path());
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
        let adopted = adopt_it(root.path()).unwrap();
        done.store(true, Ordering::SeqCst);
        assert_eq!(adopted, Adopted::Release(id("old")));
        assert!(reader.join().unwrap() > 0);
    });
    let locked = Site::open(root.path(), &RealDisk).unwrap().lock("test".into()).unwrap();
    assert_eq!(locked.site.current().unwrap().into_id(), Some(id("old")));
    assert!(root.path().join("shared/sites/default/files/a.png").is_file());
    assert!(root.path().join("releases/old/sites/default/settings.php").is_symlink());
    let file = locked.site.known(&id("old")).unwrap().unwrap();
    assert_eq!(file.state, ReleaseState::Active);
    crate::verbs::verify::expect_clean(&locked.site, &file, &|_| true).unwrap();
    drop(locked);
    assert_eq!(adopt_it(root.path()).unwrap(), Adopted::Nothing, "done already");
    assert_eq!(served(root.path()).map(Option::unwrap), ALL);
}

#[test]
fn a_link_to_a_foreign_place_is_taken_in_as_it_is() {
    let root = site_with(&[]);
    let elsewhere = tempfile::tempdir().unwrap();
    old_site(elsewhere.path());
    symlink(elsewhere.path().join("current"), root.path().join("current")).unwrap();
    adopt_it(root.path()).unwrap();
    assert_eq!(served(root.path()).map(Option::unwrap), ALL);
    let target = elsewhere.path().join("current");
    assert_eq!(fs::read_link(root.path().join("current")).unwrap(), target);
    assert!(!root.path().join("releases/old").exists(), "it stays where it is");
    assert!(elsewhere.path().join("current/sites/default/settings.php").is_file(), "nothing is moved there");
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
        let locked = Site::open(root.path(), &RealDisk).unwrap().lock("test".into()).unwrap();
        crate::verbs::switch::switch(&locked, crate::site::SwitchKind::Activate, &id("r1"), None).unwrap();
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
}

#[test]
fn killed_at_every_effect_it_is_served_and_the_next_run_finishes_or_undoes() {
    for kills in 0.. {
        let root = site_with(&["r1"]);
        old_site(root.path());
        let disk = RecordingDisk::killed_after(root.path(), kills);
        let outcome = Site::open(root.path(), &disk)
            .unwrap()
            .lock("test".into())
            .and_then(|locked| adopt(&locked, &id("old"), &shared()));
        assert_eq!(served(root.path()).map(Option::unwrap), ALL, "after {kills} effects");
        // The next run, on a disk that works.
        let locked = Site::open(root.path(), &RealDisk).unwrap().lock("test".into()).unwrap();
        assert_eq!(served(root.path()).map(Option::unwrap), ALL, "after {kills} effects, reconciled");
        assert!(locked.site.paths.pending().symlink_metadata().is_err());
        drop(locked);
        adopt_it(root.path()).unwrap();
        assert_eq!(served(root.path()).map(Option::unwrap), ALL);
        assert!(root.path().join("shared/sites/default/files/a.png").is_file());
        assert!(fs::read_link(root.path().join("current")).is_ok());
        if outcome.is_ok() {
            assert!(kills > 10, "more effects than {kills}");
            return;
        }
        assert!(kills < 100, "never came to an end");
    }
}
