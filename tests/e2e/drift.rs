//! Somebody edits a file on a server: the tree is no longer the release, and that is noticed.

use std::fs;

use e2e::Fleet;

use crate::needs_peers;

#[test]
fn an_edited_file_is_found_and_its_release_does_not_go_live_again() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    let verify = |host: &str| {
        let deploy_to = fleet.host(host).deploy_to();
        fleet.run("swap-release").args(["verify", "--json", "--deploy-to"]).arg(deploy_to).output()
    };
    verify("beta").ok();

    // A hot fix in the release before, while the one after is live.
    let file = fleet.host("beta").release_dir("r1").join("robots.txt");
    fs::write(&file, "User-agent: *\nDisallow: /\n").unwrap();
    verify("beta").ok();
    let deploy_to = fleet.host("beta").deploy_to();
    let output = fleet.run("swap-release").args(["verify", "r1", "--deploy-to"]).arg(deploy_to).output();
    output.fails_naming(12, "robots.txt").answers("changed robots.txt").says("verify --repair r1");
    fleet.swap("rollback").output().fails_naming(30, "beta");
    fleet.assert_live("r2");

    // A file too many in the live one.
    fs::write(fleet.host("gamma").release_dir("r2").join("shell.php"), "<?php").unwrap();
    assert_eq!(verify("gamma").code, Some(12));
    assert!(verify("gamma").stdout.contains("shell.php"));
}

#[test]
fn the_whole_fleet_is_verified_at_once_who_differs_is_named_and_put_right() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.deploy(1);
    let output = fleet.swap("verify").output().ok();
    assert_eq!(output.stdout.matches("exactly what was built").count(), 3, "{}", output.stdout);

    fs::write(fleet.host("gamma").release_dir("r1").join("index.php"), "<?php // hot fix").unwrap();
    fleet.host_mut("alpha").stop_sshd();
    let output = fleet.swap("verify").output().fails_naming(12, "1 of 3 hosts");
    for (host, said) in [("alpha", "alpha"), ("beta", "exactly what was built"), ("gamma", "index.php")] {
        let row = output.stdout.lines().find(|line| line.starts_with(host)).unwrap_or_default();
        assert!(row.contains(said), "{host}: {}", output.stdout);
    }
    let json = fleet.swap("verify").arg("--json").output().exits(12).stdout;
    let answers: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
    let beta = answers.iter().find(|answer| answer["host"] == "beta").unwrap();
    assert_eq!((&beta["reply"]["ok"], &beta["error"]), (&true.into(), &serde_json::Value::Null));
    let gamma = answers.iter().find(|answer| answer["host"] == "gamma").unwrap();
    assert_eq!((&gamma["reply"]["ok"], &gamma["reply"]["changed"][0]), (&false.into(), &"index.php".into()));

    // As the hint says; first without alpha, which cannot be reached.
    assert!(
        output.stderr.contains("hint: swap-release verify --repair --fleet fleet.toml"),
        "{}",
        output.stderr
    );
    let repair = || fleet.swap("verify").arg("--repair");
    repair().args(["--exclude", "alpha"]).output().ok().answers("put right in 1 places: changed index.php");
    repair().output().fails_naming(30, "1 of 3");
    fleet.host_mut("alpha").start_sshd();
    fleet.swap("verify").output().ok();
    fleet.assert_live("r1");
}
