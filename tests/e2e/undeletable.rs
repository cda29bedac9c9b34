//! What a prune cannot delete is out of the way and told, and fails nothing; a tree that is staged shares its blocks with
//! the download where the file system can.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::{Run, Scratch, bin, peers};

use crate::kill9::Server;
use crate::needs_peers;

fn tool(program: &str, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("{program}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// A file that not even root deletes, until this is dropped.
struct Immutable(String);

impl Immutable {
    fn new(path: &Path) -> Result<Self, String> {
        let path = path.to_string_lossy().into_owned();
        tool("chattr", &["+i", &path]).map(|()| Self(path))
    }
}

impl Drop for Immutable {
    fn drop(&mut self) {
        let _ = tool("chattr", &["-i", &self.0]);
    }
}

#[test]
fn a_file_that_cannot_be_deleted_is_told_and_stops_no_prune_and_no_deployment() {
    needs_peers!();
    let server = Server::tiny();
    for (site, id) in [(1, "r1"), (2, "r2"), (1, "r3"), (2, "r4")] {
        server.pack(site, id);
        server.stage(id).output().ok();
        server.verb("activate").arg(id).output().ok();
    }
    let file = server.deploy_to().join("releases/r1/core/run.sh");
    let stuck = Immutable::new(&file);
    let why = stuck.as_ref().err().cloned().unwrap_or_default();
    if !peers::skip_unless(module_path!(), stuck.is_ok(), &why) {
        return;
    }
    let prune = || server.verb("prune").args(["--keep", "1", "--grace", "0s"]).output().ok();
    prune().says("could not be deleted").answers("removed `r2`");
    let trash = server.deploy_to().join(".swap/trash/r1");
    let moved = trash.join("core/run.sh");
    let moved_stuck = Immutable(moved.to_string_lossy().into_owned());
    std::mem::forget(stuck);
    assert!(moved.is_file() && !trash.join("index.php").exists(), "all else of it is deleted");
    let mut left: Vec<_> = fs::read_dir(server.deploy_to().join("releases"))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    left.sort();
    assert_eq!(left, ["r3", "r4"]);
    server.assert_whole(&[("r4", 2)], "after the prune");

    // The next ones go on as if nothing were there, and tell again; the same release may come back.
    server.stage("r1").output().ok();
    server.verb("activate").arg("r1").output().ok();
    server.assert_whole(&[("r1", 1)], "after the next deployment");
    prune().says("could not be deleted");
    drop(moved_stuck);
    prune();
    assert_eq!(fs::read_dir(server.deploy_to().join(".swap/trash")).unwrap().count(), 0);
}

/// A file system in a file.
struct Loop(Scratch);

impl Loop {
    fn mount(kind: &str) -> Result<Self, String> {
        let scratch = Scratch::new();
        let image = scratch.path().join("image");
        let at = scratch.dir("at");
        fs::File::create(&image)
            .and_then(|file| file.set_len(400 << 20))
            .map_err(|error| error.to_string())?;
        tool(&format!("mkfs.{kind}"), &[&image.to_string_lossy()])?;
        tool("mount", &["-o", "loop", &image.to_string_lossy(), &at.to_string_lossy()])?;
        Ok(Self(scratch))
    }

    fn at(&self) -> std::path::PathBuf {
        self.0.path().join("at")
    }

    /// Bytes that are free once everything is written.
    fn free(&self) -> u64 {
        tool("sync", &["-f", &self.at().to_string_lossy()]).unwrap();
        let stat = rustix::fs::statvfs(self.at()).unwrap();
        stat.f_bavail * stat.f_frsize
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = tool("umount", &["-l", &self.at().to_string_lossy()]);
    }
}

#[test]
fn a_plain_tree_is_staged_without_copying_where_blocks_can_be_shared_and_is_a_copy_all_the_same() {
    needs_peers!();
    let disk =
        Loop::mount("xfs").or_else(|why| Loop::mount("btrfs").map_err(|other| format!("{why}; {other}")));
    if !peers::skip_unless("reflink", disk.is_ok(), &disk.as_ref().err().cloned().unwrap_or_default()) {
        return;
    }
    let disk = disk.ok().unwrap();
    const LARGE: usize = 48 << 20;
    let site = disk.at().join("site");
    fs::create_dir_all(disk.at().join("srv")).unwrap();
    fs::create_dir(&site).unwrap();
    let mut rng = e2e::site::Rng::new(1);
    let content: Vec<u8> = (0..LARGE / 8).flat_map(|_| rng.next().to_le_bytes()).collect();
    fs::write(site.join("video.bin"), &content).unwrap();
    fs::write(site.join("index.php"), "<?php\n").unwrap();
    let run = |name: &str| Run::new(bin(name), disk.0.path());
    run("mkt-pack").arg(&site).args(["--layout", "tree", "--release-id", "r1"]).output().ok();
    let manifest = fs::read_dir(disk.0.path().join("records")).unwrap().flatten().map(|entry| entry.path());
    let manifest = manifest.into_iter().find(|path| path.to_string_lossy().contains("manifest")).unwrap();
    let before = disk.free();
    run("swap-release")
        .args(["stage", "--record", "records/pack.json", "--deploy-to"])
        .arg(disk.at().join("srv"))
        .arg("--payload")
        .arg(&site)
        .arg("--manifest")
        .arg(manifest)
        .output()
        .ok();
    let used = before - disk.free();
    assert!(used < LARGE as u64 / 4, "{used} bytes more are used");
    // What a client still writes into its download does not reach the release.
    fs::write(site.join("video.bin"), "overwritten").unwrap();
    assert!(fs::read(disk.at().join("srv/releases/r1/video.bin")).unwrap() == content);
}
