//! What a prune leaves alone: what is served, by whatever text, and what is mounted in an old release.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

use e2e::{bin, peers};

use crate::kill9::Server;
use crate::needs_peers;

fn deployed(ids: &[&str]) -> Server {
    let server = Server::tiny();
    for (number, id) in ids.iter().enumerate() {
        server.pack(1 + number % 2, id);
        server.stage(id).output().ok();
        server.verb("activate").arg(id).output().ok();
    }
    server
}

#[test]
fn an_absolute_link_to_our_own_release_is_that_release_also_after_an_adopt() {
    let server = deployed(&["r1", "r2"]);
    let current = server.deploy_to().join("current");
    fs::remove_file(&current).unwrap();
    symlink(server.deploy_to().join("releases/r2"), &current).unwrap();
    server.verb("adopt").output().ok();
    server.verb("prune").args(["--keep", "1", "--grace", "0s"]).output().ok();
    server.assert_whole(&[("r2", 2)], "adopted and pruned");
    assert!(server.verb("status").arg("--json").output().ok().stdout.contains("\"current\":\"r2\""));
    // A plain repair: the release stays, the link is as a switch writes it.
    server.verb("activate").arg("r2").output().ok();
    assert_eq!(fs::read_link(&current).unwrap().as_os_str(), "releases/r2");
    server.verb("rollback").output().ok();
    server.assert_whole(&[("r1", 1)], "rolled back");
}

#[test]
fn a_dry_run_says_what_goes_and_changes_nothing_and_the_prune_says_what_went() {
    let server = deployed(&["r1", "r2", "r3"]);
    let prune = || server.verb("prune").args(["--keep", "1", "--grace", "0s"]);
    prune().arg("--dry-run").output().ok().answers("would remove `r1`");
    assert!(server.deploy_to().join("releases/r1").is_dir());
    let reply = prune().args(["--dry-run", "--json"]).output().ok().stdout;
    assert!(reply.starts_with("{\"dry_run\":true,\"removed\":[\"r1\"],"), "{reply}");
    prune().output().ok().answers("removed `r1`");
    assert!(!server.deploy_to().join("releases/r1").exists());
    prune().output().ok().says("nothing to remove");
}

/// In a mount namespace of its own: a mount in an old release, one in the trash already, and one that is a single file.
#[test]
fn what_is_mounted_in_an_old_release_is_left_and_told() {
    needs_peers!();
    let server = deployed(&["r1", "r2", "r3", "r4"]);
    let (deploy_to, nas) = (server.deploy_to(), server.path().join("nas"));
    fs::create_dir(&nas).unwrap();
    fs::write(nas.join("upload"), "gold").unwrap();
    for folder in ["releases/r1/files", ".swap/trash/r0/a/files"] {
        fs::create_dir_all(deploy_to.join(folder)).unwrap();
    }
    fs::write(deploy_to.join(".swap/trash/r0/gone"), "").unwrap();
    fs::write(deploy_to.join("releases/r2/settings"), "").unwrap();
    let script = "set -e; cd \"$1\"; mount --bind \"$2\" releases/r1/files; mount --bind \"$2\" .swap/trash/r0/a/files\n\
                  mount --bind \"$2/upload\" releases/r2/settings\n\
                  exec \"$3\" prune --deploy-to . --keep 1 --grace 0s --json";
    let namespaces = if peers::is_root() { "-m" } else { "-Urm" };
    let output = Command::new("unshare")
        .args([namespaces, "--propagation", "private", "sh", "-c", script, "sh"])
        .args([&deploy_to, &nas, &bin("swap-release")])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !peers::skip_unless(module_path!(), !said.contains("Operation not permitted"), &said) {
        return;
    }
    let reply = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    for (path, why) in [
        ("releases/r1`", "releases/r1/files"),
        ("releases/r2`", "releases/r2/settings"),
        (".swap/trash/r0`", "trash/r0/a/files"),
    ] {
        let path = path.trim_end_matches('`');
        assert!(reply.contains(&format!("{path}\",\"why\":")) && reply.contains(why), "{path}: {reply}");
    }
    assert_eq!(fs::read_to_string(nas.join("upload")).unwrap(), "gold");
    assert!(
        deploy_to.join("releases/r1/index.php").is_file()
            && deploy_to.join("releases/r2/index.php").is_file()
    );
    // Without the mounts all of it goes.
    server
        .verb("prune")
        .args(["--keep", "1", "--grace", "0s"])
        .output()
        .ok()
        .answers("removed `r1`")
        .answers("removed `r2`");
    assert_eq!(fs::read_dir(deploy_to.join(".swap/trash")).unwrap().count(), 0);
    server.assert_whole(&[("r4", 2)], "pruned");
}
