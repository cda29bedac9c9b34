//! The embedded engine: no rtorrent anywhere, no tracker, and the four stages all the same.

use std::fs;

use e2e::records::{self, Pack, Publish, Record};
use e2e::{Fleet, FleetOptions, eventually};
use std::time::Duration;

use crate::needs_peers;
use crate::support::{assert_delivered, push_record};

#[test]
fn the_four_stages_need_nothing_but_sshd_and_one_binary() {
    needs_peers!();
    let hosts = vec!["alpha", "beta", "gamma"];
    let fleet = Fleet::start(&FleetOptions { web: true, ..FleetOptions::embedded(hosts) });
    fleet.deploy(1);
    fleet.assert_live("r1");
    assert_delivered(&fleet, "r1", &fleet.site(1));

    let publish: Record<Publish> = records::read(&fleet.records(), "publish.json");
    assert_eq!((publish.details.seeder, publish.details.push_seeds), (None, true));
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    let push = push_record(&fleet);
    let size = pack.release.payload.bytes;
    let seeder = push.details.seeder.expect("this machine has seeded");
    assert!(seeder.uploaded >= size, "{seeder:?} of {size}");
    for host in &push.details.hosts {
        assert_eq!((host.state.as_str(), host.engine.as_str()), ("staged", "embedded"), "{host:?}");
        assert_eq!((host.bytes, host.uploaded.is_some()), (size, true), "{host:?}");
    }
    no_receiver_is_left(&fleet);

    // Private as well: no tracker is needed when the controller names the peers.
    fleet.pack(&fleet.site(2), "r2").arg("--private").output().ok();
    fleet.publish().output().ok();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
    fleet.push().output().ok();
    assert!(push_record(&fleet).details.hosts.iter().all(|host| host.already), "nothing is done twice");
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
}

#[test]
fn a_plain_tree_goes_the_same_way() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    let site = fleet.site(1);
    fleet.pack(&site, "r1").args(["--layout", "tree"]).output().ok();
    fleet.publish().output().ok();
    fleet.push().output().fails_naming(2, "folder of records");
    fleet.push().arg("--payload").arg(&site).output().ok();
    assert_delivered(&fleet, "r1", &site);
}

#[test]
fn a_host_of_the_fleet_can_seed_in_the_place_of_this_machine() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--only", "alpha"]).output().ok();
    fleet.edit_inventory("[tracker]\n", "[seeder]\nhost = \"alpha\"\n\n[tracker]\n");
    fleet.push().args(["--only", "beta"]).output().fails_naming(2, "alpha");
    fleet.push().output().ok();
    let push = push_record(&fleet);
    assert_eq!(push.details.seeder, None);
    let alpha = &push.details.hosts[0];
    assert!(alpha.uploaded.is_some_and(|bytes| bytes > 0), "{alpha:?}");
    assert_delivered(&fleet, "r1", &fleet.site(1));
    no_receiver_is_left(&fleet);
}

#[test]
fn the_secret_of_a_push_is_seen_by_nobody() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.push().output().ok();
    let output = fleet.push().args(["-vv", "--only", "alpha"]).output().ok();
    // What looks like a key, 64 hex digits, is one of the digests that the records hold, or it is a leak.
    let known: Vec<String> = ["pack.json", "publish.json", "push.json"]
        .iter()
        .map(|name| fs::read_to_string(fleet.records().join(name)).expect("a record"))
        .collect();
    let text = format!("{}{}", output.stderr, output.stdout);
    for word in text.split(|c: char| !c.is_ascii_hexdigit()).filter(|word| word.len() >= 64) {
        assert!(known.iter().any(|record| record.contains(word)), "{word}");
    }
}

#[track_caller]
pub(crate) fn no_receiver_is_left(fleet: &Fleet) {
    // What is told to stop ends at once, but the kernel may still be about to bury it.
    eventually("the receivers to be gone", Duration::from_secs(3), || {
        fleet.hosts.iter().all(|host| host.receivers().is_empty()).then_some(())
    });
}
