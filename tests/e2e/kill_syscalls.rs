//! swap-release is killed at, or refused, every single system call that changes the disk, one after the other: whatever
//! the call, the site is on the old release or on the new one, whole, and the next run needs no help.
//!
//! strace(1) does the killing and the refusing, so the program under test is the one that is shipped.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use e2e::{Output, Run, peers};

use crate::kill9::Server;
use crate::needs_peers;

/// Calls by which names, contents, modes and durability change. Of write and openat2 those that change nothing are met,
/// too.
const CHANGES: [&str; 20] = [
    "rename",
    "renameat",
    "renameat2",
    "symlink",
    "symlinkat",
    "unlink",
    "unlinkat",
    "rmdir",
    "mkdir",
    "mkdirat",
    "fsync",
    "syncfs",
    "fchmod",
    "fchmodat",
    "chmod",
    "ftruncate",
    "utimensat",
    "flock",
    "openat2",
    "write",
];

/// What is done to the call.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Kill,
    Fail(&'static str),
}

/// Runs `run` with the `number`th `call` of a thread met by `blow`; `None` if there are fewer.
fn with_blow(run: &Run, blow: Blow, call: &str, number: usize, dir: &Path) -> Option<Output> {
    let log = dir.join("strace.log");
    let how = match blow {
        Blow::Kill => "signal=SIGKILL".to_owned(),
        Blow::Fail(errno) => format!("error={errno}"),
    };
    let output = Run::new(peers::need("strace"), dir)
        .args(["-f", "-qq", "-o"])
        .arg(&log)
        .args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{how}:when={number}"), "--"])
        .args(run.argv())
        .output();
    let log = fs::read_to_string(&log).unwrap();
    (log.contains("INJECTED") || log.contains("killed by SIGKILL")).then_some(output)
}

/// Meets every call of `verb` in turn. `before` brings the site to where the verb starts. Gives the number of calls that were met.
fn at_every_call(
    server: &Server,
    blow: Blow,
    before: impl Fn(),
    verb: impl Fn() -> Run,
    allowed: &[(&str, usize)],
) -> usize {
    let mut met = 0;
    for call in CHANGES {
        for number in 1.. {
            before();
            let Some(output) = with_blow(&verb(), blow, call, number, server.path()) else { break };
            met += 1;
            let when = format!("{blow:?} at {call} number {number}: {}", output.stderr);
            server.assert_whole(allowed, &when);
            // The next run repairs what there is to repair, and does its work.
            verb().output().ok();
            server.verb("verify").output().ok();
        }
    }
    met
}

fn prepared() -> Server {
    let server = Server::tiny();
    server.pack(1, "old");
    server.pack(2, "new");
    server.stage("old").output().ok();
    server.stage("new").output().ok();
    server.verb("activate").arg("old").output().ok();
    server
}

/// A kill, and every way in which a disk refuses.
const BLOWS: [Blow; 5] =
    [Blow::Kill, Blow::Fail("EIO"), Blow::Fail("ENOSPC"), Blow::Fail("EACCES"), Blow::Fail("EROFS")];

#[test]
fn at_every_call_of_a_switch_it_is_the_old_release_or_the_new() {
    needs_peers!();
    let server = prepared();
    let both = [("old", 1), ("new", 2)];
    let back = || server.verb("rollback").arg("old").output().ok();
    let forth = || server.verb("activate").arg("new").output().ok();
    for blow in BLOWS {
        let activate = || server.verb("activate").arg("new");
        let met = at_every_call(&server, blow, || drop(back()), activate, &both);
        assert!(met > 20, "{blow:?} activate: {met} calls");
        let rollback = || server.verb("rollback").arg("old");
        let met = at_every_call(&server, blow, || drop(forth()), rollback, &both);
        assert!(met > 20, "{blow:?} rollback: {met} calls");
    }
}

#[test]
fn at_every_call_of_a_staging_the_live_release_is_not_touched() {
    needs_peers!();
    let server = prepared();
    let forget = || {
        fs::remove_dir_all(server.deploy_to().join("releases/new")).unwrap();
        fs::remove_dir_all(server.deploy_to().join(".swap/releases/new")).unwrap();
    };
    for blow in BLOWS {
        let met = at_every_call(&server, blow, forget, || server.stage("new"), &[("old", 1)]);
        assert!(met > 40, "{blow:?}: {met} calls");
    }
}

#[test]
fn at_every_call_of_a_prune_the_live_release_is_not_touched_and_the_next_prune_finishes() {
    needs_peers!();
    let server = prepared();
    server.pack(2, "gone");
    // Found to be bad when it was live: nobody wants it any more.
    let again = || {
        server.stage("gone").output().ok();
        let activate = server.verb("activate").args(["gone", "--confirm-within", "5s"]);
        let mut running = activate.with_stdin().start();
        running.stdin().write_all(b"revert\n").unwrap();
        drop(running.wait().exits(40));
    };
    let prune = || server.verb("prune").args(["--keep", "1", "--grace", "0s"]);
    for blow in BLOWS {
        let met = at_every_call(&server, blow, again, prune, &[("old", 1)]);
        assert!(met > 20, "{blow:?}: {met} calls");
        for folder in ["releases/gone", ".swap/releases/gone", ".swap/trash/gone"] {
            assert!(!server.deploy_to().join(folder).exists(), "{folder} after {blow:?}");
        }
    }
}

/// What another tool left, `current` to it as that tool wrote it, and our first release.
#[test]
fn at_every_call_of_a_switch_from_and_to_another_tools_release_it_is_one_of_them() {
    needs_peers!();
    let server = Server::tiny();
    server.pack(1, "old");
    server.pack(2, "new");
    server.stage("old").output().ok();
    server.stage("new").output().ok();
    let at = |path: &str| server.deploy_to().join(path);
    fs::rename(at("releases/old"), at("releases/7")).unwrap();
    fs::remove_dir_all(at(".swap/releases/old")).unwrap();
    let text = at("releases/7");
    let as_found = || {
        let _ = fs::remove_file(at("current"));
        let _ = fs::remove_dir_all(at(".swap/releases/7"));
        symlink(&text, at("current")).unwrap();
    };
    let forth = || {
        as_found();
        server.verb("activate").arg("new").output().ok();
    };
    let both = [("7", 1), ("new", 2)];
    for blow in [Blow::Kill, Blow::Fail("EIO")] {
        let met = at_every_call(&server, blow, as_found, || server.verb("activate").arg("new"), &both);
        assert!(met > 25, "{blow:?} activate: {met} calls");
        let met = at_every_call(&server, blow, forth, || server.verb("rollback").arg("7"), &both);
        assert!(met > 20, "{blow:?} rollback: {met} calls");
        assert_eq!(fs::read_link(at("current")).unwrap(), text);
    }
}

#[test]
fn at_every_call_of_an_adoption_the_site_is_served_and_the_next_run_does_it() {
    needs_peers!();
    let server = Server::tiny();
    let deploy_to = server.deploy_to();
    let path = |path: &str| deploy_to.join(path);
    // As Drupal leaves it; what is served is looked at through `current`, whatever that is.
    let again = || {
        for folder in [".swap", "releases", "shared", "current"] {
            let path = path(folder);
            let _link = fs::remove_file(&path);
            let _missing = fs::remove_dir_all(&path);
        }
        fs::create_dir_all(path("current/sites/default/files")).unwrap();
        fs::create_dir_all(path("shared/sites/default/files")).unwrap();
        fs::write(path("current/sites/default/files/upload"), "upload").unwrap();
        fs::write(path("current/sites/default/settings.php"), "<?php").unwrap();
        fs::set_permissions(path("current/sites/default"), fs::Permissions::from_mode(0o555)).unwrap();
    };
    let adopt = || {
        let shared = ["--shared", "sites/default/files/", "--shared", "sites/default/settings.php"];
        server.verb("adopt").args(["--release-id", "old"]).args(shared)
    };
    let served = |when: &str| {
        assert_eq!(
            fs::read_to_string(path("current/sites/default/files/upload")).unwrap(),
            "upload",
            "{when}"
        );
        assert_eq!(
            fs::read_to_string(path("current/sites/default/settings.php")).unwrap(),
            "<?php",
            "{when}"
        );
    };
    for blow in [Blow::Kill, Blow::Fail("EIO")] {
        let mut met = 0;
        for call in CHANGES {
            for number in 1.. {
                again();
                let Some(output) = with_blow(&adopt(), blow, call, number, server.path()) else { break };
                met += 1;
                let when = format!("{blow:?} at {call} number {number}: {}", output.stderr);
                served(&when);
                // The next run repairs what there is to repair, and does its work.
                adopt().output().ok();
                served(&when);
                assert!(
                    path("current").is_symlink() && path("shared/sites/default/files/upload").is_file(),
                    "{when}"
                );
                let mode = fs::metadata(path("current/sites/default")).unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o555, "{when}");
            }
        }
        assert!(met > 40, "{blow:?}: {met} calls");
    }
}
