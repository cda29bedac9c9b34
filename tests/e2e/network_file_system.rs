//! Two servers that have their site on one real network file system, on which flock(2) excludes nobody: sshfs. Every verb that would
//! work there twice at the same time refuses it by name, and nothing is switched.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use e2e::{Fleet, FleetOptions, Output, eventually, peers};
use rustix::fs::{FlockOperation, flock};

use crate::doctor::doctor;
use crate::needs_peers;

/// What beta has of alpha; unmounted on drop.
struct Mounted(PathBuf);

impl Mounted {
    fn on(fleet: &Fleet) -> Self {
        let (alpha, beta) = (fleet.host("alpha"), fleet.host("beta"));
        let at = beta.deploy_to();
        let from = format!("{}:{}", alpha.address, alpha.deploy_to().display());
        let key = |name: &str, path: PathBuf| format!("{name}={}", path.display());
        let mut command = Command::new(peers::need("sshfs"));
        command.args(["-F", "/dev/null", "-p", &fleet.ssh_port().to_string()]).arg(from).arg(&at);
        command.args(["-o", "BatchMode=yes"]);
        // Since CVE-2026-47187 links that hold `..`, as those to shared/, are refused unless that is said.
        let help = Command::new(peers::need("sshfs")).arg("--help").stdin(Stdio::null()).output().unwrap();
        if String::from_utf8_lossy(&[help.stdout, help.stderr].concat()).contains("no_contain_symlinks") {
            command.args(["-o", "no_contain_symlinks"]);
        }
        command.args(["-o", &key("IdentityFile", fleet.client_key())]);
        command.args(["-o", &key("UserKnownHostsFile", fleet.known_hosts())]);
        let output = command.stdin(Stdio::null()).output().unwrap();
        assert!(output.status.success(), "sshfs: {}", String::from_utf8_lossy(&output.stderr));
        let mounted = Self(at);
        let shows = || mounted.0.join("shared").exists().then_some(());
        eventually("the mount to show what is there", Duration::from_secs(10), shows);
        mounted
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).stdin(Stdio::null()).output();
    }
}

/// The premise: it is locked on both ways at the same time.
#[track_caller]
fn assert_locks_exclude_nobody(one: &Path, other: &Path) {
    fs::write(one.join("try"), "").unwrap();
    let files = [one, other].map(|folder| File::options().write(true).open(folder.join("try")).unwrap());
    for file in &files {
        flock(file, FlockOperation::NonBlockingLockExclusive).unwrap();
    }
    fs::remove_file(one.join("try")).unwrap();
}

#[track_caller]
fn assert_refused(output: Output) {
    let said = output.fails_naming(30, "not ready").stderr;
    let named = ["host `alpha` of this run, too", "host `beta` of this run, too"];
    assert!(named.iter().any(|name| said.contains(name)), "{said}");
}

#[test]
fn servers_on_one_network_file_system_are_refused_by_every_verb() {
    needs_peers!();
    // No container has to let its tests mount one.
    if !peers::is_root() || !Path::new("/dev/fuse").exists() {
        eprintln!("SKIPPED {}: needs root and /dev/fuse", module_path!());
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.deploy(1);
    fleet.deliver(2);
    let alpha = fleet.host("alpha").deploy_to();
    let mounted = Mounted::on(&fleet);
    assert_locks_exclude_nobody(&alpha, &mounted.0);

    let told = doctor(&fleet, &[]);
    assert_eq!(told.code, Some(31), "{}", told.stderr);
    for (name, other) in [("alpha", "beta"), ("beta", "alpha")] {
        let check = told.check(name, "same-site");
        let found = check["found"].as_str().unwrap();
        assert!(
            found.contains("is the same directory") && found.contains(&format!("of `{other}`")),
            "{found}"
        );
    }
    let plan = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output().exits(31);
    assert!(plan.stdout.contains("is the same directory as"), "{plan:?}");
    // Whoever locks the site there in one run with another is told, before anything is finished, undone or removed.
    let swap = |arguments: &[&str]| fleet.run("swap-release").args(arguments.iter().copied());
    let waits =
        ["activate", "r2", "--in-step", "--confirm-within", "60s", "--part-of", "try/alpha", "--deploy-to"];
    let mut holder = swap(&waits).arg(&alpha).with_stdin().start();
    eventually("alpha to be locked", Duration::from_secs(10), || {
        assert!(holder.is_running(), "{}", holder.stderr_so_far());
        (!holder.stdout_so_far().is_empty()).then_some(())
    });
    for verb in [&["prune"][..], &["verify", "--repair"], &["settle"]] {
        let run = swap(verb).args(["--part-of", "try/beta", "--deploy-to"]).arg(&mounted.0);
        run.output().fails_naming(10, "of host `alpha` of this run, too");
    }
    holder.terminate();
    let _ended = holder.wait();
    swap(&["prune", "--part-of", "again/beta", "--deploy-to"]).arg(&mounted.0).output().ok();

    // Both would switch one link, and each would take the other's for its own.
    assert_refused(fleet.swap("activate").output());
    assert_eq!(fleet.host("alpha").current().as_deref(), Some("r1"));
    assert_eq!(fleet.host("beta").current().as_deref(), Some("r1"));
    for known in ["releases/r2", ".swap/releases/r2"] {
        fs::remove_dir_all(alpha.join(known)).unwrap();
    }
    let push = fleet.push().args(["--stall-timeout", "20s"]).output();
    push.fails_naming(30, "of this run, too");
    let left = fs::read_dir(&alpha).unwrap().chain(fs::read_dir(alpha.join(".swap")).unwrap()).flatten();
    let left: Vec<_> = left.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert!(!left.iter().any(|name| name.starts_with(".mkt-here") || name.starts_with("sole.")), "{left:?}");

    // Apart again, each is its own.
    drop(mounted);
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}
