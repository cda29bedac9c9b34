//! Foreign clients: each downloads from us and uploads to us.

use std::fs;
use std::path::Path;

use e2e::foreign::{Client, Place};
use e2e::rtorrent::Rtorrent;
use e2e::{eventually, peers};

use crate::fixture::{LONG, Site, completed};

/// Lets the client on host 1, which starts with nothing, download from us, and then another of ours from it.
fn both_ways<T>(client: &str, start: impl FnOnce(&Site, &Path) -> Option<T>) {
    let site = Site::new(3_000_000);
    let incoming = site.scratch.dir("incoming");
    let Some(running) = start(&site, &incoming) else { return };
    let seeder = site.seeder();
    seeder.introduce(&[site.address(1)]);
    let copy = incoming.join("payload.bin");
    eventually(&format!("{client} to have it all"), LONG, || {
        fs::read(&copy).ok().filter(|found| *found == site.content).map(drop)
    });
    assert!(seeder.stop().status.uploaded >= 3_000_000);
    let host = site.leecher(2);
    host.introduce(&[site.address(1)]);
    completed(&host);
    site.assert_copy(&site.place(2));
    let status = host.stop().status;
    assert_eq!((status.wasted, status.banned.len(), status.sources[0].downloaded), (0, 0, 3_000_000));
    drop(running);
}

fn both_ways_with(client: Client) {
    both_ways(&format!("{client:?}"), |site, files| {
        let state = site.scratch.dir("client");
        let place = Place { state: &state, files, address: site.address(1) };
        client.start(&format!("foreign::{client:?}"), &site.torrent_file(), place)
    });
}

#[test]
fn rtorrent_takes_and_gives() {
    if !peers::ready("foreign::rtorrent") {
        return;
    }
    both_ways("rtorrent", |site, incoming| {
        let address = site.address(1);
        let state = site.scratch.dir("rtorrent");
        let rtorrent =
            Rtorrent::start("host1", &state, &address.ip().to_string(), address.port(), incoming, "1M");
        rtorrent.call("load.start_verbose", &["", &site.torrent_file().to_string_lossy()]).unwrap();
        Some(rtorrent)
    });
}

#[test]
fn transmission_takes_and_gives() {
    both_ways_with(Client::Transmission);
}

#[test]
fn libtorrent_takes_and_gives() {
    both_ways_with(Client::Libtorrent);
}

#[test]
fn qbittorrent_takes_and_gives() {
    both_ways_with(Client::Qbittorrent);
}

#[test]
fn aria2_takes_and_gives() {
    both_ways_with(Client::Aria2);
}
