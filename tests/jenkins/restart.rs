//! The controller is restarted under a running build, and builds are restarted from each of their stages.

use std::fs;
use std::time::Duration;

use e2e::eventually;
use e2e::records::{self, Push, Record};
use serde_json::{Value, json};

use crate::needs_fleet;
use crate::runner::{Built, Running};
use crate::world::{World, changed};

/// Lets the controller die while the shell step of `stage` runs.
fn crash_in(world: &World, stage: &str) -> (Running, Value) {
    let scenario = world.scenario();
    let running = world.begin(&scenario);
    running.wait_for_sh(stage);
    running.crash();
    assert!(!running.folder.join("result.json").exists(), "it had not ended");
    (running, changed(scenario, "resume", json!(true)))
}

/// How often a shell step of `stage` was begun, over both lives of the build.
fn begun(built: &Built, stage: &str) -> usize {
    let text = fs::read_to_string(built.folder.join("trace.jsonl")).unwrap();
    let events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["at"] == "sh" && event["stage"] == stage).count()
}

/// Expects that the shell step was taken up again, and whether it had ended by then.
#[track_caller]
fn assert_again(built: &Built, stage: &str, ended: Option<bool>) {
    let again = built.trace.iter().find(|event| event.at == "sh again" && event.text("stage") == stage);
    let again = again.unwrap_or_else(|| panic!("{stage} was not taken up again:\n{}", built.log()));
    assert!(ended.is_none() || again.flag("ended") == ended, "{again:?}");
    assert_eq!(begun(built, stage), 1, "{stage} must not be begun twice");
}

#[test]
fn a_controller_that_restarts_finds_the_push_and_the_swap_where_they_are() {
    needs_fleet!();
    let world = World::new("Jenkinsfile.example");

    // It is away while the push goes on and ends: the exit code waits in a file.
    let (running, resume) = crash_in(&world, "Push");
    let workspace = world.workspace();
    let record = workspace.join("records/push.json");
    eventually("the push to end by itself", Duration::from_secs(60), || record.exists().then_some(()));
    let push: Record<Push> = records::read(&workspace.join("records"), "push.json");
    assert!(push.details.hosts.iter().all(|host| host.state == "staged"), "{push:?}");
    eventually("its code to be written", Duration::from_secs(10), || {
        let control = fs::read_dir(workspace.with_file_name("work space@2@tmp")).unwrap().flatten();
        let mut codes = control.map(|entry| entry.path().join("jenkins-result.txt"));
        codes.any(|code| code.exists()).then_some(())
    });
    drop(running);
    let built = world.begin(&resume).wait().ends("SUCCESS");
    assert_again(&built, "Push", Some(true));
    for stage in ["Build", "Pack", "Publish", "Go live"] {
        assert_eq!(begun(&built, stage), 1, "{stage}: what had ended is not done again\n{}", built.log());
    }
    let release1 = world.id(1);
    world.fleet.assert_live(&release1);
    assert_eq!(built.description.as_deref(), Some(format!("{release1} live on 3 hosts").as_str()));
    assert_eq!((built.tests["passed"], built.tests["failed"]), (6, 0));

    // It is back at once, while the step still runs or just ends: whatever the moment, once and once only.
    for stage in ["Pack", "Push", "Go live"] {
        world.put("moment.txt", stage);
        world.commit_all();
        let (_, resume) = crash_in(&world, stage);
        let built = world.begin(&resume).wait().ends("SUCCESS");
        assert_again(&built, stage, None);
        world.fleet.assert_live(&world.id(world.number()));
    }

    // An abort after the restart reaches the program that was started before it.
    world.put("moment.txt", "abort");
    world.commit_all();
    let live = world.id_of_live();
    let (_, resume) = crash_in(&world, "Push");
    let again = world.begin(&resume);
    eventually("the step to be taken up again", Duration::from_secs(30), || {
        again.trace().iter().any(|event| event.at == "sh again").then_some(())
    });
    again.abort();
    let aborted = again.wait();
    assert!(["ABORTED", "SUCCESS"].contains(&aborted.result.as_str()), "{}", aborted.log());
    if aborted.result == "ABORTED" {
        world.fleet.assert_live(&live);
    }
    let next = world.build(json!({})).ends("SUCCESS");
    world.fleet.assert_live(&world.id(world.number()));
    world.assert_clean(&next);
}

#[test]
fn a_build_is_restarted_from_each_of_its_stages() {
    needs_fleet!();
    let world = World::new("Jenkinsfile.example");
    world.build(json!({})).ends("SUCCESS");
    let first = world.number();
    let release1 = world.id(first);
    let restart = |of: u32, stage: &str| {
        let scenario =
            changed(changed(world.scenario(), "restartFrom", json!(stage)), "restartOf", json!(of));
        world.begin(&scenario).wait().ends("SUCCESS")
    };
    // What comes before is left out; with its stashes kept the release is the one of that build, and done is done.
    for (stage, shells) in [("Deliver", 3), ("Approve", 1), ("Go live", 1)] {
        let built = restart(first, stage);
        assert_eq!(built.stage("Release"), "skipped", "{stage}");
        assert_eq!(built.codes(), vec![0; shells], "{stage}: {}", built.log());
        world.fleet.assert_live(&release1);
    }
    // From the first one everything is new, and so is the release's name.
    let built = restart(first, "Release");
    assert_eq!(built.codes(), [0; 6], "{}", built.log());
    let release2 = world.id(world.number());
    world.fleet.assert_live(&release2);

    // A dry run and a rollback can be restarted, too: the servers are asked again, and know that they are there.
    let dry = world.build(json!({ "DRY_RUN": true })).ends("SUCCESS");
    assert!(dry.raw_log().contains("nothing was changed"), "{}", dry.log());
    let scenario = changed(world.scenario(), "parameters", json!({ "DRY_RUN": true }));
    let scenario =
        changed(changed(scenario, "restartFrom", json!("Dry run")), "restartOf", json!(world.number() - 1));
    let again = world.begin(&scenario).wait().ends("SUCCESS");
    assert_eq!(again.codes(), [0], "{}", again.log());
    world.fleet.assert_live(&release2);
    let back = json!({ "ACTION": "rollback", "RELEASE": release1 });
    world.build(back.clone()).ends("SUCCESS");
    let scenario = changed(world.scenario(), "parameters", back);
    let scenario =
        changed(changed(scenario, "restartFrom", json!("Roll back")), "restartOf", json!(world.number() - 1));
    world.begin(&scenario).wait().ends("SUCCESS");
    world.fleet.assert_live(&release1);
}
