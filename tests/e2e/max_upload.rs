//! `max_upload` and `--max-upload` on servers with rtorrent: by rtorrent's own figures, and by the clock.

use std::fs;
use std::time::{Duration, Instant};

use e2e::{Fleet, FleetOptions, eventually};

use crate::needs_peers;
use crate::support::assert_delivered;

#[test]
fn an_rtorrent_sends_no_more_of_the_release_than_it_may() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions {
        hosts: vec!["alpha", "beta", "gamma"],
        web: false,
        ..FleetOptions::default()
    });
    fleet.edit_inventory("[hosts.alpha]\n", "[hosts.alpha]\nmax_upload = \"51.2 kB/s\"\n");
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--only", "alpha", "--only", "beta", "--max-upload", "10 MB/s"]).output().ok();
    let named = |name: &str| {
        let rtorrent = &fleet.host(name).rtorrent;
        let hash = rtorrent.downloads().remove(0).0.to_uppercase();
        let throttle = rtorrent.call("d.throttle_name", &[&hash]).unwrap();
        let rate = rtorrent.call("throttle.up.max", &["", &throttle[0]]).unwrap();
        rate[0].parse::<u64>().unwrap()
    };
    // Bytes a second, in whole KiB.
    assert_eq!((named("alpha"), named("beta")), (51_200, 10_000_000 / 1024 * 1024));
    // Its other torrents have a ceiling that no server reaches, without which rtorrent minds no other.
    let all = fleet.host("alpha").rtorrent.call("throttle.global_up.max_rate", &[""]).unwrap();
    assert_eq!(all, [(300_000 * 1024).to_string()]);

    // gamma has nobody but alpha.
    fleet.seeder.stop();
    fleet.host_mut("beta").rtorrent.stop();
    let gamma = &fleet.host("gamma").rtorrent;
    let torrent = fs::read_dir(fleet.host("alpha").rtorrent.watch()).unwrap().flatten();
    let torrent = torrent.map(|entry| entry.path()).find(|path| path.is_file()).unwrap();
    let beside = fleet.host("gamma").dir.join("x.torrent");
    fs::copy(torrent, &beside).unwrap();
    fs::rename(&beside, gamma.watch().join("x.torrent")).unwrap();
    let hash = eventually("gamma to have the torrent", Duration::from_secs(20), || {
        gamma.downloads().first().map(|(hash, _, _)| hash.to_uppercase())
    });
    let port = fs::read_to_string(fleet.toml()).unwrap();
    let port = port.lines().find_map(|line| line.strip_prefix("peer_port = ")).unwrap().to_owned();
    let began = Instant::now();
    gamma.call("add_peer", &[&hash, &format!("{}:{port}", fleet.host("alpha").address)]).unwrap();
    let bytes = eventually("gamma to have it all", Duration::from_secs(90), || {
        gamma.downloads().first().filter(|(_, _, complete)| *complete).map(|(_, bytes, _)| *bytes)
    });
    let fastest = Duration::from_millis(bytes * 1000 / 51_200);
    assert!(began.elapsed() > fastest * 2 / 3, "{bytes} bytes in {:?}", began.elapsed());

    // Another push with the same limit leaves it as it is, and its peers too.
    fleet.seeder.resume();
    fleet.host_mut("beta").rtorrent.resume();
    fleet.push().args(["--max-upload", "10 MB/s"]).output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}
