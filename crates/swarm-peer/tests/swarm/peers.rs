//! Peers of our own kind on real sockets and disks.

use std::os::unix::fs::symlink;
use std::time::Duration;

use e2e::eventually;
use metainfo::{Builder, FileEntry, PieceLength};
use swarm_peer::{Error, Event, Peer, PushKey, Role, Status};

use crate::fixture::{LONG, Site, completed, hear};

#[test]
fn a_fleet_has_it_all_and_the_seeder_sends_little_more_than_one_copy() {
    let site = Site::new(6_000_000);
    // On loopback a busy machine decides who sends; a seeder with a link is slower than the hosts among themselves.
    let seeder = site.slow_seeder(4_000_000);
    let hosts: Vec<Peer> = (1..=6).map(|host| site.leecher(host)).collect();
    // Everybody gets the same list, which has everybody in it.
    let all: Vec<_> = (0..=6).map(|host| site.address(host)).collect();
    assert_eq!(seeder.address(), all[0]);
    hosts.iter().chain([&seeder]).for_each(|peer| peer.introduce(&all));
    for (number, host) in (1..).zip(&hosts) {
        completed(host);
        site.assert_copy(&site.place(number));
    }
    eventually("one link a pair, and everybody complete", LONG, || {
        let fine = |status: &Status| {
            status.connected == 6 && status.sources.iter().filter(|s| s.complete).count() >= 5
        };
        hosts.iter().chain([&seeder]).all(|peer| fine(&peer.status())).then_some(())
    });
    let mut between_hosts = 0;
    for host in hosts {
        let summary = host.stop();
        let from_seeder = summary.status.sources.iter().find(|source| source.address == all[0]).unwrap();
        between_hosts += summary.status.downloaded - from_seeder.downloaded;
        assert!(summary.completed_after.is_some() && summary.status.banned.is_empty());
    }
    let sent = seeder.stop().status.uploaded;
    assert!(sent < 3 * 6_000_000 && between_hosts > 3 * 6_000_000, "seeder {sent}, hosts {between_hosts}");
}

#[test]
fn a_tree_is_written_as_the_torrent_says_and_never_through_a_link() {
    let site = Site::new(10);
    let root = site.scratch.dir("tree");
    let mut files = Vec::new();
    for (path, size) in [("a/b/one", 100_000), ("a/empty", 0), ("two", 70_000), ("z", 1)] {
        std::fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
        std::fs::write(root.join(path), vec![b'x'; size]).unwrap();
        files.push(FileEntry { path: path.into(), length: size as u64 });
    }
    let torrent = Builder::new("tree", PieceLength::MIN).from_tree(&root, &files, &|_| true).unwrap();
    let seeder = Peer::start(&torrent, &root, site.config(0, Role::Seed)).unwrap();
    let copy = site.scratch.path().join("copy");
    let host = Peer::start(&torrent, &copy, site.config(1, Role::Download)).unwrap();
    seeder.introduce(&[host.address()]);
    host.introduce(&[seeder.address()]);
    completed(&host);
    assert!(torrent.check(&copy, &|_| true).unwrap().is_whole());

    // A link in place of a directory, of a file, of the whole.
    let (elsewhere, planted) = (site.scratch.dir("elsewhere"), site.scratch.dir("planted"));
    symlink(&elsewhere, planted.join("a")).unwrap();
    let trap = site.scratch.path().join("trap");
    symlink(&elsewhere, &trap).unwrap();
    for place in [&planted, &trap] {
        let error = Peer::start(&torrent, place, site.config(2, Role::Download)).unwrap_err();
        assert!(matches!(error, Error::Open { .. }), "{error}");
    }
    symlink(elsewhere.join("file"), site.place(3)).unwrap();
    let error = Peer::start(&site.torrent, &site.place(3), site.config(3, Role::Download)).unwrap_err();
    assert!(error.to_string().contains("copy3") && error.hint().unwrap().contains("link"), "{error}");
    assert_eq!(std::fs::read_dir(&elsewhere).unwrap().count(), 0);
}

#[test]
fn a_late_host_is_taken_in_and_a_lost_one_is_dialled_again() {
    let site = Site::new(2_000_000);
    let seeder = site.slow_seeder(2_000_000);
    // It is told of the seeder, the seeder not of it: refused, and again and again, until it is introduced.
    let late = site.leecher(1);
    late.introduce(&[seeder.address()]);
    hear(&late, "what was there", |event| matches!(event, Event::Checked { verified: 0 }).then_some(()));
    assert!(late.wait(Duration::from_millis(500)).is_none());
    seeder.introduce(&[late.address()]);
    hear(&late, "some of it", |event| matches!(event, Event::Progress { .. }).then_some(()));
    drop(late);
    // It comes back, is told of nobody, and lets the seeder in.
    let mut config = site.config(1, Role::Download);
    config.allow = swarm_peer::Allow::Anyone;
    let again = Peer::start(&site.torrent, &site.place(1), config).unwrap();
    completed(&again);
}

#[test]
fn without_the_key_of_the_push_a_stranger_gets_nothing() {
    let site = Site::new(300_000);
    let key = PushKey::random().unwrap();
    let start = |host, role, key: Option<&PushKey>| {
        let mut config = site.config(host, role);
        config.allow = swarm_peer::Allow::Anyone;
        config.key = key.cloned();
        config.stalled_after = Duration::from_secs(1);
        let place = if role == Role::Seed { site.payload() } else { site.place(host) };
        Peer::start(&site.torrent, &place, config).unwrap()
    };
    let seeder = start(0, Role::Seed, Some(&key));
    let other = PushKey::random().unwrap();
    let hosts =
        [(1, None), (2, Some(&other)), (3, Some(&key))].map(|(host, key)| start(host, Role::Download, key));
    hosts.iter().for_each(|host| host.introduce(&[seeder.address()]));
    completed(&hosts[2]);
    for stranger in &hosts[..2] {
        let since = hear(stranger, "a stand-still", |event| match event {
            Event::Stalled { since } => Some(since),
            _ => None,
        });
        assert!(since >= Duration::from_secs(1));
        assert_eq!((stranger.status().downloaded, stranger.status().connected), (0, 0));
        assert!(stranger.status().stalled.is_some());
    }
}

#[test]
fn what_is_there_is_hashed_and_only_the_rest_is_fetched() {
    let site = Site::new(1_000_000);
    let mut half = site.content[..600_000].to_vec();
    half[100_000] ^= 1;
    half.resize(1_500_000, 7);
    std::fs::write(site.place(1), half).unwrap();
    let (seeder, host) = (site.seeder(), site.leecher(1));
    let there = hear(&host, "what was there", |event| match event {
        Event::Checked { verified } => Some(verified),
        _ => None,
    });
    assert_eq!(there, 8 * 65_536, "nine whole pieces, one of them damaged");
    seeder.introduce(&[host.address()]);
    host.introduce(&[seeder.address()]);
    completed(&host);
    site.assert_copy(&site.place(1));
    let status = host.stop().status;
    assert_eq!((status.resumed, status.downloaded), (there, 1_000_000 - there));
}

#[test]
fn a_seeder_without_the_whole_payload_says_so() {
    let site = Site::new(200_000);
    for damaged in [&site.content[..150_000], &[&site.content[..199_999], &b"\0"[..]].concat()] {
        std::fs::write(site.payload(), damaged).unwrap();
        let error = hear(&site.seeder(), "a refusal", |event| match event {
            Event::Failed(error) => Some(error),
            _ => None,
        });
        assert!(matches!(error, Error::NotComplete { pieces: 4, .. }), "{error}");
    }
    std::fs::remove_file(site.payload()).unwrap();
    let error = Peer::start(&site.torrent, &site.payload(), site.config(0, Role::Seed)).unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
}

#[test]
fn a_ceiling_on_uploads_is_kept() {
    let site = Site::new(2_000_000);
    let seeder = site.slow_seeder(1_000_000);
    let host = site.leecher(1);
    seeder.introduce(&[host.address()]);
    host.introduce(&[seeder.address()]);
    completed(&host);
    let took = host.stop().completed_after.unwrap();
    assert!(took > Duration::from_millis(1700), "{took:?}");
}

#[test]
fn a_port_range_is_tried_in_order_and_named_when_all_are_taken() {
    let site = Site::new(10);
    let first = site.address(1).port();
    let mut config = site.config(1, Role::Download);
    config.ports = first..=first + 1;
    let start = |host| Peer::start(&site.torrent, &site.place(host), config.clone());
    let (one, two) = (start(1).unwrap(), start(2).unwrap());
    assert_eq!((one.address().port(), two.address().port()), (first, first + 1));
    let error = start(3).unwrap_err();
    assert!(error.to_string().contains(&format!("ports {first} to {}", first + 1)), "{error}");
}
