//! Servers whose rtorrent has no RPC socket: the torrent goes into the watch directory, rtorrent's events stage it, and
//! `fleet-push` follows by what `swap-release` says.

use std::fs;
use std::time::Duration;

use e2e::{Fleet, FleetOptions, eventually};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record, pushed};

fn fleet(unasked: Vec<&'static str>, seeder: bool) -> Fleet {
    let fleet = Fleet::start(&FleetOptions { web: false, unasked, seeder, ..FleetOptions::default() });
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet
}

#[test]
fn an_rtorrent_without_an_rpc_socket_is_fed_by_its_watch_directory_and_its_events_stage() {
    needs_peers!();
    let fleet = fleet(vec!["beta"], true);
    // What would be done is told before: no failure, but not what is usual either.
    let plan = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output().ok();
    assert!(plan.stdout.contains("beta: no RPC socket"), "{plan:?}");
    let output = fleet.push().output().ok();
    assert!(output.stderr.contains("beta has no RPC socket"), "{}", output.stderr);
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let beta = pushed(&fleet, "beta");
    let size = push_record(&fleet).release.payload.bytes;
    assert_eq!((beta.state.as_str(), beta.already, beta.bytes), ("staged", false, size), "{beta:?}");
    let history = fs::read_to_string(fleet.host("beta").deploy_to().join(".swap/history.jsonl")).unwrap();
    assert!(
        history.contains("an event of the BitTorrent client"),
        "its rtorrent's event staged it: {history}"
    );
    // The next push finds it done; the next release goes the same way.
    fleet.push().output().ok().says("beta has the release already");
    fleet.deliver(2);
    assert_delivered(&fleet, "r2", &fleet.site(2));
}

#[test]
fn a_fleet_without_any_rpc_socket_is_served_by_the_seeder_here() {
    needs_peers!();
    let fleet = fleet(vec!["alpha", "beta", "gamma"], false);
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let record = push_record(&fleet);
    assert_eq!(record.details.seeder_may_leave, None, "nobody but the seeder dials such hosts");
}

#[test]
fn a_complete_download_whose_event_was_lost_is_staged_all_the_same() {
    needs_peers!();
    let mut fleet = fleet(vec!["beta"], true);
    let beta = fleet.host_mut("beta");
    beta.rtorrent.forget_events();
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn one_that_nobody_runs_is_named_with_a_remedy_and_goes_on_when_it_runs_with_or_without_a_socket() {
    needs_peers!();
    let mut fleet = fleet(vec!["beta"], true);
    fleet.host_mut("beta").rtorrent.stop();
    let output = fleet.push().args(["--stall-timeout", "12s"]).output().fails_naming(30, "beta");
    let error = pushed(&fleet, "beta").error.unwrap();
    assert!(error.contains("there is no RPC socket") && error.starts_with("stalled at 0 of"), "{error}");
    assert!(output.stderr.contains("beta remedy: is its rtorrent running"), "{}", output.stderr);
    for name in ["alpha", "gamma"] {
        assert_eq!(pushed(&fleet, name).state, "staged");
    }
    // It is started in the middle of the next push, and finds the torrent in its directory.
    let push = fleet.push().start();
    eventually("the push to be at beta", Duration::from_secs(20), || {
        push.stderr_so_far().contains("beta has no RPC socket").then_some(())
    });
    fleet.host_mut("beta").rtorrent.resume();
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}
