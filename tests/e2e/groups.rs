//! Rtorrents in two racks: two of each rack fetch the payload from outside, the third has it from its own.

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, Instant};

use e2e::{Fleet, FleetOptions, eventually};

use crate::needs_peers;
use crate::support::assert_delivered;

const RACKS: [[&str; 3]; 2] = [["alpha", "beta", "gamma"], ["delta", "epsilon", "zeta"]];

#[test]
fn a_rack_feeds_itself_from_its_first_two_hosts() {
    needs_peers!();
    let hosts = RACKS.concat();
    let fleet = Fleet::start(&FleetOptions { hosts, web: false, ..FleetOptions::default() });
    for (rack, names) in ["east", "west"].iter().zip(RACKS) {
        for name in names {
            let table = format!("[hosts.{name}]\n");
            fleet.edit_inventory(&table, &format!("{table}group = \"{rack}\"\n"));
        }
    }
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let throttle = |rate| {
        fleet.hosts.iter().for_each(|host| host.rtorrent.throttle(rate, rate));
        fleet.seeder.throttle(rate * 2, rate * 2);
    };
    throttle(24);
    let events = fleet.dir().join("push.jsonl");
    let mut push = fleet.push().args(["--events", "push.jsonl"]).start();

    // Who is connected to the seeder; which two of a rack come first is a matter of who connects first.
    let seeder = fleet.spare().0;
    let peers = |name: &str| -> BTreeSet<String> {
        let rtorrent = &fleet.host(name).rtorrent;
        let Some((hash, ..)) = rtorrent.downloads().into_iter().next() else { return BTreeSet::new() };
        rtorrent.call("p.multicall", &[&hash.to_uppercase(), "", "p.address="]).unwrap().into_iter().collect()
    };
    eventually("everybody to have peers", Duration::from_secs(30), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        RACKS.concat().iter().all(|name| !peers(name).is_empty()).then_some(())
    });
    let until = Instant::now() + Duration::from_secs(2);
    let mut to_the_seeder = BTreeSet::new();
    while Instant::now() < until {
        to_the_seeder.extend(RACKS.concat().into_iter().filter(|name| peers(name).contains(&seeder)));
        std::thread::sleep(Duration::from_millis(100));
    }
    for rack in RACKS {
        let sources = rack.iter().filter(|name| to_the_seeder.contains(*name)).count();
        assert_eq!(sources, 2, "the seeder serves two of {rack:?}: {to_the_seeder:?}");
    }
    throttle(0);
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert_eq!(fs::read_to_string(events).unwrap().matches("\"staged\"").count(), 6);
}
