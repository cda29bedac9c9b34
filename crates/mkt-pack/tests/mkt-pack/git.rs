//! Time and name from the commit.

use std::fs;
use std::process::Command;

use crate::sandbox::{Sandbox, installed, run};

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

#[test]
fn outside_jenkins_git_is_asked_for_all_it_knows() {
    let Some((sandbox, id)) = committed() else { return };
    git(&sandbox, &["checkout", "-q", "-b", "release/3"]);
    git(&sandbox, &["tag", "v3.0"]);
    git(&sandbox, &["remote", "add", "origin", "https://me:hunter2@git.example.org/site.git"]);
    sandbox.pack(&[]).ok();
    let build = sandbox.record("records")["build"].clone();
    for (field, expected) in [
        ("commit", id.as_str()),
        ("branch", "release/3"),
        ("git_tag", "v3.0"),
        ("git_url", "https://git.example.org/site.git"),
    ] {
        assert_eq!(build[field], expected, "{field}");
    }
    assert!(build["number"].is_null() && build["ci"].is_null());
    // A detached HEAD has no branch, and a path of this machine is nobody's business.
    git(&sandbox, &["checkout", "-q", "--detach"]);
    git(&sandbox, &["remote", "set-url", "origin", "/srv/git/site.git"]);
    sandbox.pack(&[]).ok();
    let build = sandbox.record("records")["build"].clone();
    assert!(build["branch"].is_null() && build["git_url"].is_null(), "{build}");
    // What Jenkins says comes first.
    let mut command = sandbox.command(&["site"]);
    command
        .env("BRANCH_NAME", "main")
        .env("CI", "true")
        .env("JOB_NAME", "folder/site")
        .env("CHANGE_ID", "12");
    command
        .env("GIT_URL", "https://bot:hunter2@host/x")
        .env("WORKSPACE", "/var/lib/agent/site@2")
        .env("BUILD_ID", "7");
    run(&mut command).ok();
    let text = fs::read_to_string(sandbox.path("records/pack.json")).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("/var/lib"), "{text}");
    let build = sandbox.record("records")["build"].clone();
    assert_eq!(
        (&build["branch"], &build["ci"], &build["change"]),
        (&"main".into(), &true.into(), &"12".into())
    );
    assert_eq!((&build["commit"], &build["git_tag"]), (&id.as_str().into(), &"v3.0".into()));
    assert_eq!((&build["workspace"], &build["git_url"]), (&"site@2".into(), &"https://host/x".into()));
}
