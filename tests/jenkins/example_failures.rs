//! Jenkinsfile.example when things go wrong: what becomes of the build, what of the site, and that the next one works.

use serde_json::json;

use crate::needs_fleet;
use crate::world::{PASSPHRASE, World, changed};

#[test]
fn each_stage_fails_once_and_a_restart_goes_on() {
    needs_fleet!();
    let mut world = World::new("Jenkinsfile.example");
    world.build(json!({})).ends("SUCCESS");
    let release1 = world.id(1);

    // Build: Composer refuses.
    world.put("composer.json", "{ this is not JSON");
    world.commit_all();
    let build = world.build(json!({})).ends("FAILURE");
    assert_eq!(
        (build.stage("Build"), build.stage("Pack"), build.stage("Deliver")),
        ("FAILURE", "skipped", "skipped")
    );

    // Pack: the site holds what belongs to the servers.
    world.commit(2);
    world.put(".env", "TOKEN=x");
    world.commit_all();
    let pack = world.build(json!({})).ends("FAILURE");
    assert_eq!((pack.stage("Pack"), pack.codes().last()), ("FAILURE", Some(&10)), "{}", pack.log());

    // No credential of that name: nothing was pushed.
    world.commit(2);
    let scenario = changed(world.scenario(), "credentials", json!({}));
    let locked = world.begin(&scenario).wait().ends("FAILURE");
    assert!(
        locked.log().contains("Could not find credentials entry with ID 'site-deploy'"),
        "{}",
        locked.log()
    );
    assert_eq!(
        (locked.stage("Base"), locked.stage("Pack"), locked.stage("Deliver")),
        ("FAILURE", "skipped", "skipped")
    );

    // Publish: the seeder is down.
    world.fleet.seeder.stop();
    let publish = world.build(json!({})).ends("FAILURE");
    assert_eq!(
        (publish.stage("Publish"), publish.codes().last()),
        ("FAILURE", Some(&21)),
        "{}",
        publish.log()
    );
    world.fleet.seeder.resume();

    // Push: a server is down. Unstable, and nothing is asked or switched.
    world.fleet.host_mut("beta").stop_sshd();
    let push = world.build(json!({})).ends("UNSTABLE");
    assert_eq!(
        (push.stage("Push"), push.stage("Approve"), push.stage("Go live")),
        ("UNSTABLE", "skipped", "skipped")
    );
    assert_eq!((push.codes().last(), push.tests["failed"]), (Some(&30), 1), "{}", push.log());
    world.fleet.assert_live(&release1);
    let number = world.number();
    world.fleet.host_mut("beta").start_sshd();

    // Restarted from that stage: what the stages before left is there, and the release is the same one. Then nobody
    // approves, and somebody who may not, tries.
    let again =
        changed(changed(world.scenario(), "restartFrom", json!("Deliver")), "restartOf", json!(number));
    let bob = json!({ "Approve": { "by": "bob", "groups": [], "answer": "proceed" } });
    let waited = world.begin(&changed(again, "inputs", bob)).wait().ends("ABORTED");
    assert_eq!(
        (waited.stage("Release"), waited.stage("Deliver"), waited.stage("Approve")),
        ("skipped", "SUCCESS", "ABORTED")
    );
    assert!(waited.log().contains("bob is not allowed"), "{}", waited.log());
    world.fleet.assert_live(&release1);

    let again = changed(
        changed(world.scenario(), "restartFrom", json!("Approve")),
        "restartOf",
        json!(world.number() - 1),
    );
    let no = json!({ "Approve": { "by": "alice", "groups": ["deployers"], "answer": "abort" } });
    let refused = world.begin(&changed(again, "inputs", no)).wait().ends("ABORTED");
    assert_eq!((refused.stage("Approve"), refused.stage("Go live")), ("ABORTED", "skipped"));
    world.fleet.assert_live(&release1);

    let again = changed(
        changed(world.scenario(), "restartFrom", json!("Go live")),
        "restartOf",
        json!(world.number() - 1),
    );
    world.begin(&again).wait().ends("SUCCESS");
    world.fleet.assert_live(&world.id(number));

    // Swap: one server is not healthy on the new release, so all are back on the old one.
    world.commit(3);
    world.fleet.host("beta").write_settings(&["site_name"]);
    let before = world.id_of_live();
    let swap = world.build(json!({})).ends("FAILURE");
    assert_eq!((swap.stage("Go live"), swap.codes().last()), ("FAILURE", Some(&40)), "{}", swap.log());
    assert_eq!(
        swap.description.as_deref(),
        Some(
            format!("{} failed, every host is back on its former release", world.id(world.number())).as_str()
        )
    );
    world.fleet.assert_live(&before);
    assert!(!swap.raw_log().contains(PASSPHRASE));
    world.assert_clean(&swap);
}

#[test]
fn the_newest_build_wins_and_other_branches_do_not_deploy() {
    needs_fleet!();
    let world = World::new("Jenkinsfile.example");
    let older = world.scenario();
    let newer = world.scenario();
    world.begin(&newer).wait().ends("SUCCESS");
    let live = world.id(2);
    let overtaken = world.begin(&older).wait().ends("NOT_BUILT");
    assert_eq!(overtaken.stage("Publish"), "NOT_BUILT", "{}", overtaken.log());
    world.fleet.assert_live(&live);

    let mut branch = world.scenario();
    branch["environment"]["BRANCH_NAME"] = json!("feature/x");
    branch["environment"]["CHANGE_ID"] = json!("7");
    let built = world.begin(&branch).wait().ends("SUCCESS");
    assert_eq!(
        (built.stage("Base"), built.stage("Pack"), built.stage("Deliver"), built.stage("Go live")),
        ("skipped", "SUCCESS", "skipped", "skipped")
    );
    world.fleet.assert_live(&live);
    assert_eq!(world.fleet.host("alpha").releases(), [live.as_str()], "a pull request sends nothing");

    // Somebody holds the lock of a server when it is time to switch: try later, and the site is as it was.
    world.commit(2);
    let no = json!({ "Approve": { "by": "alice", "groups": ["deployers"], "answer": "abort" } });
    world.begin(&changed(world.scenario(), "inputs", no)).wait().ends("ABORTED");
    let delivered = world.number();
    let mut holder = world
        .fleet
        .run("swap-release")
        .args(["activate", "--confirm-within", "60s", "--in-step", "--deploy-to"])
        .arg(world.fleet.host("beta").deploy_to())
        .arg(&live)
        .with_stdin()
        .start();
    e2e::eventually("the lock to be held", std::time::Duration::from_secs(10), || {
        assert!(holder.is_running(), "{}", holder.stderr_so_far());
        (!holder.stdout_so_far().is_empty()).then_some(())
    });
    let again =
        changed(changed(world.scenario(), "restartFrom", json!("Go live")), "restartOf", json!(delivered));
    let busy = world.begin(&again).wait();
    holder.terminate();
    let _ended = holder.wait();
    assert_eq!((&busy.codes()[..], busy.result.as_str()), (&[75][..], "UNSTABLE"), "{}", busy.log());
    assert!(busy.log().contains("locked by"), "{}", busy.log());
    assert!(busy.log().contains("Another deployment holds the lock; nothing was changed"), "{}", busy.log());
    world.fleet.assert_live(&live);
    let again =
        changed(changed(world.scenario(), "restartFrom", json!("Go live")), "restartOf", json!(delivered));
    world.begin(&again).wait().ends("SUCCESS");
    world.fleet.assert_live(&world.id(delivered));
}

#[test]
fn a_dry_run_says_what_a_push_and_a_rollback_would_do_and_a_group_is_deployed_alone() {
    needs_fleet!();
    let mut world = World::new("Jenkinsfile.example");
    for (name, group) in [("alpha", "staging"), ("beta", "eu"), ("gamma", "eu")] {
        let table = format!("[hosts.{name}]\n");
        world.fleet.edit_inventory(&table, &format!("{table}group = \"{group}\"\n"));
    }
    world.commit(1);

    // By group: pushed, switched and tested there, and nowhere else.
    let staging = world.build(json!({ "GROUP": "staging" })).ends("SUCCESS");
    let release1 = world.id(1);
    assert_eq!(staging.description.as_deref(), Some(format!("{release1} live on 1 host").as_str()));
    assert_eq!(staging.tests["passed"], 2);
    assert_eq!(world.fleet.currents(), [Some(release1.clone()), None, None]);
    let rest = world.build(json!({ "ACTION": "redeploy", "FROM_BUILD": "1", "GROUP": "eu" })).ends("SUCCESS");
    assert_eq!(rest.tests["passed"], 4, "{}", rest.log());
    world.fleet.assert_live(&release1);
    let wrong = world.build(json!({ "GROUP": "$(touch x)", "DRY_RUN": true })).ends("FAILURE");
    assert!(wrong.codes().ends_with(&[2]) && !world.workspace().join("x").exists(), "{}", wrong.log());

    // A server on which a push would fail makes the dry run unstable; if it would on all, it fails.
    world.commit(2);
    world.fleet.host_mut("beta").stop_sshd();
    let some = world.build(json!({ "DRY_RUN": true })).ends("UNSTABLE");
    assert_eq!((some.codes().last(), some.stage("Deliver")), (Some(&30), "skipped"), "{}", some.log());
    assert!(some.raw_log().contains("beta: cannot connect"), "{}", some.log());
    let all = world.build(json!({ "DRY_RUN": true, "TARGET": "beta" })).ends("FAILURE");
    assert_eq!(all.codes().last(), Some(&31), "{}", all.log());
    world.fleet.host_mut("beta").start_sshd();

    // And of a rollback, with what it would go back to.
    world.build(json!({})).ends("SUCCESS");
    let release2 = world.id(world.number());
    world.fleet.assert_live(&release2);
    let back = world.build(json!({ "ACTION": "rollback", "DRY_RUN": true })).ends("SUCCESS");
    let ran: Vec<&str> =
        back.stages().into_iter().filter(|(_, how)| *how == "SUCCESS").map(|(name, _)| name).collect();
    assert_eq!(ran, ["Dry run"]);
    assert!(back.raw_log().contains(&release1), "{}", back.log());
    world.fleet.assert_live(&release2);
    world.assert_clean(&back);
}
