//! Trees that must not be released.

use crate::sandbox::{Sandbox, TIME};
use payload::{Error, Mtimes, WalkOptions, walk};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

fn walk_error(site: &Sandbox) -> Error {
    walk(&site.root(), &WalkOptions::default(), &|_| true).unwrap_err()
}

#[test]
fn special_files_are_refused_unless_excluded() {
    let site = Sandbox::site();
    mknodat(CWD, site.root().join("core/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    assert!(matches!(walk_error(&site), Error::Special { path, kind: "FIFO" } if path == "core/fifo"));
    fs::remove_file(site.root().join("core/fifo")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(site.root().join("sock")).unwrap();
    assert!(matches!(walk_error(&site), Error::Special { kind: "socket", .. }));
    let options = WalkOptions { exclude: vec!["/sock".into()], ..WalkOptions::default() };
    let scan = walk(&site.root(), &options, &|_| true).unwrap();
    assert_eq!(scan.excluded(), ["sock"]);
}

#[test]
fn names_and_targets_that_are_not_utf8_are_refused() {
    let site = Sandbox::site();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9");
    fs::write(site.root().join(name), "x").unwrap();
    assert!(matches!(walk_error(&site), Error::NotUtf8 { path } if path == "caf\u{fffd}"));
    fs::remove_file(site.root().join(name)).unwrap();
    std::os::unix::fs::symlink(name, site.root().join("l")).unwrap();
    assert!(matches!(walk_error(&site), Error::NotUtf8 { path } if path.starts_with("l ")));
}

#[test]
fn links_that_leave_the_tree_are_refused() {
    for target in ["/etc/passwd", "../site/a0", "vendor/../../x", "libraries/../../x"] {
        let site = Sandbox::site();
        site.link("evil", target);
        let error = walk_error(&site).to_string();
        assert!(error.contains("`evil`") && error.contains(target), "{error}");
    }
}

#[test]
fn everything_that_is_refused_is_named_in_order() {
    let site = Sandbox::site();
    for path in ["web/sites/default/settings.php", "web/sites/default/files/a/b.png", ".env"] {
        site.file(path, "x", 0o644);
    }
    mknodat(CWD, site.root().join("core/fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    site.link("evil", "/etc");
    site.link("out", "../x");
    site.file("lib/Cache", "1", 0o644);
    site.file("lib/cache", "2", 0o644);
    site.file("lib/e\u{301}", "3", 0o644);
    site.file("lib/é", "4", 0o644);
    let named = |error: Error| match error {
        Error::Several { all } => all
            .into_iter()
            .map(|error| match error {
                Error::HostOwned { path, .. } | Error::Special { path, .. } | Error::Link { path, .. } => {
                    path
                }
                Error::Twins { second, .. } => second,
                other => panic!("{other}"),
            })
            .collect::<Vec<_>>(),
        other => panic!("{other}"),
    };
    let mut expected = vec![
        ".env",
        "core/fifo",
        "evil",
        "web/sites/default/files/a/b.png",
        "web/sites/default/settings.php",
        "out",
    ];
    assert_eq!(named(walk_error(&site)), expected);
    expected.extend(["lib/cache", "lib/é"]);
    let error = payload::walk_release(&site.root(), &WalkOptions::default(), &|_| true).unwrap_err();
    assert_eq!(named(error), expected);
}

#[test]
fn links_are_never_followed() {
    let site = Sandbox::site();
    site.link("around", ".");
    let paths: Vec<_> = site.manifest().entries().iter().map(|entry| entry.path.clone()).collect();
    assert!(paths.contains(&"around".to_owned()) && !paths.iter().any(|path| path.starts_with("around/")));
}

#[test]
fn what_belongs_to_the_host_is_refused_unless_allowed() {
    for path in [
        "sites/default/settings.php",
        "web/sites/default/files/photo.jpg",
        ".env",
        "web/sites/a/settings.local.php",
    ] {
        let site = Sandbox::site();
        site.file(path, "secret", 0o644);
        assert!(matches!(walk_error(&site), Error::HostOwned { path: found, .. } if found == path));
        let options = WalkOptions { allow: vec![path.into()], ..WalkOptions::default() };
        walk(&site.root(), &options, &|_| true).unwrap();
        let options = WalkOptions { exclude: vec![path.into()], ..WalkOptions::default() };
        assert_eq!(walk(&site.root(), &options, &|_| true).unwrap().excluded(), [path]);
    }
    let site = Sandbox::site();
    site.dir("sites/default/files");
    site.file("sites/default/default.settings.php", "<?php", 0o644);
    walk(&site.root(), &WalkOptions::default(), &|_| true).unwrap();
}

#[test]
fn git_is_left_out() {
    let site = Sandbox::site();
    site.file(".git/config", "[core]", 0o644);
    site.file("modules/x/.git", "gitdir: elsewhere", 0o644);
    site.file(".gitignore", "x", 0o644);
    let scan = site.scan();
    assert_eq!(scan.excluded(), [".git", "modules/x/.git"]);
    assert!(site.manifest().get(".gitignore").is_some());
}

#[test]
fn no_tree_and_no_content_are_refused() {
    let site = Sandbox::new();
    let missing = walk(&site.path("nowhere"), &WalkOptions::default(), &|_| true);
    assert!(matches!(missing, Err(Error::Root { .. })));
    fs::write(site.path("file"), "x").unwrap();
    assert!(matches!(walk(&site.path("file"), &WalkOptions::default(), &|_| true), Err(Error::Root { .. })));
    let mtimes = Mtimes { release: TIME, bases: &[] };
    assert!(matches!(site.scan().manifest(mtimes, &|_| true), Err(Error::Empty { .. })));
    site.file("empty", "", 0o644);
    assert!(matches!(site.scan().manifest(mtimes, &|_| true), Err(Error::Empty { .. })));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    if rustix::process::geteuid().is_root() {
        // Root reads everything; a link loop in place of the file is what it cannot read either.
        let site = Sandbox::site();
        let scan = site.scan();
        fs::remove_file(site.root().join("a/x")).unwrap();
        site.link("a/x", "x");
        let error = scan.manifest(Mtimes { release: TIME, bases: &[] }, &|_| true).unwrap_err();
        assert!(matches!(&error, Error::Read { path, .. } if path == "a/x"), "{error}");
        return;
    }
    let site = Sandbox::site();
    site.file("a/x", "x", 0o000);
    let error = site.scan().manifest(Mtimes { release: TIME, bases: &[] }, &|_| true).unwrap_err();
    assert!(matches!(&error, Error::Read { path, .. } if path == "a/x"), "{error}");
}

#[test]
fn files_that_change_meanwhile_are_noticed() {
    let mtimes = Mtimes { release: TIME, bases: &[] };
    type Change = fn(&Sandbox);
    let changes: [Change; 5] = [
        |site| site.file("a/x", "3", 0o644),
        |site| site.file("a/x", "22", 0o644),
        |site| site.file("a/x", "", 0o644),
        |site| fs::set_permissions(site.root().join("a/x"), fs::Permissions::from_mode(0o755)).unwrap(),
        |site| {
            fs::remove_file(site.root().join("a/x")).unwrap();
            mknodat(CWD, site.root().join("a/x"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        },
    ];
    for (number, change) in changes.iter().enumerate() {
        let site = Sandbox::site();
        let scan = site.scan();
        change(&site);
        let error = scan.manifest(mtimes, &|_| true).unwrap_err();
        assert!(matches!(&error, Error::Changed { path } if path == "a/x"), "{number}: {error}");
    }
    for change in &changes {
        let site = Sandbox::site();
        let scan = site.scan();
        change(&site);
        let packed = payload::archive::write(&scan, &site.options(), Vec::new(), &|_| true);
        let error = packed.unwrap_err();
        assert!(matches!(&error, Error::Changed { path } if path == "a/x"), "{error}");
    }
}

#[test]
fn a_full_disk_is_an_error_of_the_archive() {
    let site = Sandbox::site();
    // Noise, more than the compressor holds back.
    let noise =
        (0..200_000_u64).map(|n| format!("{:x}", n.wrapping_mul(n).wrapping_mul(0x9e37_79b9_7f4a_7c15)));
    site.file("noise", &noise.collect::<String>(), 0o644);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = site.pack(full, &|_| true).unwrap_err();
    assert!(matches!(error, Error::Pack { .. }), "{error}");
}

#[test]
fn a_tree_that_changed_since_it_was_listed_is_noticed() {
    type Change = fn(&Sandbox);
    let changes: [(&str, Change); 7] = [
        ("0", |site| site.file("0", "first of all", 0o644)),
        ("zzz", |site| site.file("zzz", "last of all", 0o644)),
        ("a/x", |site| site.file("a/x", "other", 0o644)),
        (".htaccess", |site| fs::remove_file(site.root().join(".htaccess")).unwrap()),
        ("vendor/bin/link", |site| fs::remove_file(site.root().join("vendor/bin/link")).unwrap()),
        ("core", |site| {
            fs::set_permissions(site.root().join("core"), fs::Permissions::from_mode(0o700)).unwrap();
        }),
        ("libraries", |site| {
            fs::remove_file(site.root().join("libraries")).unwrap();
            site.link("libraries", "core");
        }),
    ];
    for (path, change) in changes {
        let site = Sandbox::site();
        site.file(".git/HEAD", "1", 0o644);
        let scan = site.scan();
        scan.check_unchanged(&|_| true).unwrap();
        // What is left out may change.
        site.file(".git/HEAD", "2", 0o644);
        scan.check_unchanged(&|_| true).unwrap();
        change(&site);
        let error = scan.check_unchanged(&|_| true).unwrap_err();
        assert!(matches!(&error, Error::Changed { path: found } if found == path), "{path}: {error}");
    }
}

#[test]
fn a_path_can_be_asked_for_without_a_tree() {
    let options = WalkOptions { exclude: vec!["/records".into(), "*.tmp".into()], ..WalkOptions::default() };
    for (path, is_dir, left_out) in [
        ("records", true, true),
        ("records/a/b", true, true),
        ("x/records", true, false),
        ("x.tmp/y", false, true),
        (".git/records", true, true),
        ("other", true, false),
    ] {
        assert_eq!(options.excludes(path, is_dir).unwrap(), left_out, "{path}");
    }
}
