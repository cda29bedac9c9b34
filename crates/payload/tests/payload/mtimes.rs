//! Times for caches: what changed gets a new one, what did not keeps its own.

use crate::sandbox::Sandbox;
use payload::{Manifest, Mtimes};
use std::fs;

fn manifest(site: &Sandbox, release: u64, base: Option<&Manifest>) -> Manifest {
    on_several(site, release, base.map_or(&[], std::slice::from_ref))
}

fn on_several(site: &Sandbox, release: u64, bases: &[Manifest]) -> Manifest {
    site.scan().manifest(Mtimes { release, bases }, &|_| true).unwrap()
}

fn time(manifest: &Manifest, path: &str) -> u64 {
    manifest.get(path).unwrap().mtime
}

#[test]
fn without_a_base_everything_gets_the_release_time() {
    let site = Sandbox::site();
    let manifest = manifest(&site, 1000, None);
    assert!(manifest.entries().iter().all(|entry| entry.mtime == 1000));
}

#[test]
fn with_a_base_only_what_changed_does() {
    let site = Sandbox::site();
    let base = manifest(&site, 1000, None);
    site.file("index.php", "<?php echo 'y';", 0o644);
    site.file("new", "new", 0o644);
    site.file("vendor/bin/drush", "#!/bin/sh\n", 0o644);
    fs::remove_file(site.root().join("libraries")).unwrap();
    site.link("libraries", "core");
    fs::remove_file(site.root().join("a0")).unwrap();
    site.dir("a0");
    let next = manifest(&site, 2000, Some(&base));
    for changed in ["index.php", "new", "libraries", "a0"] {
        assert_eq!(time(&next, changed), 2000, "{changed}");
    }
    for same in [".htaccess", "core", "core/empty", "dangling", "vendor/bin/drush"] {
        assert_eq!(time(&next, same), 1000, "{same}");
    }
    let third = manifest(&site, 3000, Some(&next));
    assert_eq!(third.entries(), next.entries());
}

#[test]
fn a_time_of_zero_is_not_kept() {
    let site = Sandbox::site();
    let base = manifest(&site, 0, None);
    let next = manifest(&site, 2000, Some(&base));
    assert!(next.entries().iter().all(|entry| entry.mtime == 2000));
}

#[test]
fn a_changed_file_never_keeps_its_time() {
    let site = Sandbox::site();
    let base = manifest(&site, 1000, None);
    site.file("index.php", "<?php echo 'y';", 0o644);
    // Packed twice from one commit, and from an older one.
    for release in [1000, 500] {
        let next = manifest(&site, release, Some(&base));
        assert_eq!(time(&next, "index.php"), 1001);
        assert_eq!(time(&next, ".htaccess"), 1000);
    }
}

/// Servers that serve different releases: no content may come at a time at which a cache knows another.
#[test]
fn of_several_bases_none_is_met_by_another_content_of_its_time() {
    let site = Sandbox::site();
    let write = |content: &str| site.file("index.php", content, 0o644);
    write("a");
    let one = manifest(&site, 1000, None);
    write("b");
    let other = manifest(&site, 2000, Some(&one));
    // Elsewhere, on the first alone, and as late as the second.
    write("c");
    let third = manifest(&site, 2000, Some(&one));
    let packed = |release, content: &str| {
        write(content);
        let next = on_several(&site, release, &[one.clone(), other.clone(), third.clone()]);
        assert_eq!(time(&next, ".htaccess"), 1000);
        time(&next, "index.php")
    };
    assert_eq!(packed(500, "a"), 1000, "only that content has that time");
    for content in ["b", "c", "d"] {
        assert_eq!(packed(500, content), 2001, "{content}: two have the time 2000");
    }
    assert_eq!(packed(3000, "d"), 3000);
}
