//! Embedded peers among others: rtorrents in the fleet, an rtorrent that seeds, and clients that mean no good.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use e2e::records::{self, Pack, Record};
use e2e::rtorrent::Rtorrent;
use e2e::{Fleet, FleetOptions, eventually};

use crate::embedded::no_receiver_is_left;
use crate::needs_peers;
use crate::support::{assert_delivered, push_record, pushed};

#[test]
fn one_swarm_of_rtorrents_and_embedded_peers_private_or_not() {
    needs_peers!();
    let hosts = vec!["alpha", "beta", "gamma"];
    let options =
        FleetOptions { embedded: vec!["alpha", "gamma"], seeder: false, ..FleetOptions::embedded(hosts) };
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
fn an_rtorrent_that_seeds_serves_embedded_hosts() {
    needs_peers!();
    let hosts = vec!["alpha", "beta"];
    let fleet = Fleet::start(&FleetOptions { seeder: true, ..FleetOptions::embedded(hosts) });
    fleet.deliver(1);
    assert_delivered(&fleet, "r1", &fleet.site(1));
    assert_eq!(push_record(&fleet).details.seeder, None);
}

/// An rtorrent that has the payload and seeds it, beside the fleet.
fn stranger(fleet: &Fleet) -> (Rtorrent, String, std::path::PathBuf) {
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    let dir = fleet.scratch().join("stranger");
    let seed = dir.join("seed");
    fs::create_dir_all(&seed).unwrap();
    let payload = seed.join(&pack.release.payload.file);
    fs::copy(fleet.records().join(&pack.release.payload.file), &payload).unwrap();
    let (address, port) = fleet.spare();
    let rtorrent = Rtorrent::start("a stranger", &dir, &address, port, &seed, "1M");
    rtorrent.load(&fleet.records().join(&pack.release.torrent.file));
    eventually("the stranger to seed", Duration::from_secs(60), || {
        rtorrent.downloads().iter().any(|(_, _, complete)| *complete).then_some(())
    });
    (rtorrent, format!("{address}:{port}"), payload)
}

#[test]
fn a_peer_that_sends_garbage_is_banned_and_named_and_everybody_is_served() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let (rtorrent, address, payload) = stranger(&fleet);
    // What it has hashed is changed under its feet, so it gives away with a good conscience what is wrong.
    let file = File::options().write(true).open(&payload).unwrap();
    file.write_all_at(&vec![0x5a; file.metadata().unwrap().len() as usize], 0).unwrap();
    // Slow enough for its pieces to be asked for.
    fleet.edit_inventory("[tracker]\n", "[seeder]\nmax_upload = \"100 kB/s\"\n\n[tracker]\n");
    let output = fleet.push().args(["--allow-peer", &address]).output().ok();
    assert!(output.stderr.contains(&address), "it is named: {}", output.stderr);
    assert_delivered(&fleet, "r1", &fleet.site(1));
    drop(rtorrent);
}

#[test]
fn a_peer_that_promises_everything_and_sends_nothing_delays_nobody_for_long() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    let (address, port) = fleet.spare();
    let listener = TcpListener::bind((address.as_str(), port)).unwrap();
    let (infohash, pieces) = (hex::decode(&pack.release.infohash).unwrap(), pack.details.pieces);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let infohash = infohash.clone();
            thread::spawn(move || promise(stream, &infohash, pieces));
        }
    });
    fleet.push().args(["--allow-peer", &format!("{address}:{port}")]).output().ok();
    for name in ["alpha", "beta"] {
        assert_eq!(pushed(&fleet, name).state, "staged");
    }
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

/// Says that it has every piece and that it may be asked (BEP 3), then listens for ever.
fn promise(mut stream: TcpStream, infohash: &[u8], pieces: u64) -> Option<()> {
    let mut hello = [0; 68];
    stream.read_exact(&mut hello).ok()?;
    let mut reply = b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0".to_vec();
    reply.extend(infohash);
    reply.extend(b"-XX0001-promises all");
    let mut bitfield = vec![0xff_u8; pieces.div_ceil(8) as usize];
    if !pieces.is_multiple_of(8) {
        *bitfield.last_mut()? = 0xff << (8 - pieces % 8);
    }
    reply.extend((bitfield.len() as u32 + 1).to_be_bytes());
    reply.push(5);
    reply.extend(bitfield);
    reply.extend([0, 0, 0, 1, 1]);
    stream.write_all(&reply).ok()?;
    std::io::copy(&mut stream, &mut std::io::sink()).ok()?;
    Some(())
}
