//! Clients of other projects in the swarm of a push, by `--allow-peer`.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::daemon::Daemon;
use e2e::foreign::{Client, Place};
use e2e::net::Network;
use e2e::records::{self, Pack, Record};
use e2e::{Fleet, FleetOptions, eventually};

use crate::embedded::no_receiver_is_left;
use crate::needs_peers;
use crate::support::{assert_delivered, bulky, push_record};

/// The clients that the README names.
const CLIENTS: [Client; 3] = [Client::Aria2, Client::Qbittorrent, Client::Transmission];
const BULK: usize = 4_000_000;

/// Starts `client` with the packed torrent, and waits until it listens.
fn start(fleet: &Fleet, client: Client, files: &Path, address: SocketAddr) -> Option<Daemon> {
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    let torrent = fleet.records().join(&pack.release.torrent.file);
    let state = fleet.scratch().join(format!("state-{client:?}"));
    let running = client.start(module_path!(), &torrent, Place { state: &state, files, address })?;
    eventually(&format!("{client:?} to listen"), Duration::from_secs(30), || {
        TcpStream::connect(address).ok().map(drop)
    });
    Some(running)
}

fn payload(fleet: &Fleet) -> PathBuf {
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    fleet.records().join(pack.release.payload.file)
}

/// A fleet with release r1 packed and published, whose seeder sends no more than that.
fn fleet(options: &FleetOptions, ceiling: &str) -> Fleet {
    let fleet = Fleet::start(options);
    fleet.pack(&bulky(&fleet, BULK), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.edit_inventory("[tracker]\n", &format!("[seeder]\nmax_upload = \"{ceiling}\"\n\n[tracker]\n"));
    fleet
}

#[test]
fn each_of_them_serves_hosts_whose_seeder_is_slow() {
    needs_peers!();
    for client in CLIENTS {
        let fleet = fleet(&FleetOptions::embedded(vec!["alpha", "beta"]), "100 kB/s");
        let payload = payload(&fleet);
        let files = fleet.scratch().join("files");
        fs::create_dir(&files).unwrap();
        fs::copy(&payload, files.join(payload.file_name().unwrap())).unwrap();
        let network = Network::pick(1);
        let address = SocketAddr::from((network.addresses[0], network.peer));
        let Some(running) = start(&fleet, client, &files, address) else { return };
        fleet.push().args(["--allow-peer", &address.to_string()]).output().ok();
        assert_delivered(&fleet, "r1", &fleet.site(1));
        let seeder = push_record(&fleet).details.seeder.expect("this machine has seeded, too");
        let size = fs::metadata(&payload).unwrap().len();
        assert!(seeder.uploaded < size / 2, "{client:?} gave little: {} of {size} are ours", seeder.uploaded);
        no_receiver_is_left(&fleet);
        drop(running);
    }
}

#[test]
fn all_of_them_are_in_one_swarm_with_embedded_hosts_and_an_rtorrent() {
    needs_peers!();
    let hosts = vec!["alpha", "beta", "gamma"];
    let options = FleetOptions { embedded: vec!["alpha", "beta"], ..FleetOptions::embedded(hosts) };
    // Ten seconds for one copy: transmission takes its time.
    let fleet = fleet(&options, "400 kB/s");
    let network = Network::pick(3);
    let mut running = Vec::new();
    let mut push = fleet.push();
    for (client, ip) in CLIENTS.into_iter().zip(&network.addresses) {
        let address = SocketAddr::from((*ip, network.peer));
        let files = fleet.scratch().join(format!("files-{client:?}"));
        let Some(daemon) = start(&fleet, client, &files, address) else { return };
        running.push((client, files, daemon));
        push = push.args(["--allow-peer", &address.to_string()]);
    }
    push.output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    for (client, files, daemon) in running {
        drop(daemon);
        assert!(shares(&files, &payload(&fleet)), "{client:?} has got no piece");
    }
}

/// Whether a file below `folder` has anything of `original` where it belongs.
fn shares(folder: &Path, original: &Path) -> bool {
    const PIECE: usize = 65_536;
    let original = fs::read(original).unwrap();
    fs::read_dir(folder).unwrap().any(|entry| {
        let copy = fs::read(entry.unwrap().path()).unwrap_or_default();
        copy.chunks(PIECE).zip(original.chunks(PIECE)).any(|(copy, original)| copy == original)
    })
}
