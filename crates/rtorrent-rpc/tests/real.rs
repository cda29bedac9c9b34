//! The client against a real rtorrent: what it says must be what rtorrent does.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test that cannot set its stage must fail loudly"
)]

mod rtorrent;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rtorrent::{Rtorrent, eventually, installed};
use rtorrent_rpc::{Client, Error, Fault, Hashing, HexInfohash, Limits, LoadCommand, UnixConnector, Value};
use sha1::{Digest, Sha1};
use tempfile::TempDir;

const PIECE: usize = 16 * 1024;

/// A torrent of one file, put together here from BEP 3 so that these tests need no other crate of the workspace.
struct Sample {
    name: String,
    data: Vec<u8>,
    torrent: Vec<u8>,
    hash: HexInfohash,
}

fn sample(name: &str, pieces: usize, private: bool) -> Sample {
    let data: Vec<u8> =
        (0..pieces * PIECE - 100).map(|i| (i * 31 + i / PIECE * 7 + name.len()) as u8).collect();
    let mut info = format!("d6:lengthi{}e4:name{}:{name}", data.len(), name.len()).into_bytes();
    let hashes: Vec<u8> = data.chunks(PIECE).flat_map(|chunk| Sha1::digest(chunk).to_vec()).collect();
    info.extend(format!("12:piece lengthi{PIECE}e6:pieces{}:", hashes.len()).bytes());
    info.extend(hashes);
    info.extend(if private { &b"7:privatei1ee"[..] } else { b"e" });
    let mut torrent = b"d8:announce27:http://127.0.0.1:1/announce4:info".to_vec();
    torrent.extend(&info);
    torrent.push(b'e');
    let hash = HexInfohash::from_bytes(Sha1::digest(&info).into());
    Sample { name: name.to_owned(), data, torrent, hash }
}

fn directory(scratch: &TempDir, name: &str) -> PathBuf {
    let path = scratch.path().join(name);
    fs::create_dir_all(&path).unwrap();
    path
}

fn seed(rtorrent: &Rtorrent, sample: &Sample) {
    fs::write(rtorrent.incoming().join(&sample.name), &sample.data).unwrap();
    rtorrent.client().load_raw_start(&sample.torrent, &[]).unwrap();
    rtorrent.wait_seeding(&sample.hash);
}

#[test]
fn it_says_who_it_is() {
    if !installed("it_says_who_it_is") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    let version = client.client_version().unwrap();
    assert!(version.starts_with("0."), "{version}");
    assert!(client.library_version().unwrap().starts_with("0."));
    assert_eq!(client.listen_port().unwrap(), rtorrent.peer().port());
    client.set_upload_limit_kb(500).unwrap();
    assert_eq!(client.call("throttle.global_up.max_rate", &[]).unwrap(), Value::Int(500 * 1024));
    assert_eq!(client.upload_limit().unwrap(), 500 * 1024);
    client.set_default_max_uploads(3).unwrap();
    assert_eq!(client.call("throttle.max_uploads", &[]).unwrap(), Value::Int(3));
    assert!(client.has_free_upload_slot(3).unwrap() && client.has_free_upload_slot(0).unwrap());
    assert_eq!(client.downloads().unwrap(), []);
}

#[test]
fn an_unknown_download_is_none_and_an_unknown_method_is_a_fault() {
    if !installed("an_unknown_download_is_none_and_an_unknown_method_is_a_fault") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    let hash = HexInfohash::from_bytes([7; 20]);
    assert_eq!(client.download(&hash).unwrap(), None);
    let error = client.erase(&hash).unwrap_err();
    assert!(error.fault().is_some_and(Fault::is_no_such_download), "{error}");
    let error = client.call("no.such.method", &[]).unwrap_err();
    assert_eq!(error.fault().map(|fault| fault.code), Some(Fault::NO_SUCH_METHOD), "{error}");
    let results = client.multicall(&[("system.client_version", &[]), ("no.such.method", &[])]).unwrap();
    assert!(results[0].is_ok());
    assert_eq!(results[1].as_ref().unwrap_err().code, Fault::NO_SUCH_METHOD);
}

#[test]
fn odd_directories_and_values_arrive_as_they_are() {
    if !installed("odd_directories_and_values_arrive_as_they_are") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    for (number, odd) in [
        "a b",
        "a,b;c",
        "q\"uo\"te",
        "back\\slash\\",
        "$d.name=",
        "(x){y}",
        "ä é 漢",
        "a=b",
        "'",
        "#c",
        "l\nine",
        "~",
    ]
    .iter()
    .enumerate()
    {
        let sample = sample(&format!("n{number}"), 2, false);
        let place = directory(&scratch, &format!("data/{odd}"));
        fs::write(place.join(&sample.name), &sample.data).unwrap();
        let commands = [
            LoadCommand::directory(&place).unwrap(),
            LoadCommand::custom("site", &format!("v{odd}")).unwrap(),
        ];
        client.load_raw_start(&sample.torrent, &commands).unwrap();
        let download = rtorrent.wait_seeding(&sample.hash);
        assert_eq!(download.base_path, place.join(&sample.name), "{odd:?}");
        assert_eq!(download.directory, place, "{odd:?}");
        let custom =
            client.call("d.custom", &[Value::from(sample.hash.as_str()), Value::from("site")]).unwrap();
        assert_eq!(custom, Value::from(format!("v{odd}")), "{odd:?}");
    }
    assert_eq!(client.downloads().unwrap().len(), 12);
}

#[test]
fn a_torrent_is_loaded_by_path_and_goes_with_its_download() {
    if !installed("a_torrent_is_loaded_by_path_and_goes_with_its_download") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    let sample = sample("by-path", 3, false);
    let torrent = directory(&scratch, "tor rents, \"x\"").join("a $b;.torrent");
    fs::write(&torrent, &sample.torrent).unwrap();
    fs::write(rtorrent.incoming().join(&sample.name), &sample.data).unwrap();
    client.load_start(&torrent, &[LoadCommand::uploads_max(2)]).unwrap();
    let download = rtorrent.wait_seeding(&sample.hash);
    assert_eq!(download.tied_to_file, torrent);
    assert_eq!(download.max_uploads, 2);
    assert_eq!((download.size, download.bytes_done), (sample.data.len() as u64, sample.data.len() as u64));
    assert_eq!((download.pieces, download.pieces_done), (3, 3));
    // Both ways of asking give the same, once the failed announce is in the message.
    eventually("both to agree", || {
        (client.downloads().unwrap() == [client.download(&sample.hash).unwrap().unwrap()]).then_some(())
    });
    client.erase(&sample.hash).unwrap();
    assert_eq!(client.download(&sample.hash).unwrap(), None);
    assert!(!torrent.exists(), "rtorrent deletes the tied torrent");
    assert!(rtorrent.incoming().join(&sample.name).exists(), "the data stays");
}

#[test]
fn a_path_that_rtorrent_would_expand_is_refused() {
    let client = Client::new(UnixConnector::new("/nonexistent"));
    for path in ["/a/*.torrent", "/a/b?.torrent", "/a/[b].torrent", "a.torrent"] {
        assert!(matches!(client.load_start(Path::new(path), &[]), Err(Error::Argument { .. })), "{path}");
    }
    let big = vec![0; 400 * 1024];
    assert!(matches!(client.load_raw_start(&big, &[]), Err(Error::Argument { .. })));
}

#[test]
fn the_largest_raw_torrent_we_send_is_taken() {
    if !installed("the_largest_raw_torrent_we_send_is_taken") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let mut sample = sample("padded", 2, false);
    // Outside of info, so the infohash stays; unknown keys are ignored.
    let room = 360 * 1024 - sample.torrent.len() - "4:note000000:".len();
    sample.torrent.pop();
    sample.torrent.extend(format!("4:note{room}:").bytes());
    sample.torrent.extend(vec![b'x'; room]);
    sample.torrent.push(b'e');
    assert!(
        sample.torrent.len() > 359 * 1024 && Client::<UnixConnector>::fits_raw_load(sample.torrent.len())
    );
    seed(&rtorrent, &sample);
}

#[test]
fn peers_are_introduced_and_the_download_follows() {
    if !installed("peers_are_introduced_and_the_download_follows") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let seeder = Rtorrent::start(&directory(&scratch, "seeder"));
    let leecher = Rtorrent::start(&directory(&scratch, "leecher"));
    let sample = sample("payload.bin", 40, false);
    seed(&seeder, &sample);
    // Slow enough that the peers can be looked at while they talk.
    seeder.client().set_upload_limit_kb(300).unwrap();

    let client = leecher.client();
    client.load_raw_start(&sample.torrent, &[]).unwrap();
    eventually("the download to be active", || client.download(&sample.hash).unwrap().filter(|it| it.active));
    assert_eq!(client.peers(&sample.hash).unwrap(), []);
    client.add_peer(&sample.hash, seeder.peer()).unwrap();
    let peer = eventually("bytes from the seeder", || {
        client.peers(&sample.hash).unwrap().into_iter().find(|peer| peer.down_total > 0)
    });
    let slots = |slots| seeder.client().has_free_upload_slot(slots).unwrap();
    assert!(!slots(1) && slots(2) && slots(0), "one is taken");
    assert_eq!((peer.address, peer.port), (seeder.peer().ip(), seeder.peer().port()));
    assert_eq!((peer.completed_percent, peer.is_incoming), (100, false));
    let sources = client.sources(&sample.hash).unwrap();
    assert!(
        matches!(sources[..], [(ip, bytes)] if ip == peer.address && bytes >= peer.down_total),
        "{sources:?}"
    );
    assert!(peer.client.contains("libTorrent"), "{}", peer.client);
    let other = seeder.client().peers(&sample.hash).unwrap();
    assert_eq!(other.len(), 1);
    assert_eq!((other[0].address, other[0].is_incoming), (leecher.peer().ip(), true));

    let download = leecher.wait_seeding(&sample.hash);
    assert_eq!(download.bytes_done, sample.data.len() as u64);
    assert_eq!(download.down_total, sample.data.len() as u64);
    assert_eq!(fs::read(leecher.incoming().join(&sample.name)).unwrap(), sample.data);

    client.set_max_uploads(&sample.hash, 1).unwrap();
    assert_eq!(client.download(&sample.hash).unwrap().unwrap().max_uploads, 1);
    client.announce_force(&sample.hash).unwrap();
    client.stop(&sample.hash).unwrap();
    let stopped = client.download(&sample.hash).unwrap().unwrap();
    assert!(!stopped.active && !stopped.started && stopped.complete && !stopped.is_seeding());
    assert_eq!(client.throttle(&sample.hash).unwrap(), "");
    client.set_named_upload_limit_kb("few", 50).unwrap();
    client.set_throttle(&sample.hash, "few").unwrap();
    assert_eq!(client.throttle(&sample.hash).unwrap(), "few");
    client.start(&sample.hash).unwrap();
    leecher.wait_seeding(&sample.hash);
}

#[test]
fn a_private_torrent_takes_no_peer_and_ipv6_is_refused_here() {
    if !installed("a_private_torrent_takes_no_peer_and_ipv6_is_refused_here") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let sample = sample("private.bin", 2, true);
    seed(&rtorrent, &sample);
    let client = rtorrent.client();
    assert!(client.download(&sample.hash).unwrap().unwrap().private);
    let error = client.add_peer(&sample.hash, "127.0.0.2:6890".parse().unwrap()).unwrap_err();
    assert!(error.fault().is_some_and(|fault| fault.message.contains("private")), "{error}");
    for peer in ["[::1]:6890", "127.0.0.2:0"] {
        let error = client.add_peer(&sample.hash, peer.parse().unwrap()).unwrap_err();
        assert!(matches!(error, Error::Argument { .. }), "{error}");
    }
}

#[test]
fn damage_is_seen_and_a_second_check_sees_the_repair() {
    if !installed("damage_is_seen_and_a_second_check_sees_the_repair") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    let sample = sample("damaged.bin", 5, false);
    let file = rtorrent.incoming().join(&sample.name);
    let mut data = sample.data.clone();
    data[PIECE * 2 + 5] ^= 1;
    fs::write(&file, &data).unwrap();
    client.load_raw_start(&sample.torrent, &[]).unwrap();
    let download = eventually("the hash check", || {
        client.download(&sample.hash).unwrap().filter(|it| it.hash_checked && it.hashing == Hashing::No)
    });
    assert_eq!((download.pieces_done, download.complete, download.is_seeding()), (4, false, false));
    fs::write(&file, &sample.data).unwrap();
    client.check_hash(&sample.hash).unwrap();
    rtorrent.wait_seeding(&sample.hash);
}

#[test]
fn replaced_files_are_seen_by_a_recheck_and_it_seeds_again() {
    if !installed("replaced_files_are_seen_by_a_recheck_and_it_seeds_again") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    // Large enough that the check is still running when the start comes.
    let sample = sample("replaced.bin", 4000, false);
    seed(&rtorrent, &sample);
    let replace = |data: &[u8]| {
        let fresh = rtorrent.incoming().join("fresh");
        fs::write(&fresh, data).unwrap();
        fs::rename(&fresh, rtorrent.incoming().join(&sample.name)).unwrap();
        client.recheck(&sample.hash).unwrap();
    };
    let mut damaged = sample.data.clone();
    damaged[PIECE * 3000] ^= 1;
    replace(&damaged);
    let download = eventually("the check of the damaged file", || {
        let now = client.download(&sample.hash).unwrap()?;
        (now.hash_checked && now.hashing == Hashing::No && now.pieces_hashed == 4000).then_some(now)
    });
    assert_eq!((download.pieces_done, download.is_seeding()), (3999, false));
    replace(&sample.data);
    rtorrent.wait_seeding(&sample.hash);
}

#[test]
fn a_file_that_cannot_be_read_fails_the_hash_check_until_a_recheck() {
    if !installed("a_file_that_cannot_be_read_fails_the_hash_check_until_a_recheck") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let client = rtorrent.client();
    let sample = sample("unreadable.bin", 3, false);
    let file = rtorrent.incoming().join(&sample.name);
    // A link to itself cannot be opened by anybody, root included.
    std::os::unix::fs::symlink(&sample.name, &file).unwrap();
    client.load_raw_start(&sample.torrent, &[]).unwrap();
    let failed = eventually("the hash check to fail", || {
        client.download(&sample.hash).unwrap().filter(|download| download.hash_failed)
    });
    assert!(!failed.open && !failed.hash_checked && failed.message.is_empty(), "{failed:?}");
    fs::remove_file(&file).unwrap();
    fs::write(&file, &sample.data).unwrap();
    client.recheck(&sample.hash).unwrap();
    assert!(!rtorrent.wait_seeding(&sample.hash).hash_failed);
}

#[test]
fn trackers_are_listed_and_a_failed_announce_is_counted() {
    if !installed("trackers_are_listed_and_a_failed_announce_is_counted") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    let sample = sample("tracked.bin", 2, false);
    seed(&rtorrent, &sample);
    let tracker = eventually("the announce to fail", || {
        let trackers = rtorrent.client().trackers(&sample.hash).unwrap();
        assert_eq!(trackers.len(), 1);
        trackers.into_iter().find(|tracker| tracker.failed_counter > 0)
    });
    assert_eq!(tracker.expose_url(), "http://127.0.0.1:1/announce");
    assert!(tracker.enabled && tracker.success_counter == 0);
    assert!(!format!("{tracker:?}").contains("announce"));
    let message = rtorrent.client().download(&sample.hash).unwrap().unwrap().message;
    assert!(message.starts_with("Tracker: ["), "{message}");
}

#[test]
fn an_rtorrent_that_hangs_is_given_up_at_the_deadline_or_when_cancelled() {
    if !installed("an_rtorrent_that_hangs_is_given_up_at_the_deadline_or_when_cancelled") {
        return;
    }
    let scratch = TempDir::new().unwrap();
    let rtorrent = Rtorrent::start(scratch.path());
    rtorrent.hang();
    let limits = Limits { deadline: Duration::from_millis(400), ..Limits::default() };
    let started = Instant::now();
    let error = rtorrent.client().with_limits(limits).client_version().unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && error.is_unreachable(), "{error}");
    assert!(started.elapsed() < Duration::from_secs(3));

    let asked = Instant::now();
    let client = rtorrent.client().with_cancel(move || asked.elapsed() > Duration::from_millis(200));
    let error = client.client_version().unwrap_err();
    assert!(matches!(error, Error::Cancelled { .. }), "{error}");
    assert!(asked.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_socket_without_rtorrent_is_named() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("rpc.sock");
    let client = Client::new(UnixConnector::new(&path));
    let error = client.client_version().unwrap_err();
    assert!(matches!(error, Error::Connect { .. }) && error.is_unreachable());
    assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    // A socket left behind by a dead process. Another test of this process may start an rtorrent just now: its child
    // holds the listener too, until it executes rtorrent.
    drop(UnixListener::bind(&path).unwrap());
    eventually("the listener to be closed", || {
        client.client_version().err().filter(|error| matches!(error, Error::Connect { .. }))
    });
}

#[test]
fn something_else_on_the_socket_is_not_taken_for_rtorrent() {
    let scratch = TempDir::new().unwrap();
    let path = scratch.path().join("rpc.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let answers: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"",
        b"Status: 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
        b"Status: 200 OK\r\nContent-Length: 99999999999\r\n\r\n",
    ];
    let server = thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).unwrap();
            stream.write_all(answer).unwrap();
        }
    });
    let client = Client::new(UnixConnector::new(&path));
    for answer in answers {
        let error = client.client_version().unwrap_err();
        assert!(matches!(error, Error::Reply { .. }), "{}: {error}", String::from_utf8_lossy(answer));
    }
    server.join().unwrap();
}
