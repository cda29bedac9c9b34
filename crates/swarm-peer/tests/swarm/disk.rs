//! A disk that is full, and a process that is killed.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::mount::Tmpfs;
use e2e::{eventually, peers};
use rustix::fs::{FallocateFlags, SeekFrom};
use swarm_peer::{Event, Peer, Role};

use crate::fixture::{LONG, Site, completed, hear};

/// Bytes of a piece, see [`Site::new`].
const PIECE: u64 = 64 << 10;

#[test]
fn a_full_disk_is_said_at_once_or_when_it_is_full_and_nothing_that_came_is_lost() {
    let site = Site::new(6_000_000);
    let small = site.scratch.dir("small");
    let mounted = Tmpfs::mount(&small, "size=4m");
    if !peers::skip_unless("disk", mounted.is_ok(), "needs root to mount a small file system") {
        return;
    }
    let disk = mounted.unwrap();
    let place = small.join("payload.bin");
    let error = Peer::start(&site.torrent, &place, site.config(1, Role::Download)).unwrap_err();
    assert!(error.is_no_space() && error.to_string().contains("payload.bin"), "{error}");
    assert!(error.hint().unwrap().contains("room"));
    // Room was reserved, and somebody else takes it away.
    disk.remount("size=16m");
    let (seeder, host) = (
        site.slow_seeder(3_000_000),
        Peer::start(&site.torrent, &place, site.config(1, Role::Download)).unwrap(),
    );
    seeder.introduce(&[host.address()]);
    host.introduce(&[seeder.address()]);
    eventually("some pieces", LONG, || (host.status().verified > 500_000).then_some(()));
    take_reserved_room(&place, 3_000_000, 6_000_000);
    // Nothing is left for the rest.
    std::fs::write(small.join("other"), vec![1; 16 << 20]).unwrap_err();
    let error = hear(&host, "a full disk", |event| match event {
        Event::Failed(error) => Some(error),
        _ => None,
    });
    assert!(error.is_no_space(), "{error}");
    assert!(host.status().failed.unwrap().contains("payload.bin"));
    drop(host);
    std::fs::remove_file(small.join("other")).unwrap();
    let again = Peer::start(&site.torrent, &place, site.config(1, Role::Download)).unwrap();
    again.introduce(&[seeder.address()]);
    completed(&again);
    assert!(again.stop().status.resumed > 0);
    site.assert_copy(&place);
}

/// Makes holes of all pieces between two offsets of which nothing has come. One that has begun to come is left alone: without
/// its beginning it would be a bad piece, and its sender's fault.
fn take_reserved_room(place: &Path, from: u64, to: u64) {
    let file = File::options().write(true).open(place).unwrap();
    let flags = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    for start in (from.next_multiple_of(PIECE)..to).step_by(usize::try_from(PIECE).unwrap()) {
        // tmpfs calls pages that are reserved but not written a hole.
        let data = rustix::fs::seek(&file, SeekFrom::Data(start)).unwrap_or(u64::MAX);
        if data >= start + PIECE {
            rustix::fs::fallocate(&file, flags, start, PIECE).unwrap();
        }
    }
}

/// What the child of the next test is to do, as addresses and paths.
const CHILD: &str = "SWARM_PEER_TEST_CHILD";

#[test]
fn the_child_that_is_killed() {
    let Ok(job) = std::env::var(CHILD) else { return };
    let words: Vec<&str> = job.split(' ').collect();
    let torrent = metainfo::Metainfo::read(words[0].as_ref()).unwrap();
    let address: std::net::SocketAddr = words[2].parse().unwrap();
    let config = swarm_peer::Config::new(address.ip(), address.port()..=address.port(), Role::Download);
    let peer = Peer::start(&torrent, words[1].as_ref(), config).unwrap();
    peer.introduce(&[words[3].parse().unwrap()]);
    // Until it is killed, or its parent has gone.
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
fn after_kill_9_the_next_start_goes_on_where_it_was() {
    let site = Site::new(4_000_000);
    let seeder = site.slow_seeder(3_000_000);
    seeder.introduce(&[site.address(1)]);
    let words = [
        site.torrent_file().display().to_string(),
        site.place(1).display().to_string(),
        site.address(1).to_string(),
        seeder.address().to_string(),
    ];
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "disk::the_child_that_is_killed"])
        .env(CHILD, words.join(" "))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    eventually("half of it", LONG, || (seeder.status().uploaded > 2_000_000).then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    let host = site.leecher(1);
    host.introduce(&[seeder.address()]);
    completed(&host);
    site.assert_copy(&site.place(1));
    let status = host.stop().status;
    assert!(status.resumed > 1_000_000 && status.downloaded < 3_000_000, "{status:?}");
}
