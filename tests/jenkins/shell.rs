//! scripts/deploy: the chain without Jenkins.

use std::fs;

use e2e::records::{self, Pack, Record};
use e2e::template::workspace;
use e2e::{Fleet, Run, bin};

use crate::needs_fleet;

fn deploy(fleet: &Fleet, arguments: &[&str]) -> Run {
    let path = format!("{}:{}", bin("mkt-pack").parent().unwrap().display(), std::env::var("PATH").unwrap());
    Run::new(workspace().join("scripts/deploy"), &fleet.dir()).args(arguments).env("PATH", path)
}

#[test]
fn the_chain_of_shell_deploys_and_rolls_back() {
    needs_fleet!();
    let mut fleet = Fleet::three();
    for release in [1, 2] {
        assert!(fleet.site(release).ends_with(format!("site{release}")));
    }
    deploy(&fleet, &["site1"]).env("BUILD_NUMBER", "1").env("GIT_COMMIT", "0a1b2c3d4e").output().ok();
    fleet.assert_live("1-0a1b2c3d");

    // The second step's failure is the code of the whole, and nothing after it is begun.
    fleet.host_mut("gamma").stop_sshd();
    deploy(&fleet, &["site2", "fleet.toml"])
        .env("BUILD_NUMBER", "2")
        .env("GIT_COMMIT", "1a1b2c3d4e")
        .output()
        .exits(30);
    fleet.assert_live("1-0a1b2c3d");
    fleet.host_mut("gamma").start_sshd();
    deploy(&fleet, &["site2", "fleet.toml"])
        .env("BUILD_NUMBER", "2")
        .env("GIT_COMMIT", "1a1b2c3d4e")
        .output()
        .ok();
    fleet.assert_live("2-1a1b2c3d");

    deploy(&fleet, &["--rollback"]).output().ok();
    fleet.assert_live("1-0a1b2c3d");

    // On another machine, without any records: what the servers serve is the base.
    fs::remove_dir_all(fleet.records()).unwrap();
    let live = fleet.swap("status").arg("--json").output().ok().stdout;
    deploy(&fleet, &["site2"]).env("BUILD_NUMBER", "3").env("GIT_COMMIT", "2a1b2c3d4e").output().ok();
    let packed: Record<Pack> = records::read(&fleet.records(), "pack.json");
    assert!(live.contains(&packed.details.base.unwrap()), "{live}");
}

#[test]
fn wrong_use_is_told_before_anything_is_done() {
    needs_fleet!();
    let scratch = e2e::Scratch::new();
    let script = workspace().join("scripts/deploy");
    let run = |arguments: &[&str]| Run::new(&script, scratch.path()).args(arguments).output();
    run(&["site", "nowhere.toml"]).fails_naming(2, "nowhere.toml");
    for wrong in [&[][..], &["--nonsense"], &["a", "b", "c"]] {
        fs::write(scratch.path().join("fleet.toml"), "").unwrap();
        run(wrong).exits(2).says("deploy SITE [fleet.toml]");
    }
    // Somebody else is at it with the same records.
    fs::create_dir(scratch.path().join("records")).unwrap();
    let lock = scratch.path().join("records/.deploy.lock");
    let mut holder =
        Run::new("flock", scratch.path()).arg(&lock).args(["sh", "-c", "echo held; sleep 60"]).start();
    e2e::eventually("the lock", std::time::Duration::from_secs(5), || {
        assert!(holder.is_running());
        holder.stdout_so_far().contains("held").then_some(())
    });
    run(&["site"]).fails_naming(75, "records");
    holder.kill9();
}
