//! Jenkinsfile.example: a site is deployed, a dry run changes nothing, it is rolled back, an archived release goes out
//! again; by one job, in one workspace with a space in its name.

use std::fs;

use e2e::records::{self, Pack, Publish, Push, Record, Swap, sha256};
use serde_json::json;

use crate::needs_fleet;
use crate::runner::Built;
use crate::world::{World, changed};

#[test]
fn deploy_dry_run_roll_back_and_redeploy() {
    needs_fleet!();
    let world = World::new("Jenkinsfile.example");
    // In a job's very first build parameters are not in the environment.
    let first = world.begin(&changed(world.scenario(), "firstBuild", json!(true))).wait().ends("SUCCESS");
    let release1 = world.id(1);
    world.fleet.assert_live(&release1);
    let stages = [
        "Build",
        "Base",
        "Pack",
        "Fetch",
        "Release",
        "Dry run",
        "Publish",
        "Push",
        "Deliver",
        "Approve",
        "Go live",
        "Roll back",
    ];
    let expected: Vec<(&str, &str)> = stages
        .into_iter()
        .map(|name| {
            (name, if ["Fetch", "Dry run", "Roll back"].contains(&name) { "skipped" } else { "SUCCESS" })
        })
        .collect();
    assert_eq!(first.stages(), expected);
    assert_eq!(first.codes(), [0; 6]);
    assert_eq!(first.description.as_deref(), Some(format!("{release1} live on 3 hosts").as_str()));
    assert_eq!((first.tests["passed"], first.tests["failed"]), (6, 0), "three hosts pushed, three swapped");
    assert!(!first.trace.iter().any(|event| event.at == "input" && event.flag("holdsAgent") != Some(false)));
    assert!(first.log().contains("alice") && !world.workspace().join("x").exists());
    assert_chain(&first, &release1);
    world.assert_clean(&first);

    world.commit(2);
    let dry = world.build(json!({ "DRY_RUN": true })).ends("SUCCESS");
    assert_eq!(
        (dry.stage("Dry run"), dry.stage("Deliver"), dry.stage("Go live")),
        ("SUCCESS", "skipped", "skipped")
    );
    // The push itself was asked: of each server by SSH, with what it would get and what is live there.
    assert!(dry.raw_log().contains("3 would get it, 0 have it, 0 would fail"), "{}", dry.log());
    assert!(
        dry.raw_log().contains("expected as swarm") && dry.raw_log().contains(&release1),
        "{}",
        dry.log()
    );
    assert_eq!(world.fleet.host("beta").releases(), [release1.as_str()], "nothing was sent");
    world.assert_clean(&dry);

    let third = world.build(json!({ "CANARY": "1" })).ends("SUCCESS");
    let release3 = world.id(3);
    world.fleet.assert_live(&release3);
    // The agent kept nothing of the build before: what the servers serve was the base.
    let status = world.fleet.swap("status").arg("--json").arg("--identity").arg(world.fleet.client_key());
    let status = status.output().ok().stdout;
    let pack: Record<Pack> = records::read(&third.archive().join("records"), "pack.json");
    assert!(status.contains(&pack.details.base.unwrap()), "{status}");

    // Back to the release before; nothing is built, pushed or asked.
    let back = world.build(json!({ "ACTION": "rollback" })).ends("SUCCESS");
    world.fleet.assert_live(&release1);
    let ran: Vec<&str> =
        back.stages().into_iter().filter(|(_, status)| *status == "SUCCESS").map(|(name, _)| name).collect();
    assert_eq!(ran, ["Roll back"]);
    assert_eq!(back.description.as_deref(), Some(format!("{release1} live again on 3 hosts").as_str()));

    // What a person types is a value and never a command.
    for release in ["$(touch x)", "'; touch x; '", "--help", "a \"b\" c"] {
        let refused = world.build(json!({ "ACTION": "rollback", "RELEASE": release })).ends("FAILURE");
        assert_eq!(refused.codes(), [2], "{}", refused.log());
        assert!(!world.workspace().join("x").exists(), "{release} was run");
    }
    world.fleet.assert_live(&release1);

    // The archived release of build 3 is sent once more; one server was set up anew and has nothing.
    let gamma = world.fleet.host("gamma").deploy_to();
    for name in ["releases", ".swap"] {
        fs::remove_dir_all(gamma.join(name)).unwrap();
    }
    fs::remove_file(gamma.join("current")).unwrap();
    world.commit(5);
    let again = world.build(json!({ "ACTION": "redeploy", "FROM_BUILD": "3" })).ends("SUCCESS");
    world.fleet.assert_live(&release3);
    assert_eq!(
        (again.stage("Build"), again.stage("Fetch"), again.stage("Go live")),
        ("skipped", "SUCCESS", "SUCCESS")
    );
    assert!(again.raw_log().contains("gamma staged"), "{}", again.log());
    assert_chain(&again, &release3);
    let wrong = world.build(json!({ "ACTION": "redeploy", "FROM_BUILD": "../1" })).ends("FAILURE");
    assert_eq!(wrong.stage("Fetch"), "FAILURE");
    let choice = world.build(json!({ "ACTION": "$(touch x)" })).ends("FAILURE");
    assert!(choice.log().contains("Illegal choice"), "{}", choice.log());
    world.fleet.assert_live(&release3);
}

/// The archived records are about one release, and each names the bytes of the one before.
#[track_caller]
fn assert_chain(built: &Built, id: &str) {
    let folder = built.archive().join("records");
    let pack: Record<Pack> = records::read(&folder, "pack.json");
    let publish: Record<Publish> = records::read(&folder, "publish.json");
    let push: Record<Push> = records::read(&folder, "push.json");
    let swap: Record<Swap> = records::read(&folder, "swap.json");
    assert_eq!(
        [&pack.release, &publish.release, &push.release, &swap.release].map(|release| release.id.as_str()),
        [id; 4]
    );
    for (input, before) in
        [(publish.input, "pack.json"), (push.input, "publish.json"), (swap.input, "push.json")]
    {
        let input = input.unwrap();
        assert_eq!((input.file.as_str(), input.sha256), (before, sha256(&folder.join(before))));
    }
    assert_eq!(pack.release.torrent.sha256, sha256(&folder.join(&pack.release.torrent.file)));
    assert_eq!(swap.build.unwrap().job.as_deref(), Some(crate::world::JOB));
}
