//! One server's rtorrent is down, or the server itself: the push says so, nobody switches, and a second push finishes.

use e2e::Fleet;

use crate::needs_peers;
use crate::support::{pushed, swap_record};

#[test]
fn a_stopped_rtorrent_holds_the_fleet_back_until_it_runs_again() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.deploy(1);
    fleet.host_mut("beta").rtorrent.stop();

    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--stall-timeout", "5s"]).output().fails_naming(30, "beta");
    assert_eq!(pushed(&fleet, "beta").state, "failed");
    assert!(pushed(&fleet, "beta").error.is_some());
    for name in ["alpha", "gamma"] {
        assert_eq!(pushed(&fleet, name).state, "staged", "the others are ready");
    }

    fleet.swap("activate").output().fails_naming(30, "beta");
    fleet.assert_live("r1");

    fleet.host_mut("beta").rtorrent.resume();
    fleet.push().output().ok();
    for (name, already) in [("alpha", true), ("beta", false), ("gamma", true)] {
        let host = pushed(&fleet, name);
        assert_eq!((host.state.as_str(), host.already), ("staged", already), "{host:?}");
    }
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}

#[test]
fn a_server_that_does_not_answer_holds_the_fleet_back_until_it_does() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    fleet.host_mut("gamma").stop_sshd();

    // Also after a complete push: every server is asked again before the first one switches.
    fleet.swap("activate").output().fails_naming(30, "gamma");
    fleet.assert_live("r1");
    assert_eq!(swap_record(&fleet).details.outcome, "refused");
    fleet.push().output().fails_naming(30, "gamma");
    fleet.assert_live("r1");

    fleet.host_mut("gamma").start_sshd();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}
