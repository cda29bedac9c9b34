//! Jenkins aborts the build in the middle of a push.

use std::time::{Duration, Instant};

use e2e::{Fleet, eventually};

use crate::needs_peers;
use crate::support::push_record;

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
