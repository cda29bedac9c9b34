//! Rtorrents on a network of their own of which half is cut off for a while, and rtorrents on servers whose clocks are
//! wrong.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::other_clock::OtherClock;
use e2e::{Fleet, FleetOptions, eventually, peers};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record};

#[test]
fn half_of_a_fleet_of_rtorrents_is_cut_off_for_twenty_seconds_and_comes_back() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "network namespaces need root") {
        return;
    }
    let hosts = vec!["alpha", "beta", "gamma", "delta"];
    let fleet = Fleet::start(&FleetOptions { hosts, apart: true, web: false, ..FleetOptions::default() });
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let cut = ["gamma", "delta"];
    cut.iter().for_each(|name| fleet.host(name).rtorrent.throttle(16, 16));
    let mut push = fleet.push().start();
    for name in cut {
        eventually("the middle of a download", Duration::from_secs(40), || {
            assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
            let downloads = fleet.host(name).rtorrent.downloads();
            downloads.iter().any(|(_, bytes, complete)| *bytes > 0 && !complete).then_some(())
        });
    }
    let switch = fleet.switch.as_ref().unwrap();
    let since = Instant::now();
    cut.iter().for_each(|name| switch.plug(name, false));
    eventually("the others to be staged", Duration::from_secs(19), || {
        ["alpha", "beta"].iter().all(|name| fleet.host(name).releases() == ["r1"]).then_some(())
    });
    std::thread::sleep(Duration::from_secs(20).saturating_sub(since.elapsed()));
    assert!(push.is_running(), "it must wait for the others: {}", push.stderr_so_far());
    for name in cut {
        assert!(fleet.host(name).releases().is_empty(), "{name} was met too late");
        fleet.host(name).rtorrent.throttle(0, 0);
        switch.plug(name, true);
    }
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert!(push_record(&fleet).details.hosts.iter().all(|host| host.state == "staged"));
}

#[test]
fn clocks_that_are_off_by_a_year_are_told_by_the_plan_and_change_nothing() {
    needs_peers!();
    let Some(other) = OtherClock::find(module_path!()) else { return };
    let mut fleet = Fleet::start(&FleetOptions { web: false, ..FleetOptions::default() });
    for (name, offset) in [("beta", "+365d"), ("gamma", "-365d")] {
        // Everything that the host runs sees that time, rtorrent too.
        fleet.host_mut(name).set_environment(&other.off_by(offset));
    }
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let plan = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output().ok();
    for (name, way) in [("beta", "ahead"), ("gamma", "behind")] {
        let warning = plan
            .stdout
            .lines()
            .find(|line| line.contains(&format!("{name}: its clock is")))
            .unwrap_or_default();
        assert!(warning.contains(way), "{plan:?}");
    }
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let staged = fs::read_to_string(fleet.host("beta").deploy_to().join(".swap/history.jsonl")).unwrap();
    let month = Command::new("date").args(["-u", "-d", "+365 days", "+%Y-%m"]).output().unwrap().stdout;
    assert!(staged.contains(String::from_utf8_lossy(&month).trim()), "its clock was right: {staged}");
    for host in push_record(&fleet).details.hosts {
        let download = host.seconds.download.unwrap();
        assert!(download < 60.0, "{}: {download} s", host.name);
    }
    fleet.swap("activate").output().ok();
    fleet.assert_live("r1");
}
