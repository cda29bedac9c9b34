//! Exit code 41 by a real cause, through a whole pipeline: a server dies between its switch and the commit, with all that
//! runs on it, and nobody knows what became of it.

use std::fs;
use std::time::Duration;

use e2e::eventually;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::needs_fleet;
use crate::world::World;

#[test]
fn a_server_that_dies_after_it_switched_makes_the_build_fail_in_capitals() {
    needs_fleet!();
    let mut world = World::new("Jenkinsfile.example");
    world.build(json!({})).ends("SUCCESS");
    let release1 = world.id(1);

    // Every server has switched, and alpha takes its time before the commit.
    world.fleet.extend_inventory(
        "[[hooks]]\nphase = \"before-commit\"\nhost = \"alpha\"\non = \"once\"\n\
         run = [\"sh\", \"-c\", \"until test -e $MKT_DEPLOY_TO/../go; do sleep 0.1; done\"]\n",
    );
    world.commit(2);
    let running = world.begin(&world.scenario());
    running.wait_for_sh("Go live");
    let release2 = world.id(world.number());
    eventually("every server to switch", Duration::from_secs(30), || {
        world.fleet.currents().iter().all(|current| current.as_ref() == Some(&release2)).then_some(())
    });
    let deploy_to = world.fleet.host("beta").deploy_to();
    world.fleet.host_mut("beta").stop_sshd();
    for process in fs::read_dir("/proc").unwrap().flatten() {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        if line.contains("--in-step") && line.contains(&*deploy_to.to_string_lossy()) {
            let pid = process.file_name().to_string_lossy().parse().unwrap();
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
        }
    }
    fs::write(world.fleet.host("alpha").dir.join("go"), "").unwrap();
    let mixed = running.wait().ends("FAILURE");
    assert_eq!((mixed.stage("Go live"), mixed.codes().last()), ("FAILURE", Some(&41)), "{}", mixed.log());
    assert!(mixed.log().contains("SERVERS ARE LEFT ON DIFFERENT RELEASES"), "{}", mixed.log());
    let records = mixed.archive().join("records");
    assert!(records.join("swap.json").exists() && records.join("swap.junit.xml").exists());
    assert!(mixed.tests["failed"] >= 1, "{:?}", mixed.tests);
    world.assert_clean(&mixed);

    // The person that was called starts the server again; what is run there before it serves puts it back.
    world.fleet.host_mut("beta").start_sshd();
    let run = world.fleet.run("swap-release").args(["reconcile", "--deploy-to"]);
    run.arg(&deploy_to).output().ok();
    let live = world.id_of_live();
    assert!([&release1, &release2].contains(&&live), "{live}");
    let next = world.build(json!({})).ends("SUCCESS");
    world.fleet.assert_live(&world.id(world.number()));
    assert_eq!(next.tests["failed"], 0);
}
