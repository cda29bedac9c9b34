//! A server whose disk is full or read-only: it is named, the others are ready, nobody switches.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use e2e::mount::Tmpfs;
use e2e::{Fleet, Scratch, bin, peers};

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

#[test]
fn on_a_full_disk_there_is_a_way_back_and_room_can_be_made() {
    needs_peers!();
    let scratch = Scratch::new();
    let (deploy_to, work) = (scratch.path().join("site"), scratch.path().join("work"));
    fs::create_dir(&deploy_to).unwrap();
    fs::create_dir(&work).unwrap();
    for options in ["size=2m", "size=64m,nr_inodes=120"] {
        let mounted = Tmpfs::mount(&deploy_to, options);
        let why = mounted.as_ref().err().cloned().unwrap_or_default();
        if !peers::skip_unless(module_path!(), mounted.is_ok(), &why) {
            return;
        }
        let run = |verb: &[&str]| {
            let mut command = Command::new(bin("swap-release"));
            command.arg(verb[0]).arg("--deploy-to").arg(&deploy_to).args(&verb[1..]);
            let output = command.stdin(Stdio::null()).output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{verb:?} with {options}: {said}");
        };
        for number in 1..=4 {
            let id = format!("r{number}");
            let records = work.join(options).join(&id);
            let site = scratch.path().join(format!("tree-{number}"));
            fs::create_dir_all(&site).unwrap();
            fs::write(site.join("index.php"), &id).unwrap();
            let mut pack = Command::new(bin("mkt-pack"));
            pack.arg(&site).arg("--records").arg(&records).args(["--release-id", &id]);
            assert!(pack.env("SOURCE_DATE_EPOCH", "1700000000").output().unwrap().status.success());
            let payload = fs::read_dir(&records).unwrap().flatten().map(|entry| entry.path());
            let payload = payload.into_iter().find(|path| path.to_string_lossy().ends_with(".tar.zst"));
            let payload = payload.unwrap();
            run(&[
                "stage",
                "--payload",
                payload.to_str().unwrap(),
                "--record",
                records.join("pack.json").to_str().unwrap(),
            ]);
            run(&["activate", &id]);
        }
        // Somebody's log takes all there is, blocks and inodes.
        let filler = deploy_to.join("somebody-elses-log");
        let mut file = fs::File::create(&filler).unwrap();
        while file.write_all(&[b'x'; 64]).is_ok() {}
        let more = |number: &u32| fs::write(deploy_to.join(format!("more-{number}")), "").is_ok();
        let _inodes = (0..200).take_while(more).count();
        let live = || fs::read_to_string(deploy_to.join("current/index.php")).unwrap();
        run(&["rollback"]);
        assert_eq!(live(), "r3");
        run(&["prune", "--keep", "1", "--grace", "0s"]);
        assert!(!deploy_to.join("releases/r1").exists());
        run(&["activate", "r4"]);
        assert_eq!(live(), "r4");
        drop(file);
        drop(mounted);
    }
}
