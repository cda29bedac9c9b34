//! The binary against a real rtorrent: what it says is seeded, another rtorrent can download.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test that cannot set its stage must fail loudly"
)]

mod gazelle;
mod ocelot;
mod opentracker;
#[path = "../../../rtorrent-rpc/tests/rtorrent/mod.rs"]
#[allow(dead_code, reason = "made for the tests of the client, which need more of it")]
mod rtorrent;
mod rules;
mod secrets;
mod tracker;
mod world;

use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::fakes::Fault;
use rtorrent::{Rtorrent, eventually, installed};
use rtorrent_rpc::LoadCommand;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tracker::TestTracker;
use world::{Packing, World, ended, run};

const TREE: Packing = Packing { tree: true, large_torrent: false, private: false, source: None };
const NO_TRACKER: &str = "http://127.0.0.1:1/announce";

fn seeder(world: &World) -> Rtorrent {
    Rtorrent::start(&world.path().join("rtorrent"))
}

fn publish(world: &World, seeder: &Rtorrent) -> Command {
    world.command(&seeder.socket(), &seeder.peer().to_string())
}

/// Another rtorrent downloads the release from the seeder; returns where its data are.
fn download(world: &World, from: SocketAddr) -> std::path::PathBuf {
    let leecher = Rtorrent::start(&world.path().join("leecher"));
    let torrent = world.path().join("seed/42-0a1b2c3d.torrent");
    leecher.client().load_start(&torrent, &[]).unwrap();
    eventually("the download to be active", || {
        leecher.client().download(&world.hash()).unwrap().filter(|download| download.active)
    });
    leecher.client().add_peer(&world.hash(), from).unwrap();
    leecher.wait_seeding(&world.hash()).base_path
}

#[test]
fn an_archive_is_seeded_proved_and_can_be_downloaded() {
    if !installed("an_archive_is_seeded_proved_and_can_be_downloaded") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    run(&mut publish(&world, &seeder)).expect(0, &["put in place", "release 42-0a1b2c3d is seeded"]);
    let record = world.publish_json();
    let details = json!({
        "mode": "none",
        "announce": Value::Null,
        "seeder": { "peer": seeder.peer().to_string(), "bytes_done": 2_800_000, "complete": true },
        "push_seeds": false,
    });
    assert_eq!(record["details"], details);
    assert_eq!(record["aborted"], false);
    assert_eq!(world.seeded_torrent().announce().unwrap().expose(), NO_TRACKER);
    assert_eq!(world.seeded_torrent().infohash(), world.torrent.infohash());
    assert_eq!(fs::metadata(world.placed()).unwrap().nlink(), 1, "a hard link");

    let downloaded = download(&world, seeder.peer());
    assert_eq!(fs::read(downloaded).unwrap(), fs::read(world.source()).unwrap());
}

#[test]
fn again_is_already_done_also_without_the_archive() {
    if !installed("again_is_already_done_also_without_the_archive") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    run(&mut publish(&world, &seeder)).expect(0, &[]);
    let placed = fs::metadata(world.placed()).unwrap().ino();
    fs::remove_file(world.source()).unwrap();
    let started = Instant::now();
    run(&mut publish(&world, &seeder)).expect(0, &["is in place", "is seeded"]);
    assert!(started.elapsed() < Duration::from_secs(3));
    assert_eq!(fs::metadata(world.placed()).unwrap().ino(), placed);
    assert_eq!(world.publish_json()["details"]["seeder"]["complete"], true);
    assert_eq!(seeder.client().downloads().unwrap().len(), 1);
}

#[test]
fn two_at_once_both_succeed() {
    if !installed("two_at_once_both_succeed") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    let start = || publish(&world, &seeder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let both = [start(), start()];
    for child in both {
        ended(&child.wait_with_output().unwrap()).expect(0, &["is seeded"]);
    }
}

#[test]
fn a_tree_is_seeded_from_its_own_directory() {
    if !installed("a_tree_is_seeded_from_its_own_directory") {
        return;
    }
    let world = World::new(TREE);
    let seeder = seeder(&world);
    fs::write(world.site().join("not-in-the-torrent"), "x").unwrap();
    run(&mut publish(&world, &seeder)).expect(2, &["--payload"]);
    run(publish(&world, &seeder).args(["--payload", "site"])).expect(0, &["is seeded"]);
    assert!(!world.placed().join("not-in-the-torrent").exists());

    let downloaded = download(&world, seeder.peer());
    assert!(world.torrent.check(&downloaded, &|_| true).unwrap().is_whole());
    run(publish(&world, &seeder).args(["--payload", "site"])).expect(0, &["is in place"]);
}

#[test]
fn a_torrent_too_large_to_be_sent_is_loaded_by_path_again_and_again() {
    if !installed("a_torrent_too_large_to_be_sent_is_loaded_by_path_again_and_again") {
        return;
    }
    let world = World::new(Packing { large_torrent: true, ..TREE });
    assert!(world.torrent.to_bytes().len() > 360 * 1024);
    let seeder = seeder(&world);
    let args = ["--payload", "site"];
    run(publish(&world, &seeder).args(args)).expect(0, &["is seeded"]);
    let loaded = seeder.client().download(&world.hash()).unwrap().unwrap();
    assert_eq!(loaded.tied_to_file, fs::canonicalize(world.seed()).unwrap().join("42-0a1b2c3d.torrent"));
    // Erased behind our back, with its torrent: rtorrent would ignore the same path in the same second.
    seeder.client().erase(&world.hash()).unwrap();
    run(publish(&world, &seeder).args(args)).expect(0, &["is seeded"]);
    // Another announce URL is another load.
    let tracker = TestTracker::start();
    run(publish(&world, &seeder).args(args).args(["--announce", &tracker.url()])).expect(0, &["is seeded"]);
    assert_eq!(world.seeded_torrent().announce().unwrap().expose(), tracker.url());
}

#[test]
fn a_corrupt_payload_is_refused_before_rtorrent_hears_of_it() {
    if !installed("a_corrupt_payload_is_refused_before_rtorrent_hears_of_it") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    let mut content = fs::read(world.source()).unwrap();
    content[1_000_000] ^= 1;
    fs::write(world.source(), content).unwrap();
    run(&mut publish(&world, &seeder))
        .expect(12, &["error: payload `records/0123456789abcdef.tar.zst`", "hint: "]);
    assert_eq!(world.publish_json()["details"]["seeder"], Value::Null);
    assert_eq!(world.publish_json()["aborted"], false);
    assert_eq!(seeder.client().downloads().unwrap(), []);
    assert_eq!(fs::read_dir(world.seed()).unwrap().count(), 0);
}

#[test]
fn a_mixed_up_torrent_is_refused() {
    let world = World::new(Packing::default());
    let mut bytes = world.torrent.to_bytes();
    let last = bytes.len() - 10;
    bytes[last] ^= 1;
    fs::write(world.records().join("42-0a1b2c3d.torrent"), bytes).unwrap();
    let socket = Path::new("/nonexistent.sock");
    run(&mut world.command(socket, "127.0.0.1:6890")).expect(10, &["42-0a1b2c3d.torrent", "hint: "]);
    assert!(!world.records().join("publish.json").exists());
    fs::remove_file(world.records().join("pack.json")).unwrap();
    run(&mut world.command(socket, "127.0.0.1:6890"))
        .expect(10, &["pack.json", "hint: run the stage before"]);
}

#[test]
fn without_rtorrent_it_says_what_to_start() {
    let world = World::new(Packing::default());
    let socket = world.path().join("rpc.sock");
    let said = ["error: cannot connect", "rpc.sock", "hint: start the seeder's rtorrent"];
    run(&mut world.command(&socket, "127.0.0.1:6890")).expect(21, &said);
    drop(UnixListener::bind(&socket).unwrap());
    run(&mut world.command(&socket, "127.0.0.1:6890")).expect(21, &said);
    assert_eq!(world.publish_json()["details"]["seeder"], Value::Null);
    assert_eq!(fs::read_dir(world.seed()).unwrap().count(), 0, "nothing is copied for nobody");
}

#[test]
fn another_servers_socket_is_told_from_rtorrents() {
    let world = World::new(Packing::default());
    let socket = world.path().join("other.sock");
    let listener = UnixListener::bind(&socket).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _request = stream.read(&mut [0; 4096]).unwrap();
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    run(&mut world.command(&socket, "127.0.0.1:6890"))
        .expect(21, &["other.sock", "hint: check that the socket is rtorrent's"]);
}

#[test]
fn damage_behind_rtorrents_back_is_repaired() {
    if !installed("damage_behind_rtorrents_back_is_repaired") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    run(&mut publish(&world, &seeder)).expect(0, &[]);
    // Written into: rtorrent still believes it is complete.
    let mut content = fs::read(world.placed()).unwrap();
    content[2_000_000] ^= 1;
    fs::write(world.placed(), &content).unwrap();
    run(&mut publish(&world, &seeder)).expect(0, &["warning:", "hashes it again", "is seeded"]);
    assert_eq!(fs::read(world.placed()).unwrap(), fs::read(world.source()).unwrap());
    // Gone, and rtorrent has noticed.
    fs::remove_file(world.placed()).unwrap();
    seeder.client().check_hash(&world.hash()).unwrap();
    eventually("rtorrent to notice", || {
        seeder.client().download(&world.hash()).unwrap().filter(|download| download.pieces_done == 0)
    });
    run(&mut publish(&world, &seeder)).expect(0, &["is seeded"]);
    // Right on disk, but rtorrent has the result of an older check.
    let whole = fs::read(world.placed()).unwrap();
    fs::write(world.placed(), &content).unwrap();
    seeder.client().check_hash(&world.hash()).unwrap();
    eventually("rtorrent to notice", || {
        seeder
            .client()
            .download(&world.hash())
            .unwrap()
            .filter(|download| !download.complete && download.hash_checked)
    });
    fs::write(world.placed(), whole).unwrap();
    run(&mut publish(&world, &seeder)).expect(0, &["is in place", "is seeded"]);
    assert_eq!(download(&world, seeder.peer()).file_name(), world.placed().file_name());
}

#[test]
fn a_directory_that_rtorrents_user_cannot_enter_is_named() {
    if !installed("a_directory_that_rtorrents_user_cannot_enter_is_named") {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!(
            "SKIPPED a_directory_that_rtorrents_user_cannot_enter_is_named: only root can start rtorrent as nobody"
        );
        return;
    }
    let world = World::new(Packing::default());
    let home = world.path().join("rtorrent");
    for sub in ["session", "incoming"] {
        fs::create_dir_all(home.join(sub)).unwrap();
        chown(home.join(sub), Some(65534), Some(65534)).unwrap();
    }
    chown(&home, Some(65534), Some(65534)).unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    mode(world.path(), 0o755);
    mode(&world.seed(), 0o700);
    let mut program = Command::new("setpriv");
    program.args(["--reuid=65534", "--regid=65534", "--clear-groups", "rtorrent"]);
    let seeder = Rtorrent::start_by(program, &home, rtorrent::free_address());
    run(&mut publish(&world, &seeder))
        .expect(20, &["rtorrent cannot read `", "hint: give rtorrent's user the right"]);
    mode(&world.seed(), 0o755);
    run(&mut publish(&world, &seeder)).expect(0, &["is in place", "is seeded"]);
}

#[test]
fn a_stopped_download_is_started() {
    if !installed("a_stopped_download_is_started") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    run(&mut publish(&world, &seeder)).expect(0, &[]);
    seeder.client().stop(&world.hash()).unwrap();
    run(&mut publish(&world, &seeder)).expect(0, &["is seeded"]);
    seeder.client().stop(&world.hash()).unwrap();
    seeder.client().close(&world.hash()).unwrap();
    run(&mut publish(&world, &seeder)).expect(0, &["is seeded"]);
}

#[test]
fn after_a_restart_of_rtorrent_it_is_still_seeded() {
    if !installed("after_a_restart_of_rtorrent_it_is_still_seeded") {
        return;
    }
    let world = World::new(Packing::default());
    let first = seeder(&world);
    let peer = first.peer();
    run(&mut publish(&world, &first)).expect(0, &[]);
    drop(first);
    let again = Rtorrent::start_at(&world.path().join("rtorrent"), peer);
    run(&mut publish(&world, &again)).expect(0, &["is in place", "is seeded"]);
}

#[test]
fn a_download_that_lies_elsewhere_is_left_alone() {
    if !installed("a_download_that_lies_elsewhere_is_left_alone") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    let torrent = world.torrent.with_announce(&NO_TRACKER.parse().unwrap()).unwrap().to_bytes();
    let elsewhere = world.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    seeder.client().load_raw_start(&torrent, &[LoadCommand::directory(&elsewhere).unwrap()]).unwrap();
    eventually("the download", || {
        seeder.client().download(&world.hash()).unwrap().filter(|download| download.active)
    });
    run(&mut publish(&world, &seeder)).expect(20, &["elsewhere", "hint: erase the download"]);
    // Complete there, it is as good a seeder as any.
    fs::copy(world.source(), elsewhere.join(world.torrent.info().name())).unwrap();
    seeder.client().recheck(&world.hash()).unwrap();
    seeder.wait_seeding(&world.hash());
    run(&mut publish(&world, &seeder)).expect(0, &["already seeds it from", "is seeded"]);
}

#[test]
fn a_tracker_gets_the_announce_and_the_record_its_url() {
    if !installed("a_tracker_gets_the_announce_and_the_record_its_url") {
        return;
    }
    // Private, as such trackers have them: with a tracker that is no fault.
    let world = World::new(Packing { private: true, ..Packing::default() });
    let seeder = seeder(&world);
    run(&mut publish(&world, &seeder)).expect(10, &["is private", "hint: "]);
    let tracker = TestTracker::start();
    run(publish(&world, &seeder).args(["--announce", &tracker.url()]))
        .expect(0, &["took the announce", "is seeded"]);
    assert!(tracker.asked()[0].contains("event=started"), "{:?}", tracker.asked());
    let details = &world.publish_json()["details"];
    assert_eq!((&details["mode"], &details["announce"]), (&json!("announce"), &json!(tracker.url())));
    assert_eq!(world.seeded_torrent().announce().unwrap().expose(), tracker.url());
}

#[test]
fn a_tracker_that_refuses_or_is_down_is_told_apart() {
    if !installed("a_tracker_that_refuses_or_is_down_is_told_apart") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    let tracker = TestTracker::start();
    tracker.refuse("Requested download is not authorized");
    run(publish(&world, &seeder).args(["--announce", &tracker.url()]))
        .expect(20, &["refused the announce", "not authorized", "hint: make the infohash known"]);
    assert_eq!(world.publish_json()["details"]["seeder"], Value::Null);
    let down = "http://127.0.0.1:9/announce";
    run(publish(&world, &seeder).args(["--announce", down]))
        .expect(21, &["127.0.0.1:9", "hint: check that the tracker"]);
    // As in the recipe, this rtorrent has trackers.use_udp.set = no.
    let udp = "udp://127.0.0.1:9";
    run(publish(&world, &seeder).args(["--announce", udp])).expect(20, &[udp, "use_udp"]);
    // Without a tracker again: it is loaded with the URL that stands for none.
    run(&mut publish(&world, &seeder)).expect(0, &["another announce URL", "is seeded"]);
    assert_eq!(world.seeded_torrent().announce().unwrap().expose(), NO_TRACKER);
}

#[test]
fn an_open_tracker_that_fails_is_unreachable_and_a_rerun_finishes() {
    if !installed("an_open_tracker_that_fails_is_unreachable_and_a_rerun_finishes") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    let tracker = TestTracker::start();
    let command =
        |args: &[&str]| run(publish(&world, &seeder).args(["--announce", &tracker.url()]).args(args));
    // Here rtorrent asks: we see only what it says of it.
    for fault in [Fault::Slow(Duration::from_secs(30)), Fault::Reset(20), Fault::Html, Fault::Huge(10 << 20)]
    {
        tracker.server().fault("", fault, 1000);
        command(&["--timeout", "4s"])
            .expect(21, &["did not take the announce", "hint: check that the tracker"]);
        assert_eq!(world.publish_json()["details"]["seeder"], Value::Null);
        tracker.server().heal();
        command(&[]).expect(0, &["took the announce", "is seeded"]);
        command(&["withdraw"]).expect(0, &[]);
    }
}

#[test]
fn a_passkey_never_leaves_the_command_line() {
    let world = World::new(Packing::default());
    let secret = "0123456789abcdef0123456789abcdef";
    let url = format!("http://tracker.example/{secret}/announce");
    let mut command = world.command(Path::new("/nonexistent.sock"), "127.0.0.1:6890");
    let ended = run(command.env("MKT_ANNOUNCE", &url).arg("-vv"));
    ended.expect(2, &["http://tracker.example/...", "hint: write {passkey} in its place"]);
    assert!(!ended.said.contains(secret));
    assert!(!world.records().join("publish.json").exists());
    let mut command = world.command(Path::new("/nonexistent.sock"), "127.0.0.1:6890");
    let help = command.env("MKT_ANNOUNCE", &url).arg("--help").output().unwrap();
    assert!(!String::from_utf8_lossy(&help.stdout).contains(secret));
}

#[test]
fn a_wrong_peer_address_is_found_out_by_the_proof() {
    if !installed("a_wrong_peer_address_is_found_out_by_the_proof") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    let wrong = SocketAddr::new(seeder.peer().ip(), seeder.peer().port() - 1);
    let hint = format!("hint: this rtorrent listens on port {}", seeder.peer().port());
    run(&mut world.command(&seeder.socket(), &wrong.to_string())).expect(21, &["could not be proved", &hint]);
    assert_eq!(world.publish_json()["details"]["seeder"], Value::Null);
    // Another rtorrent's address: it does not have the torrent.
    let other = Rtorrent::start(&world.path().join("other"));
    let peer = other.peer().to_string();
    run(&mut world.command(&seeder.socket(), &peer))
        .expect(20, &["closed the connection", "hint: another client"]);
}

#[test]
fn a_seeder_that_only_this_machine_can_dial_is_refused() {
    let world = World::new(Packing::default());
    let fleet = "[site]\ndeploy_to = \"/srv/site\"\n[seeder]\nrpc_socket = \"/none\"\ndirectory = \"/srv/seed\"\n\
                 peer = \"127.0.0.5:6890\"\n\
                 [hosts.web1]\naddress = \"10.0.0.11\"\n[hosts.web2]\naddress = \"10.0.0.12\"\n";
    fs::write(world.path().join("fleet.toml"), fleet).unwrap();
    for verb in [&[][..], &["check"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracker-publish"));
        command.current_dir(world.path()).args(["--fleet", "fleet.toml"]).args(verb).stdin(Stdio::null());
        let said =
            ["`web1` cannot dial the seeder", "127.0.0.5:6890", "hint: give the IPv4 address and port"];
        if verb.is_empty() {
            run(&mut command).expect(2, &said);
        } else {
            // All questions are asked; the seeder's client is the first.
            run(&mut command).expect(21, &said);
        }
    }
}

#[test]
fn sigterm_ends_it_in_time_and_the_record_says_so() {
    if !installed("sigterm_ends_it_in_time_and_the_record_says_so") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    run(&mut publish(&world, &seeder)).expect(0, &[]);
    // A stopped rtorrent accepts connections and never answers.
    seeder.hang();
    let child = publish(&world, &seeder).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let pid = Pid::from_child(&child);
    eventually("the handler for SIGTERM", || {
        let status = fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero())).unwrap();
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
        (u64::from_str_radix(caught, 16).unwrap() & (1 << 14) != 0).then_some(())
    });
    let asked = Instant::now();
    kill_process(pid, Signal::TERM).unwrap();
    let end = ended(&child.wait_with_output().unwrap());
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    end.expect(143, &[]);
    let record = world.publish_json();
    assert_eq!((&record["aborted"], &record["details"]["seeder"]), (&json!(true), &Value::Null));
}

#[test]
fn an_rtorrent_that_hangs_is_given_up() {
    if !installed("an_rtorrent_that_hangs_is_given_up") {
        return;
    }
    let world = World::new(Packing::default());
    let seeder = seeder(&world);
    seeder.hang();
    run(publish(&world, &seeder).args(["--timeout", "1s"]))
        .expect(21, &["did not answer", "hint: rtorrent hangs"]);
}
