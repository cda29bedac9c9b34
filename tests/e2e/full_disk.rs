//! A server whose disk is full or read-only: it is named, the others are ready, nobody switches.

use std::fs;

use e2e::mount::Tmpfs;
use e2e::{Fleet, peers};

use crate::needs_peers;
use crate::support::pushed;

/// A fleet whose beta has a file system of its own for deploy_to, or the reason why that cannot be.
fn with_small_beta(size: &str) -> Result<(Fleet, Tmpfs), String> {
    if !peers::is_root() {
        return Err("mounting a small file system needs root".to_owned());
    }
    let mut fleet = Fleet::three();
    let deploy_to = fleet.host("beta").deploy_to();
    fleet.host_mut("beta").rtorrent.stop();
    let tmpfs = Tmpfs::mount(&deploy_to, size)?;
    fs::create_dir_all(deploy_to.join("shared/sites/default/files")).unwrap();
    fs::create_dir_all(deploy_to.join("incoming")).unwrap();
    fleet.host("beta").write_settings(&["site_name", "payment_endpoint"]);
    fleet.host_mut("beta").rtorrent.resume();
    Ok((fleet, tmpfs))
}

#[test]
fn a_full_disk_is_named_and_leaves_nothing_behind() {
    needs_peers!();
    // 300 small files take 2 MB of pages: room for two trees.
    let world = with_small_beta("size=8m");
    if !peers::skip_unless(module_path!(), world.is_ok(), world.as_ref().err().map_or("", |why| why)) {
        return;
    }
    let (fleet, tmpfs) = world.unwrap();
    fleet.deploy(1);
    let filler = fleet.host("beta").deploy_to().join("somebody-elses-backup");
    let free = rustix::fs::statvfs(fleet.host("beta").deploy_to()).unwrap();
    let keep = 600_000;
    fs::write(&filler, vec![0; (free.f_bavail * free.f_frsize).saturating_sub(keep) as usize]).unwrap();

    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--stall-timeout", "5s"]).output().fails_naming(30, "beta");
    assert_eq!(pushed(&fleet, "beta").state, "failed");
    assert_eq!(fleet.host("beta").releases(), ["r1"], "no half release is left");
    fleet.swap("activate").output().fails_naming(30, "beta");
    fleet.assert_live("r1");

    fs::remove_file(&filler).unwrap();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
    drop(fleet);
    drop(tmpfs);
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    needs_peers!();
    let world = with_small_beta("size=16m");
    if !peers::skip_unless(module_path!(), world.is_ok(), world.as_ref().err().map_or("", |why| why)) {
        return;
    }
    let (mut fleet, tmpfs) = world.unwrap();
    fleet.deploy(1);
    // A file that is open for writing keeps a file system from becoming read-only.
    fleet.host_mut("beta").rtorrent.stop();
    tmpfs.remount("ro");
    fleet.host_mut("beta").rtorrent.resume();
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--stall-timeout", "5s"]).output().fails_naming(30, "beta");
    assert_eq!(pushed(&fleet, "beta").state, "failed");
    fleet.swap("activate").output().fails_naming(30, "beta");
    fleet.assert_live("r1");

    fleet.host_mut("beta").rtorrent.stop();
    tmpfs.remount("rw");
    fleet.host_mut("beta").rtorrent.resume();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
    drop(fleet);
    drop(tmpfs);
}
