//! The controller dies, or falls silent, while servers have switched and wait for its word: they put themselves back.

use std::time::Duration;

use e2e::{Fleet, Running, eventually};
use rustix::process::{Pid, Signal, kill_process};

use crate::needs_peers;
use crate::support::swap_record;

const LEASE: Duration = Duration::from_secs(4);

/// A fleet on r1 with r2 staged, whose health check will go on for longer than the lease.
fn undecided() -> Fleet {
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    fleet.edit_inventory("attempts = 5", "attempts = 200");
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"a page that never comes\"");
    fleet
}

/// Starts the swap and waits until every server has switched.
fn switch(fleet: &Fleet) -> Running {
    let mut swap = fleet.swap("activate").args(["--confirm-within", "4s"]).start();
    eventually("every server to switch", Duration::from_secs(20), || {
        assert!(swap.is_running(), "ended before it switched: {}", swap.stderr_so_far());
        fleet.currents().iter().all(|current| current.as_deref() == Some("r2")).then_some(())
    });
    swap
}

fn back_on_r1(fleet: &Fleet) -> Option<()> {
    fleet.currents().iter().all(|current| current.as_deref() == Some("r1")).then_some(())
}

#[test]
fn a_killed_controller_leaves_every_server_on_the_former_release() {
    needs_peers!();
    let fleet = undecided();
    let swap = switch(&fleet);
    swap.kill9();
    assert_eq!(swap.wait().signal, Some(9));
    eventually("every server to put itself back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");

    // Nothing is left locked: the next attempt can begin at once. What was put back is proved again first.
    fleet.push().output().ok();
    fleet.edit_inventory("contains = \"a page that never comes\"", "contains = \"{release}\"");
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}

#[test]
fn a_silent_controller_leaves_every_server_on_the_former_release() {
    needs_peers!();
    let fleet = undecided();
    let swap = switch(&fleet);
    // As a network that drops everything: the connections stay open, and nobody speaks.
    let pid = Pid::from_raw(i32::try_from(swap.id()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    eventually("every server to put itself back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");

    // It comes back to life, sees what has happened and says so.
    kill_process(pid, Signal::CONT).unwrap();
    let output = swap.wait().exits(40);
    assert!(output.stderr.contains("error:"), "{}", output.stderr);
    fleet.assert_live("r1");
    assert_eq!(swap_record(&fleet).details.outcome, "rolled_back");
}

#[test]
fn a_terminated_controller_puts_every_server_back_before_it_goes() {
    needs_peers!();
    let fleet = undecided();
    let swap = switch(&fleet);
    let asked = std::time::Instant::now();
    swap.terminate();
    let output = swap.wait().exits(143);
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?} after SIGTERM: {}",
        asked.elapsed(),
        output.stderr
    );
    eventually("every server to be back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");
    assert!(swap_record(&fleet).aborted);
}
