//! The whole chain through an Ocelot: every server with a passkey of its own, or the tool refuses before it pushes.

use std::fs;
use std::time::Duration;

use e2e::fakes::{FakeOcelot, OcelotOptions};
use e2e::{Fleet, FleetOptions, eventually};

use crate::needs_peers;
use crate::support::{assert_delivered, assert_untouched, servers};

fn with_ocelot() -> (Fleet, FakeOcelot) {
    let fleet = Fleet::start(&FleetOptions { web: false, ..FleetOptions::default() });
    let options = OcelotOptions::default();
    fs::write(fleet.dir().join("keys/site_password"), &options.secret).unwrap();
    let fake = FakeOcelot::start(options);
    fleet.edit_inventory(
        "mode = \"none\"",
        &format!(
            "mode = \"ocelot\"\nannounce = \"{}/{{passkey}}/announce\"\nsecret_file = \"keys/site_password\"",
            fake.base()
        ),
    );
    fleet.edit_inventory("[seeder]\n", "[seeder]\npasskey_file = \"keys/seeder.key\"\n");
    for host in &fleet.hosts {
        let table = format!("[hosts.{}]\n", host.name);
        fleet.edit_inventory(&table, &format!("{table}passkey_file = \"keys/{}.key\"\n", host.name));
    }
    fleet.run("tracker-publish").args(["hosts", "--create", "--fleet", "fleet.toml"]).output().ok();
    (fleet, fake)
}

#[test]
fn servers_with_a_passkey_each_swarm_through_the_tracker() {
    needs_peers!();
    let (fleet, fake) = with_ocelot();
    fleet.pack(&fleet.site(1), "r1").arg("--private").output().ok();
    fleet.publish().arg("--wait").output().ok();
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));

    let infohash = fake.memory().torrents.keys().next().unwrap().clone();
    let (seeders, leechers) = fake.peers(&infohash);
    assert_eq!(seeders + leechers, 4, "the seeder and three servers");
    for name in ["alpha", "beta", "gamma"] {
        let key = fs::read_to_string(fleet.dir().join(format!("keys/{name}.key"))).unwrap();
        let asked = fake.server().lines(&format!("/{}/announce", key.trim()));
        assert!(!asked.is_empty(), "{name} announces with its own passkey");
    }
    fleet
        .run("tracker-publish")
        .args(["check", "--fleet", "fleet.toml"])
        .output()
        .ok()
        .says("gamma: registered");
}

#[test]
fn servers_of_a_private_torrent_that_find_nobody_are_made_to_ask_the_tracker_again() {
    needs_peers!();
    let (mut fleet, fake) = with_ocelot();
    fleet.pack(&fleet.site(1), "r1").arg("--private").output().ok();
    fleet.publish().arg("--wait").output().ok();
    fleet.seeder.stop();
    let push = fleet.push().start();
    // The interval is half an hour: by themselves they would have asked once.
    eventually("each to ask three times", Duration::from_secs(40), || {
        let asked = |name: &&str| {
            let key = fs::read_to_string(fleet.dir().join(format!("keys/{name}.key"))).unwrap();
            fake.server().lines(&format!("/{}/announce", key.trim())).len() >= 3
        };
        ["alpha", "beta", "gamma"].iter().all(asked).then_some(())
    });
    fleet.seeder.resume();
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn one_passkey_for_two_servers_is_refused_before_anything_is_pushed() {
    needs_peers!();
    let (fleet, fake) = with_ocelot();
    fleet.pack(&fleet.site(1), "r1").arg("--private").output().ok();
    fleet.publish().output().ok();
    let before = servers(&fleet);
    fs::copy(fleet.dir().join("keys/alpha.key"), fleet.dir().join("keys/gamma.key")).unwrap();
    let asked = fake.server().requests().len();
    fleet.push().output().fails_naming(2, "host `gamma`").says("never gives a user its own peers");
    fleet.publish().output().fails_naming(2, "host `gamma`");
    assert_untouched(&fleet, &before);
    assert_eq!(fake.server().requests().len(), asked, "nobody was asked");
}
