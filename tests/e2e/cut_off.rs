//! A server's cable is pulled, in a network of namespaces: after it has proved the release and before it switches, and while
//! it waits for the word.

use std::fs;
use std::time::Duration;

use e2e::{Fleet, FleetOptions, Output, eventually, peers};

use crate::needs_peers;

/// A fleet on r1 with r2 staged, every server in a namespace, which stops in `phase` until `go` is there.
fn apart(phase: &str) -> Option<Fleet> {
    if !peers::skip_unless(module_path!(), peers::is_root(), "network namespaces need root") {
        return None;
    }
    let fleet =
        Fleet::start(&FleetOptions { apart: true, ..FleetOptions::embedded(vec!["alpha", "beta", "gamma"]) });
    fleet.deploy(1);
    fleet.extend_inventory(&format!(
        "[[hooks]]\nphase = \"{phase}\"\nhost = \"alpha\"\non = \"once\"\nrun = [\"sh\", \"-c\", \
         \"touch $MKT_DEPLOY_TO/../here; until test -e $MKT_DEPLOY_TO/../go; do sleep 0.1; done\"]\n",
    ));
    fleet.deliver(2);
    Some(fleet)
}

/// Pulls gamma's cable when alpha's hook runs.
fn cut(fleet: &Fleet) -> Output {
    let switch = fleet.switch.as_ref().unwrap();
    let alpha = &fleet.host("alpha").dir;
    let mut swap = fleet.swap("activate").args(["--confirm-within", "4s"]).start();
    eventually("the hook", Duration::from_secs(20), || {
        assert!(swap.is_running(), "{}", swap.stderr_so_far());
        alpha.join("here").exists().then_some(())
    });
    switch.plug("gamma", false);
    fs::write(alpha.join("go"), "").unwrap();
    swap.wait()
}

#[track_caller]
fn all_on(fleet: &Fleet, id: &str) {
    eventually(&format!("all on {id}"), Duration::from_secs(12), || {
        fleet.currents().iter().all(|current| current.as_deref() == Some(id)).then_some(())
    });
}

#[test]
fn cut_off_between_its_proof_and_the_switch_nobody_stays_on_the_new_release() {
    needs_peers!();
    let Some(fleet) = apart("before-switch") else { return };
    let output = cut(&fleet);
    assert!(matches!(output.code, Some(30 | 40 | 41)) && output.stderr.contains("gamma"), "{output:?}");
    all_on(&fleet, "r1");
    // The cable is back: nothing is locked, and nobody needs help.
    fleet.switch.as_ref().unwrap().plug("gamma", true);
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    all_on(&fleet, "r2");
}

#[test]
fn cut_off_while_it_waits_for_the_word_it_takes_all_back_and_itself_at_the_end_of_the_lease() {
    needs_peers!();
    let Some(fleet) = apart("before-commit") else { return };
    let output = cut(&fleet);
    assert!(matches!(output.code, Some(40 | 41)) && output.stderr.contains("gamma"), "{output:?}");
    all_on(&fleet, "r1");
    fleet.switch.as_ref().unwrap().plug("gamma", true);
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    all_on(&fleet, "r2");
}
