//! Staging real payloads: kept, refused, and killed before every effect.

use std::os::unix::fs::{PermissionsExt, symlink};

use payload::{Mtimes, WalkOptions, walk};
use record::NamedFile;

use super::*;
use crate::host::disk::recording::RecordingDisk;
use crate::host::disk::{Disk, RealDisk};
use crate::host::site::testing::{id, release};
use crate::host::site::{Site, SwitchKind};
use crate::host::verbs::switch::switch;

/// A payload on disk and the release that it is.
struct Built {
    folder: tempfile::TempDir,
    release: Release,
}

impl Built {
    fn payload(&self) -> PathBuf {
        self.folder.path().join("payload.tar.zst")
    }
}

/// Packs a small site; `text` makes it different from others.
fn build(name: &str, text: &str) -> Built {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    fs::create_dir_all(tree.join("sites/default")).unwrap();
    fs::create_dir_all(tree.join("empty")).unwrap();
    fs::write(tree.join("name"), text).unwrap();
    fs::write(tree.join("run.sh"), "#!/bin/sh\n").unwrap();
    fs::set_permissions(tree.join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(tree.join("nothing"), "").unwrap();
    symlink("name", tree.join("link")).unwrap();
    let scan = walk(&tree, &WalkOptions::default(), &|_| true).unwrap();
    let mtimes = Mtimes { release: 1_700_000_000, bases: &[] };
    let options = payload::archive::Options { level: 3, mtimes, spool: folder.path() };
    let payload = folder.path().join("payload.tar.zst");
    let out = File::create(&payload).unwrap();
    let (manifest, _) = payload::archive::write(&scan, &options, out, &|_| true).unwrap();
    let mut json = Vec::new();
    manifest.write(&mut json).unwrap();
    fs::write(folder.path().join("manifest.jsonl"), &json).unwrap();
    let release = Release {
        tree_digest: Sha256::from_bytes(*manifest.digest().as_bytes()),
        files: manifest.files(),
        bytes: manifest.bytes(),
        manifest: NamedFile { file: "manifest.jsonl".parse().unwrap(), sha256: Sha256::of(&json) },
        ..release(name)
    };
    Built { folder, release }
}

fn shared(paths: &[&str]) -> SharedPaths {
    SharedPaths::parse(paths.iter().copied()).unwrap()
}

fn stage_on(root: &Path, disk: &dyn Disk, built: &Built, shared: &SharedPaths) -> Result<StageReply, Error> {
    let payload = built.payload();
    let request = Request { release: &built.release, build: None, payload: &payload, manifest: None, shared };
    stage(&crate::host::recovery::lock(Site::open(root, disk)?, "test".into())?, &request, &|_| true)
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn the_order_of_effects() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    drop(crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap());
    let disk = RecordingDisk::new(root.path());
    stage_on(root.path(), &disk, &built, &SharedPaths::default()).unwrap();
    let made = disk.log().iter().position(|line| line.starts_with("write")).unwrap();
    assert_eq!(
        disk.log()[made..],
        [
            "write .swap/pending.json",
            "make .swap/releases/r1",
            "write .swap/releases/r1/manifest.jsonl",
            "write .swap/releases/r1/state.json",
            "sync tree releases/.staging-r1",
            "rename releases/.staging-r1 -> releases/r1",
            "write .swap/releases/r1/state.json",
            "append .swap/history.jsonl",
            "remove .swap/pending.json",
        ]
    );
}

#[test]
fn a_second_time_nothing_is_done() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    assert!(!stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap().already);
    assert!(stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap().already);
    assert_eq!(names_in(&root.path().join("releases")), ["r1"]);
}

#[test]
fn shared_paths_are_links_and_survive_verification() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    fs::create_dir_all(root.path().join("shared/sites/default")).unwrap();
    fs::write(root.path().join("shared/sites/default/settings.php"), "<?php").unwrap();
    let paths = shared(&["sites/default/settings.php", "sites/default/files/", "private/deep/"]);
    stage_on(root.path(), &RealDisk, &built, &paths).unwrap();
    let tree = root.path().join("releases/r1");
    assert_eq!(fs::read_to_string(tree.join("sites/default/settings.php")).unwrap(), "<?php");
    assert!(tree.join("sites/default/files").is_dir() && tree.join("private/deep").is_dir());
    assert!(stage_on(root.path(), &RealDisk, &built, &paths).unwrap().already, "verified with its links");
    fs::remove_file(tree.join("sites/default/files")).unwrap();
    symlink("/etc", tree.join("sites/default/files")).unwrap();
    let site = Site::open(root.path(), &RealDisk).unwrap();
    let file = site.known(&id("r1")).unwrap().unwrap();
    let reply = verify::verify(&site, &file, &|_| true).unwrap();
    assert_eq!(reply.changed, ["sites/default/files (link to shared/)"]);
}

#[test]
fn links_lead_to_shared_wherever_releases_lies() {
    let (root, one, two) = (tempfile::tempdir().unwrap(), build("r1", "one"), build("r2", "two"));
    let at = |path: &str| root.path().join(path);
    fs::create_dir_all(at("shared/sites/default/files")).unwrap();
    fs::write(at("shared/sites/default/files/upload"), "gold").unwrap();
    fs::create_dir_all(at("disk/releases")).unwrap();
    symlink("disk/releases", at("releases")).unwrap();
    let paths = shared(&["sites/default/files/"]);
    let stage = |built: &Built| stage_on(root.path(), &RealDisk, built, &paths);
    let upload = |name: &str| fs::read_to_string(at(&format!("releases/{name}/sites/default/files/upload")));
    let site = Site::open(root.path(), &RealDisk).unwrap();
    let differs = |name: &str| {
        let file = site.known(&id(name)).unwrap().unwrap();
        verify::verify(&site, &file, &|_| true).unwrap().changed
    };
    stage(&one).unwrap();
    assert_eq!(upload("r1").unwrap(), "gold");
    assert!(stage(&one).unwrap().already);
    // It moves to where the others expect it, and what was staged there leads to shared/ as well.
    fs::remove_file(at("releases")).unwrap();
    fs::rename(at("disk/releases"), at("releases")).unwrap();
    stage(&two).unwrap();
    assert_eq!((differs("r1"), differs("r2")), (vec![], vec![]));
    assert!(fs::read_link(at("releases/r2/sites/default/files")).unwrap().is_relative());
    // And away again: that is told before it is live, and put right.
    fs::rename(at("releases"), at("disk/releases")).unwrap();
    symlink("disk/releases", at("releases")).unwrap();
    assert!(upload("r2").is_err());
    assert_eq!(differs("r2"), ["sites/default/files (link to shared/)"]);
    let file = site.known(&id("r2")).unwrap().unwrap();
    let error = crate::host::shared::expect_targets(&site.paths, &id("r2"), &file.shared).unwrap_err();
    assert!(error.to_string().contains("does not lead to"), "{error}");
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    crate::host::verbs::repair::repair(&locked, &file, Some(&two.payload()), &|_| true).unwrap();
    crate::host::shared::expect_targets(&site.paths, &id("r2"), &file.shared).unwrap();
    assert_eq!(upload("r2").unwrap(), "gold");
}

#[test]
fn what_somebody_removed_is_told_and_staged_again() {
    let (root, one, two) = (tempfile::tempdir().unwrap(), build("r1", "one"), build("r2", "two"));
    let stage = |built: &Built| stage_on(root.path(), &RealDisk, built, &SharedPaths::default());
    let lock =
        || crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    for (name, built) in [("r1", &one), ("r2", &two)] {
        stage(built).unwrap();
        switch(&lock(), SwitchKind::Activate, &id(name), None).unwrap();
    }
    crate::host::verbs::pin::pin(&lock(), &id("r1"), true).unwrap();
    // As Capistrano's cleanup does beside us.
    fs::remove_dir_all(root.path().join("releases/r1")).unwrap();
    let status = crate::host::verbs::status::status(&lock().site, None, &SharedPaths::default()).unwrap();
    assert_eq!((status.gone, status.previous), (vec![id("r1")], None));
    assert!(status.releases.iter().all(|known| known.release.id != id("r1")), "a push brings it again");
    let error = crate::host::verbs::switch::rollback_target(&lock()).unwrap_err().to_string();
    assert!(error.contains("releases/r1`") && error.contains("was removed"), "{error}");
    let error = switch(&lock(), SwitchKind::Rollback, &id("r1"), None).unwrap_err();
    assert!(error.to_string().contains("is not there"), "{error}");
    assert!(!stage(&one).unwrap().already);
    assert!(lock().site.known(&id("r1")).unwrap().unwrap().pinned, "as it was");
    assert_eq!(crate::host::verbs::switch::rollback_target(&lock()).unwrap(), id("r1"));
    switch(&lock(), SwitchKind::Rollback, &id("r1"), None).unwrap();
    // Also what is live: the site is back with it.
    fs::remove_dir_all(root.path().join("releases/r1")).unwrap();
    stage(&one).unwrap();
    assert_eq!(fs::read_to_string(root.path().join("current/name")).unwrap(), "one");
    assert_eq!(lock().site.known(&id("r1")).unwrap().unwrap().state, ReleaseState::Active);
}

#[test]
fn a_shared_file_must_exist_and_must_not_be_shipped() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    let error = stage_on(root.path(), &RealDisk, &built, &shared(&["settings.php"])).unwrap_err();
    assert!(error.to_string().contains("shared file "), "{error}");
    let error = stage_on(root.path(), &RealDisk, &built, &shared(&["name/"])).unwrap_err();
    assert!(error.to_string().contains("itself, but it is a shared path"), "{error}");
    let error = stage_on(root.path(), &RealDisk, &built, &shared(&["link/x/"])).unwrap_err();
    assert!(error.to_string().contains("which is a link in release"), "no way through a link: {error}");
    assert_eq!(names_in(&root.path().join("releases")), Vec::<String>::new(), "nothing is left behind");
    assert_eq!(names_in(&root.path().join(".swap/releases")), Vec::<String>::new());
}

#[test]
fn what_is_linked_when_there_is_linked_when_it_is_there() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    let paths = shared(&[".env?", "private/?", "name?", "sites/default/services.yml?"]);
    stage_on(root.path(), &RealDisk, &built, &paths).unwrap();
    let tree = root.path().join("releases/r1");
    let links = |paths: [&str; 4]| paths.map(|path| tree.join(path).is_symlink());
    let all = [".env", "private", "name", "sites/default/services.yml"];
    assert_eq!(links(all), [false; 4]);
    assert_eq!(names_in(&root.path().join("shared")), [""; 0], "nothing is made");
    // It comes later, to a release that was not live yet: the next push of it gives it the link.
    fs::create_dir_all(root.path().join("shared/sites/default")).unwrap();
    fs::create_dir(root.path().join("shared/private")).unwrap();
    for name in [".env", "name", "sites/default/services.yml"] {
        fs::write(root.path().join("shared").join(name), "ours").unwrap();
    }
    let site = Site::open(root.path(), &RealDisk).unwrap();
    let has = |paths: &SharedPaths| {
        let status = crate::host::verbs::status::status(&site, None, paths).unwrap();
        status.has(&id("r1"), &built.release.tree_digest)
    };
    assert!(!has(&paths) && has(&SharedPaths::default()), "who asks about these paths is told");
    assert!(!stage_on(root.path(), &RealDisk, &built, &paths).unwrap().already);
    assert!(has(&paths));
    assert_eq!(links(all), [true, true, false, true], "what the release brings is the release's");
    assert_eq!(fs::read_to_string(tree.join(".env")).unwrap(), "ours");
    assert!(stage_on(root.path(), &RealDisk, &built, &paths).unwrap().already);
    verify::expect_clean(&site, &site.known(&id("r1")).unwrap().unwrap(), &|_| true).unwrap();
}

#[test]
fn no_shared_path_leads_through_a_link_or_into_a_release() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    let deploy_to = root.path();
    let stage = |path: &str| stage_on(deploy_to, &RealDisk, &built, &shared(&[path]));
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir_all(elsewhere.path().join("files")).unwrap();
    fs::create_dir_all(deploy_to.join("shared")).unwrap();
    fs::create_dir_all(deploy_to.join("releases/old/files")).unwrap();
    symlink(elsewhere.path(), deploy_to.join("shared/sites")).unwrap();
    let error = stage("sites/files/").unwrap_err();
    assert!(error.to_string().contains("leads through"), "{error}");
    // The remedy, as it is printed.
    let hint = cli::Failure::hint(&error).unwrap();
    let command = hint.split_once(": ").unwrap().1;
    assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{hint}");
    stage("sites/files/").unwrap();
    assert!(deploy_to.join("releases/r1/sites/files").is_dir());
    for (name, target) in [("up", "../releases/old/files"), ("down", "../current/files")] {
        let link = deploy_to.join("shared").join(name);
        symlink(target, &link).unwrap();
        let _is = symlink("releases/old", deploy_to.join("current"));
        fs::write(deploy_to.join("releases/old/files/upload"), "upload").unwrap();
        let error = stage(&format!("{name}/")).unwrap_err();
        assert!(error.to_string().contains("is a link that leads through"), "{target}: {error}");
        let hint = cli::Failure::hint(&error).unwrap();
        let command = hint.split_once(": ").unwrap().1;
        assert!(std::process::Command::new("sh").args(["-c", command]).status().unwrap().success(), "{hint}");
        stage(&format!("{name}/")).unwrap();
        assert!(deploy_to.join("releases/r1").join(name).join("upload").is_file());
        fs::remove_dir_all(&link).unwrap();
    }
    symlink("/nowhere", deploy_to.join("shared/gone")).unwrap();
    let error = stage("gone/").unwrap_err();
    assert!(error.to_string().contains("where nothing is"), "{error}");
    fs::write(deploy_to.join("shared/file"), "").unwrap();
    let error = stage("file/").unwrap_err();
    assert!(error.to_string().contains("is not a directory"), "{error}");
}

#[test]
fn the_same_id_with_another_tree_is_refused() {
    let (root, one, two) = (tempfile::tempdir().unwrap(), build("r1", "one"), build("r1", "two"));
    stage_on(root.path(), &RealDisk, &one, &SharedPaths::default()).unwrap();
    let error = stage_on(root.path(), &RealDisk, &two, &SharedPaths::default()).unwrap_err();
    assert!(error.to_string().contains("on this server already with tree"), "{error}");
    assert_eq!(fs::read_to_string(root.path().join("releases/r1/name")).unwrap(), "one");
}

#[test]
fn a_corrupt_payload_leaves_nothing() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    let mut bytes = fs::read(built.payload()).unwrap();
    for at in [bytes.len() / 2, bytes.len() - 5] {
        bytes[at] ^= 0x40;
        fs::write(built.payload(), &bytes).unwrap();
        let error = stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap_err();
        assert!(matches!(error, Error::Payload { .. }), "{error}");
        assert_eq!(cli::Failure::exit_code(&error), record::ExitCode::Mismatch, "{error}");
        assert_eq!(names_in(&root.path().join("releases")), Vec::<String>::new());
        bytes[at] ^= 0x40;
    }
}

#[test]
fn a_changed_staged_tree_is_staged_anew_and_a_live_one_is_told() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap();
    fs::write(root.path().join("releases/r1/name"), "edited").unwrap();
    assert!(!stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap().already);
    assert_eq!(fs::read_to_string(root.path().join("releases/r1/name")).unwrap(), "one");
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    switch(&locked, SwitchKind::Activate, &id("r1"), None).unwrap();
    drop(locked);
    fs::write(root.path().join("releases/r1/name"), "edited").unwrap();
    let error = stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap_err();
    assert!(error.to_string().contains("in 1 places"), "{error}");
}

#[test]
fn the_tree_layout_takes_modes_links_and_empty_folders_from_the_manifest() {
    let (root, built) = (tempfile::tempdir().unwrap(), build("r1", "one"));
    // What a client leaves: contents only.
    let plain = built.folder.path().join("plain");
    fs::create_dir(&plain).unwrap();
    for name in ["name", "run.sh", "nothing"] {
        fs::write(plain.join(name), fs::read(built.folder.path().join("tree").join(name)).unwrap()).unwrap();
    }
    let release = Release { layout: Layout::Tree, ..built.release.clone() };
    let manifest = built.folder.path().join("manifest.jsonl");
    let request = Request {
        release: &release,
        build: None,
        payload: &plain,
        manifest: Some(&manifest),
        shared: &SharedPaths::default(),
    };
    let locked =
        crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
    stage(&locked, &request, &|_| true).unwrap();
    let tree = root.path().join("releases/r1");
    assert_eq!(fs::metadata(tree.join("run.sh")).unwrap().permissions().mode() & 0o777, 0o755);
    assert_eq!(fs::read_link(tree.join("link")).unwrap(), Path::new("name"));
    assert!(tree.join("empty").is_dir());
}

/// Kills before every single effect of a staging; the next run must be able to stage, and what is staged is whole.
#[test]
fn killed_at_every_effect_the_next_run_finishes() {
    let built = build("r1", "one");
    let mut kills = 0;
    loop {
        let root = tempfile::tempdir().unwrap();
        let outcome = stage_on(
            root.path(),
            &RecordingDisk::killed_after(root.path(), kills),
            &built,
            &SharedPaths::default(),
        );
        let locked =
            crate::host::recovery::lock(Site::open(root.path(), &RealDisk).unwrap(), "test".into()).unwrap();
        let releases = names_in(&root.path().join("releases"));
        assert!(releases.is_empty() || releases == ["r1"], "after {kills}: {releases:?}");
        match locked.site.known(&id("r1")).unwrap() {
            Some(file) => {
                assert_eq!(file.state, ReleaseState::Staged, "after {kills}");
                verify::expect_clean(&locked.site, &file, &|_| true).unwrap();
            }
            None => assert!(releases.is_empty(), "after {kills}: a tree that nobody knows"),
        }
        drop(locked);
        stage_on(root.path(), &RealDisk, &built, &SharedPaths::default()).unwrap();
        if outcome.is_ok() {
            break;
        }
        kills += 1;
    }
    assert!(kills > 12, "a staging has more effects than {kills}");
}
