//! Strangers in a swarm of rtorrents: one that gives away what is wrong, and two that give nothing away. The fleet ends
//! staged, with the digest that was packed.

use std::time::Duration;

use e2e::promiser::Promiser;
use e2e::records::{self, Pack, Record};
use e2e::stranger::Stranger;
use e2e::{Fleet, FleetOptions, Running, eventually};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record};

const HOSTS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Three servers with rtorrent, r1 published, and a seeder here that is slow enough for others to be asked, too.
fn fleet() -> (Fleet, Record<Pack>) {
    let options =
        FleetOptions { hosts: HOSTS.to_vec(), web: false, seeder: false, ..FleetOptions::default() };
    let fleet = Fleet::start(&options);
    fleet.edit_inventory("[tracker]\n", "[seeder]\nmax_upload = \"30 kB/s\"\n\n[tracker]\n");
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let pack = records::read(&fleet.records(), "pack.json");
    (fleet, pack)
}

/// Calls `meet` for every server as soon as its rtorrent has the torrent.
fn as_they_begin(fleet: &Fleet, push: &mut Running, mut meet: impl FnMut(&str)) {
    for name in HOSTS {
        eventually("the torrent to be loaded", Duration::from_secs(30), || {
            assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
            (!fleet.host(name).rtorrent.downloads().is_empty()).then_some(())
        });
        meet(name);
    }
}

#[test]
fn a_peer_that_gives_away_what_is_wrong_harms_no_rtorrent() {
    needs_peers!();
    let (fleet, pack) = fleet();
    let stranger = Stranger::seed(&fleet, &pack);
    stranger.spoil();
    let infohash = pack.release.infohash.to_uppercase();
    let port = fleet.spare().1;
    let mut push = fleet.push().start();
    as_they_begin(&fleet, &mut push, |name| {
        let address = format!("{}:{port}", fleet.host(name).address);
        stranger.rtorrent.call("add_peer", &[&infohash, &address]).unwrap();
    });
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let sent = stranger.rtorrent.call("d.multicall2", &["", "main", "d.up.total="]).unwrap();
    assert_ne!(sent, ["0"], "nobody has taken anything of it");
}

#[test]
fn a_peer_that_promises_everything_and_gives_nothing_delays_no_rtorrent_for_long() {
    needs_peers!();
    let (fleet, pack) = fleet();
    let promiser = Promiser::listen(fleet.spare(), &pack.release.infohash, pack.details.pieces);
    let infohash = pack.release.infohash.to_uppercase();
    let mut push = fleet.push().start();
    as_they_begin(&fleet, &mut push, |name| {
        fleet.host(name).rtorrent.call("add_peer", &[&infohash, promiser.address()]).unwrap();
    });
    let output = push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert!(promiser.asked() > 0, "nobody has believed it");
    assert!(output.took < Duration::from_secs(90), "{:?}", output.took);
}

#[test]
fn a_host_that_takes_and_never_gives_delays_nobody() {
    needs_peers!();
    let (fleet, _) = fleet();
    // rtorrent's least: one KiB a second, and one slot.
    fleet.host("alpha").rtorrent.throttle(0, 1);
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert!(push_record(&fleet).details.hosts.iter().all(|host| host.state == "staged"));
}
