//! Finding drift.

use crate::sandbox::Sandbox;
use payload::{Error, Report, verify};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

/// A site as it lies on a server, and its manifest.
fn released() -> (Sandbox, payload::Manifest, std::path::PathBuf) {
    let site = Sandbox::site();
    site.dir("sites/default/files");
    let (manifest, bytes) = site.archive();
    site.unpack(&bytes, &manifest.digest()).unwrap();
    let out = site.path("out");
    (site, manifest, out)
}

fn report(out: &std::path::Path, manifest: &payload::Manifest, ignore: &[&str]) -> Report {
    verify(out, manifest, ignore, &|_| true).unwrap()
}

#[test]
fn every_kind_of_drift_is_named() {
    let (_site, manifest, out) = released();
    assert!(report(&out, &manifest, &[]).is_clean());
    let chmod =
        |path: &str, mode| fs::set_permissions(out.join(path), fs::Permissions::from_mode(mode)).unwrap();
    fs::remove_file(out.join("a0")).unwrap();
    fs::remove_dir(out.join("core/empty-dir")).unwrap();
    fs::write(out.join("hacked.php"), "<?php").unwrap();
    fs::write(out.join(std::ffi::OsStr::from_bytes(b"\xff")), "x").unwrap();
    fs::write(out.join("index.php"), "<?php echo 'y';").unwrap();
    fs::write(out.join("core/empty"), "x").unwrap();
    fs::remove_file(out.join("a/x")).unwrap();
    fs::create_dir(out.join("a/x")).unwrap();
    chmod("a-b", 0o777);
    chmod("big", 0o664);
    chmod("vendor/bin/drush", 0o4755);
    fs::remove_file(out.join("libraries")).unwrap();
    std::os::unix::fs::symlink("core", out.join("libraries")).unwrap();
    let found = report(&out, &manifest, &[]);
    assert_eq!(found.missing, ["a0", "core/empty-dir"]);
    assert_eq!(found.extra, ["hacked.php", "\u{fffd}"]);
    assert_eq!(found.changed, ["a/x", "core/empty", "index.php"]);
    assert_eq!(found.mode, ["a-b", "big", "vendor/bin/drush"]);
    assert_eq!(found.link, ["libraries"]);
    assert_eq!(found.differences(), 11);
}

#[test]
fn what_the_host_has_replaced_is_ignored() {
    let (_site, manifest, out) = released();
    fs::remove_dir(out.join("sites/default/files")).unwrap();
    std::os::unix::fs::symlink("/srv/site/shared/files", out.join("sites/default/files")).unwrap();
    std::os::unix::fs::symlink("/srv/site/shared/s.php", out.join("sites/default/settings.php")).unwrap();
    fs::create_dir_all(out.join("web/private")).unwrap();
    fs::write(out.join("web/private/x"), "x").unwrap();
    let ignore = ["sites/default/files/", "sites/default/settings.php", "web/private"];
    assert!(report(&out, &manifest, &ignore).is_clean());
    let found = report(&out, &manifest, &[]);
    assert_eq!(found.changed, ["sites/default/files"]);
    assert_eq!(found.extra, ["sites/default/settings.php", "web", "web/private", "web/private/x"]);
    // A name that only begins alike is not ignored, and neither is what lies beside.
    fs::write(out.join("sites/default/settings.php.bak"), "x").unwrap();
    fs::write(out.join("web/y"), "x").unwrap();
    assert_eq!(report(&out, &manifest, &ignore).extra, ["sites/default/settings.php.bak", "web/y"]);
}

#[test]
fn a_link_in_place_of_a_directory_is_not_followed() {
    let (site, manifest, out) = released();
    fs::rename(out.join("core"), site.path("core")).unwrap();
    std::os::unix::fs::symlink("../core", out.join("core")).unwrap();
    let found = report(&out, &manifest, &[]);
    assert_eq!(found.changed, ["core"]);
    assert_eq!(found.missing, ["core/empty", "core/empty-dir"]);
}

#[test]
fn what_cannot_be_looked_at_is_an_error_and_no_difference() {
    let (_site, manifest, out) = released();
    let gone = verify::<&str>(&out.join("nowhere"), &manifest, &[], &|_| true);
    assert!(matches!(gone, Err(Error::Root { .. })));
}

#[test]
fn one_sync_for_all() {
    let (_site, _, out) = released();
    payload::sync_tree(&out).unwrap();
    assert!(payload::sync_tree(&out.join("nowhere")).is_err());
}
