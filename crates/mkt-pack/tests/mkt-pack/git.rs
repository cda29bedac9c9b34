//! Time and name from the commit.

use crate::sandbox::{Sandbox, installed, run};
use std::fs;
use std::process::Command;

fn git(sandbox: &Sandbox, args: &[&str]) -> String {
    let mut command = Command::new("git");
    sandbox.tame(&mut command);
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "x").env(format!("GIT_{role}_EMAIL"), "x@example.org");
        command.env(format!("GIT_{role}_DATE"), "@1600000000 +0000");
    }
    let output = command.arg("-C").arg("site").args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn committed() -> Option<(Sandbox, String)> {
    if !installed("git") {
        return None;
    }
    let sandbox = Sandbox::site();
    git(&sandbox, &["init", "-q"]);
    git(&sandbox, &["add", "-A"]);
    git(&sandbox, &["commit", "-q", "-m", "one"]);
    let id = git(&sandbox, &["rev-parse", "HEAD"]);
    Some((sandbox, id))
}

#[test]
fn the_commit_gives_time_and_name() {
    let Some((sandbox, id)) = committed() else { return };
    let output = sandbox.pack(&[]).ok();
    assert!(!output.stderr.contains("warning"), "{}", output.stderr);
    let record = sandbox.record("records");
    assert_eq!(record["details"]["release_time"], 1_600_000_000);
    assert_eq!(record["build"]["commit"], id.as_str());
    assert_eq!(record["details"]["excluded"], 1, "{record}");
    let plain = Sandbox::site();
    plain.pack(&[]).ok();
    assert_eq!(plain.record("records")["release"]["tree_digest"], record["release"]["tree_digest"]);

    let mut command = sandbox.command(&["site", "--records", "jenkins"]);
    run(command.env("BUILD_NUMBER", "7").env("SOURCE_DATE_EPOCH", "5")).ok();
    let record = sandbox.record("jenkins");
    assert_eq!(record["release"]["id"], format!("7-{}", &id[..8]));
    assert_eq!(record["details"]["release_time"], 5);
    let mut command = sandbox.command(&["site", "--records", "given"]);
    run(command.env("BUILD_NUMBER", "7").env("GIT_COMMIT", "f".repeat(40)).arg("--release-id=v1")).ok();
    let record = sandbox.record("given");
    assert_eq!(
        (&record["release"]["id"], &record["build"]["commit"]),
        (&"v1".into(), &"f".repeat(40).into())
    );
}

#[test]
fn a_site_inside_a_work_tree_has_its_commit() {
    let Some((sandbox, id)) = committed() else { return };
    fs::create_dir_all(sandbox.path("site/build/out")).unwrap();
    fs::write(sandbox.path("site/build/out/f"), "x").unwrap();
    sandbox.run(&["site/build/out"]).ok();
    assert_eq!(sandbox.record("records")["build"]["commit"], id.as_str());
}

#[test]
fn no_git_and_no_commit_are_no_error() {
    let Some((sandbox, _)) = committed() else { return };
    let mut command = sandbox.command(&["site"]);
    let output = run(command.env("PATH", sandbox.path("nothing"))).ok();
    assert!(output.stderr.contains("warning: neither SOURCE_DATE_EPOCH"), "{}", output.stderr);
    let sandbox = Sandbox::site();
    git(&sandbox, &["init", "-q"]);
    sandbox.pack(&[]).ok();
    assert!(sandbox.record("records")["build"].is_null());
}
