//! Three servers find the seeder and each other through a real opentracker alone. The torrent is public and its hosts
//! are not introduced; their rtorrents exchange no peers and know no DHT (scripts/lib/rtorrent.rc.in).

use std::fs;

use e2e::opentracker::Opentracker;
use e2e::{Fleet, FleetOptions};

use crate::needs_peers;
use crate::support::{assert_delivered, pushed};

#[test]
fn rule_25_three_servers_find_each_other_through_opentracker_alone() {
    needs_peers!();
    if !Opentracker::installed("tracker_opentracker") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions { web: false, ..FleetOptions::default() });
    let mut tracker = Opentracker::start(&fleet.scratch().join("tracker"));
    let (introduced, alone) = (tracker.table(), format!("{}\nintroduce = false", tracker.table()));
    let broken = tracker.table().replace(&tracker.pid_file().display().to_string(), "keys/client");
    fleet.edit_inventory("mode = \"none\"", &broken);
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().fails_naming(20, "keys/client");
    fleet.edit_inventory(&broken, &alone);
    fleet.publish().arg("--wait").output().ok().says("is given the seeder");
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    for host in &fleet.hosts {
        assert_eq!(pushed(&fleet, &host.name).state, "staged");
        let reply = host.rtorrent.call("d.multicall2", &["", "main", "d.is_private=", "t.multicall=,t.url="]);
        assert!(
            reply.unwrap().iter().any(|value| value.contains(&tracker.url())),
            "no other source of peers"
        );
    }
    fleet.publish().output().ok().says("is on opentracker's whitelist");
    let line = fs::read_to_string(tracker.whitelist()).unwrap();
    assert_eq!(line.lines().count(), 2, "{line}");

    // The proof of the proof: without the tracker they find nobody, until they are introduced again.
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    tracker.down();
    fleet.push().args(["--stall-timeout", "4s"]).output().fails_naming(31, "0 peers");
    fleet.edit_inventory(&alone, &introduced);
    fleet.push().output().ok();
    assert_delivered(&fleet, "r2", &fleet.site(2));

    tracker.up();
    for release in ["r1", "r2"] {
        fleet.run("tracker-publish").args(["withdraw", release, "--fleet", "fleet.toml"]).output().ok();
    }
    assert_eq!(fs::read_to_string(tracker.whitelist()).unwrap(), "# of the test\n");
}
