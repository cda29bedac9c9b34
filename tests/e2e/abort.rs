//! Jenkins aborts the build in the middle of a push, and of a swap.

use std::time::{Duration, Instant};

use e2e::{Fleet, eventually};

use crate::needs_peers;
use crate::support::{push_record, swap_record};

#[test]
fn a_terminated_push_says_so_at_once_and_a_second_one_finishes() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    // 250 kB at 16 KiB/s: the download takes long enough to be met in its middle.
    for host in &fleet.hosts {
        host.rtorrent.throttle(16, 16);
    }
    fleet.seeder.throttle(16, 16);
    let mut push = fleet.push().start();
    eventually("a download to be under way", Duration::from_secs(30), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        let parts = fleet.hosts.iter().flat_map(|host| host.rtorrent.downloads());
        parts.into_iter().any(|(_, bytes, complete)| bytes > 0 && !complete).then_some(())
    });
    let asked = Instant::now();
    push.terminate();
    let output = push.wait().exits(143);
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?} after SIGTERM: {}",
        asked.elapsed(),
        output.stderr
    );

    let record = push_record(&fleet);
    assert!(record.aborted);
    assert_eq!(record.details.hosts.len(), 3, "every host is accounted for");
    assert!(record.details.hosts.iter().any(|host| host.state != "staged"), "{record:?}");
    let refused = fleet.swap("activate").output();
    assert!(matches!(refused.code, Some(10 | 30 | 31)), "an aborted push is not to be swapped: {refused:?}");
    fleet.assert_live("r1");

    for host in &fleet.hosts {
        host.rtorrent.throttle(0, 0);
    }
    fleet.seeder.throttle(0, 0);
    fleet.push().output().ok();
    assert!(!push_record(&fleet).aborted);
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}

#[test]
fn a_terminated_swap_or_rollback_is_put_back_and_can_be_run_again_as_it_is() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    fleet.edit_inventory("attempts = 5", "attempts = 5\nin_a_row = 100");
    for (verb, before, after) in [("rollback", "r2", "r1"), ("activate", "r1", "r2")] {
        let mut swap = fleet.swap(verb).start();
        eventually("every host to have switched", Duration::from_secs(30), || {
            assert!(swap.is_running(), "ended early: {}", swap.stderr_so_far());
            fleet.currents().iter().all(|current| current.as_deref() == Some(after)).then_some(())
        });
        let asked = Instant::now();
        swap.terminate();
        let output = swap.wait().exits(143);
        assert!(asked.elapsed() < Duration::from_secs(3), "{:?}: {}", asked.elapsed(), output.stderr);
        assert!(swap_record(&fleet).aborted);
        fleet.assert_live(before);

        fleet.edit_inventory("in_a_row = 100", "in_a_row = 1");
        fleet.swap(verb).output().ok();
        fleet.assert_live(after);
        fleet.edit_inventory("in_a_row = 1", "in_a_row = 100");
    }
}
