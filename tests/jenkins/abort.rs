//! Jenkins aborts a running push and a running swap, as Jenkins does it (SIGTERM by cookie, children first, never
//! SIGKILL), at twenty random moments: it is over in under 4 s, nothing runs on, the state is true, and the next run ends.

use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use e2e::site::Rng;
use serde_json::json;

use crate::needs_fleet;
use crate::runner::Built;
use crate::world::{World, changed};

/// Moments of a push, and of a swap.
const MOMENTS: usize = 10;

/// Gone within.
const SOON: i64 = 4_000;

/// Restarts the stage of build `of` and aborts it `after` the binary has begun.
fn aborted(world: &World, of: u32, stage: &str, sh: &str, after: Duration) -> Built {
    let scenario = changed(changed(world.scenario(), "restartFrom", json!(stage)), "restartOf", json!(of));
    let running = world.begin(&scenario);
    running.wait_for_sh(sh);
    sleep(after);
    running.abort();
    running.wait()
}

/// What holds after every abort, whenever it came.
#[track_caller]
fn assert_over(world: &World, built: &Built, moment: Duration, record: &str) {
    for event in built.trace.iter().filter(|event| event.at == "interrupted") {
        assert_eq!(event.flag("ended"), Some(true), "{moment:?}: {}", built.log());
        let took = event.number("milliseconds").unwrap();
        assert!(took < SOON, "{moment:?}: gone after {took} ms\n{}", built.log());
        // Before the binary has its handler SIGTERM ends it by itself, which a shell shows as the same number.
        assert!(
            matches!(event.number("code"), Some(0 | 143)),
            "{moment:?}: {:?}\n{}",
            event.number("code"),
            built.log()
        );
    }
    assert!(["ABORTED", "SUCCESS"].contains(&built.result.as_str()), "{moment:?}: {}", built.log());
    assert_nothing_runs(world.fleet.scratch());
    // A record that is there is whole.
    if let Ok(text) = fs::read_to_string(built.archive().join("records").join(record)) {
        let read: serde_json::Value =
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{record}: {error}: {text}"));
        assert!(read["aborted"].is_boolean());
    }
}

/// No program of ours is left, here or on a host: ours run in this scratch directory, the hosts' have it in an argument.
#[track_caller]
fn assert_nothing_runs(scratch: &Path) {
    let ours = |process: &Path| {
        let line = fs::read(process.join("cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let program = line.split(' ').next().unwrap_or_default();
        let here = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(scratch));
        ["fleet-push", "swap-release"].iter().any(|name| program.ends_with(name))
            && (here || line.contains(&*scratch.to_string_lossy()))
    };
    e2e::eventually("every command to be gone", Duration::from_secs(4), || {
        let mut processes = fs::read_dir("/proc").unwrap().flatten();
        processes.all(|entry| !ours(&entry.path())).then_some(())
    });
}

#[test]
fn a_push_at_ten_moments_and_a_swap_at_ten() {
    needs_fleet!();
    let world = World::new("Jenkinsfile.example");
    world.build(json!({})).ends("SUCCESS");
    let release1 = world.id(1);
    let mut rng = Rng::new(7);

    world.commit(2);
    let no = json!({ "Approve": { "by": "alice", "groups": ["deployers"], "answer": "abort" } });
    for number in 0..MOMENTS {
        // A release of its own each time, so that there is something to push.
        world.put("moment.txt", &number.to_string());
        world.commit_all();
        let moment = Duration::from_millis(rng.below(2_500) as u64);
        let running = world.begin(&changed(world.scenario(), "inputs", no.clone()));
        running.wait_for_sh("Push");
        sleep(moment);
        running.abort();
        let built = running.wait();
        assert_over(&world, &built, moment, "push.json");
        world.fleet.assert_live(&release1);
    }
    // The next run completes what the last one began.
    let last = world.number();
    let again = changed(changed(world.scenario(), "restartFrom", json!("Deliver")), "restartOf", json!(last));
    world.begin(&again).wait().ends("SUCCESS");
    let release2 = world.id(last);
    world.fleet.assert_live(&release2);
    let delivered = world.number();

    for _ in 0..MOMENTS {
        world.build(json!({ "ACTION": "rollback", "RELEASE": release1 })).ends("SUCCESS");
        let moment = Duration::from_millis(rng.below(1_200) as u64);
        let built = aborted(&world, delivered, "Go live", "Go live", moment);
        assert_over(&world, &built, moment, "swap.json");
        let live = world.id_of_live();
        assert!([&release1, &release2].contains(&&live), "{live}");
        world.fleet.assert_live(&live);
    }
    let again =
        changed(changed(world.scenario(), "restartFrom", json!("Go live")), "restartOf", json!(delivered));
    world.begin(&again).wait().ends("SUCCESS");
    world.fleet.assert_live(&release2);

    // And the whole chain runs as if nothing had been: built, packed, pushed, asked, live.
    world.put("moment.txt", "over");
    world.commit_all();
    let whole = world.build(json!({})).ends("SUCCESS");
    let release3 = world.id(world.number());
    assert_eq!(whole.description.as_deref(), Some(format!("{release3} live on 3 hosts").as_str()));
    assert_eq!((whole.tests["passed"], whole.tests["failed"]), (6, 0));
    world.fleet.assert_live(&release3);
    world.assert_clean(&whole);
}
