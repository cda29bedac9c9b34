//! Embedded peers among others: rtorrents in the fleet, an rtorrent that seeds, and clients that mean no good.

use e2e::promiser::Promiser;
use e2e::records::{self, Pack, Record};
use e2e::stranger::Stranger;
use e2e::{Fleet, FleetOptions};

use crate::embedded::no_receiver_is_left;
use crate::needs_peers;
use crate::support::{assert_delivered, push_record, pushed};

#[test]
fn one_swarm_of_rtorrents_and_embedded_peers_private_or_not() {
    needs_peers!();
    let hosts = vec!["alpha", "beta", "gamma"];
    let options = FleetOptions { embedded: vec!["alpha", "gamma"], ..FleetOptions::embedded(hosts) };
    let fleet = Fleet::start(&options);
    fleet.deliver(1);
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let engines: Vec<String> =
        push_record(&fleet).details.hosts.into_iter().map(|host| host.engine).collect();
    assert_eq!(engines, ["embedded", "rtorrent", "embedded"]);

    // rtorrent takes no peers of a private torrent by hand: the embedded ones dial it.
    fleet.pack(&fleet.site(2), "r2").arg("--private").output().ok();
    fleet.publish().output().ok();
    fleet.push().output().ok();
    assert_delivered(&fleet, "r2", &fleet.site(2));
    no_receiver_is_left(&fleet);
}

#[test]
fn payloads_go_with_their_releases_but_for_those_of_an_rtorrent() {
    needs_peers!();
    let hosts = vec!["alpha", "beta"];
    let options = FleetOptions { embedded: vec!["alpha"], ..FleetOptions::embedded(hosts) };
    let fleet = Fleet::start(&options);
    let payloads: Vec<String> = (1..=3)
        .map(|release| {
            fleet.deploy(release);
            records::read::<Pack>(&fleet.records(), "pack.json").release.payload.file
        })
        .collect();
    let there = |host: &str| {
        let incoming = fleet.host(host).deploy_to().join("incoming");
        payloads.iter().map(|name| incoming.join(name).is_file()).collect::<Vec<_>>()
    };
    assert_eq!(there("alpha"), [true, true, true], "what was live a moment ago is kept, with its payload");
    fleet.swap("prune").args(["--keep", "1", "--grace", "0s"]).output().ok();
    for host in ["alpha", "beta"] {
        assert_eq!(fleet.host(host).releases(), ["r2", "r3"], "{host}");
    }
    assert_eq!(there("alpha"), [false, true, true]);
    assert_eq!(there("beta"), [true, true, true], "its rtorrent gives it away");
}

#[test]
fn an_rtorrent_that_seeds_serves_embedded_hosts() {
    needs_peers!();
    let hosts = vec!["alpha", "beta"];
    let fleet = Fleet::start(&FleetOptions { seeder: true, ..FleetOptions::embedded(hosts) });
    fleet.deliver(1);
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert_eq!(push_record(&fleet).details.seeder, None);
}

#[test]
fn a_peer_that_sends_garbage_is_banned_and_named_and_everybody_is_served() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let stranger = Stranger::seed(&fleet, &records::read(&fleet.records(), "pack.json"));
    stranger.spoil();
    // Slow enough for its pieces to be asked for.
    fleet.edit_inventory("[tracker]\n", "[seeder]\nmax_upload = \"100 kB/s\"\n\n[tracker]\n");
    let output = fleet.push().args(["--allow-peer", stranger.address()]).output().ok();
    assert!(output.stderr.contains(stranger.address()), "it is named: {}", output.stderr);
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn a_peer_that_promises_everything_and_sends_nothing_delays_nobody_for_long() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    let promiser = Promiser::listen(fleet.spare(), &pack.release.infohash, pack.details.pieces);
    fleet.push().args(["--allow-peer", promiser.address()]).output().ok();
    for name in ["alpha", "beta"] {
        assert_eq!(pushed(&fleet, name).state, "staged");
    }
    assert_delivered(&fleet, "r1", &fleet.site(1));
}
