//! Mode ocelot against the fake of Ocelot and a real rtorrent.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use e2e::authority::{Authority, Valid};
use e2e::fakes::{FakeOcelot, Fault, OcelotOptions, OcelotVersion};
use e2e::front::{ForwardProxy, TlsFront, free_port};
use e2e::peers;

use super::rtorrent::{Rtorrent, eventually, installed};
use super::world::{Packing, World, run};

const SECRET_FILE: &str = "site_password";

/// A world with an Ocelot, an inventory that names it, and a passkey for the seeder and two hosts.
pub(crate) struct Fleet {
    pub(crate) world: World,
    pub(crate) seeder: Rtorrent,
    pub(crate) fake: FakeOcelot,
}

impl Fleet {
    pub(crate) fn new(version: OcelotVersion) -> Self {
        let world = World::new(Packing { private: true, ..Packing::default() });
        let seeder = Rtorrent::start(&world.path().join("rtorrent"));
        let options = OcelotOptions { version, ..OcelotOptions::default() };
        fs::write(world.path().join(SECRET_FILE), &options.secret).unwrap();
        let fake = FakeOcelot::start(options);
        let fleet = Self { world, seeder, fake };
        fleet.write_inventory("mode = \"ocelot\"\nsecret_file = \"site_password\"\n");
        fleet
    }

    pub(crate) fn write_inventory(&self, tracker: &str) {
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[seeder]\nrpc_socket = \"{}\"\ndirectory = \"{}\"\npeer = \"{}\"\n\
             passkey_file = \"seeder.key\"\n[tracker]\n{tracker}announce = \"{}/{{passkey}}/announce\"\n\
             [hosts.web1]\naddress = \"127.0.0.11\"\npasskey_file = \"web1.key\"\n\
             [hosts.web2]\naddress = \"127.0.0.12\"\npasskey_file = \"web2.key\"\n",
            self.seeder.socket().display(),
            self.world.seed().display(),
            self.seeder.peer(),
            self.fake.base(),
        );
        fs::write(self.world.path().join("fleet.toml"), text).unwrap();
    }

    /// The verb and flags, on this inventory.
    pub(crate) fn run(&self, args: &[&str]) -> super::world::Ended {
        run(self.command(args).stdin(Stdio::null()))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracker-publish"));
        command.env_clear().current_dir(self.world.path()).args(["--fleet", "fleet.toml", "-vv"]).args(args);
        command
    }

    pub(crate) fn key(&self, name: &str) -> String {
        fs::read_to_string(self.world.path().join(format!("{name}.key"))).unwrap().trim().to_owned()
    }

    fn hash(&self) -> [u8; 20] {
        *self.world.torrent.infohash().as_bytes()
    }
}

#[test]
fn users_are_made_the_torrent_is_registered_and_a_peer_finds_the_seeder() {
    if !installed("users_are_made_the_torrent_is_registered_and_a_peer_finds_the_seeder") {
        return;
    }
    for version in [OcelotVersion::V1_0, OcelotVersion::V2_1_3] {
        let fleet = Fleet::new(version);
        fleet.run(&["hosts"]).expect(2, &["seeder.passkey", "hint: put it there"]);
        fleet
            .run(&["hosts", "--create"])
            .expect(0, &["the seeder: its user was made", "web2: its user was made"]);
        fleet.run(&["hosts"]).expect(0, &["web1: the tracker knows its passkey"]);
        let users = fleet.fake.memory().users;
        let ids: std::collections::BTreeSet<&String> = users.values().map(|user| &user.id).collect();
        assert_eq!((users.len(), ids.len()), (3, 3), "a user each");

        fleet.run(&["check"]).expect(20, &["does not seed release", "does not know the torrent"]);
        fleet.run(&["--wait"]).expect(
            0,
            &["was registered", "keeps it in memory only", "passkeys of all 2 hosts", "is given the seeder"],
        );
        let memory = fleet.fake.memory();
        assert_eq!(memory.torrents.len(), 1);
        assert_eq!(memory.torrents[fleet.hash().as_slice()].free, 1, "hosts download much and upload little");
        assert_eq!(fleet.fake.peers(&fleet.hash()), (1, 0), "no ghost is left");
        let record = fleet.world.publish_json();
        assert_eq!(record["details"]["mode"], "ocelot");
        let announce = record["details"]["announce"].as_str().unwrap().to_owned();
        assert_eq!(announce, format!("{}/{{passkey}}/announce", fleet.fake.base()));
        fleet.run(&["--wait"]).expect(0, &["the tracker knows the torrent"]);
        fleet.run(&["check"]).expect(0, &["web1: registered, 1 seeders", "has every piece"]);
    }
}

#[test]
fn what_a_restart_forgot_is_told_again() {
    if !installed("what_a_restart_forgot_is_told_again") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V1_0);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    fleet.run(&[]).expect(0, &[]);
    fleet.fake.restart();
    fleet
        .run(&[])
        .expect(20, &["the passkey of the seeder", "Passkey not found", "hint: run `tracker-publish hosts"]);
    fleet.run(&["hosts"]).expect(20, &["warning:", "web2", "Passkey not found"]);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    fleet.run(&["check"]).expect(20, &["does not know the torrent"]);
    fleet.run(&["--wait"]).expect(0, &["was registered"]);
}

#[test]
fn clients_that_are_not_let_in_are_found_before_anything_is_seeded() {
    if !installed("clients_that_are_not_let_in_are_found_before_anything_is_seeded") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V2_1_3);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    fleet.fake.both(|base| base.whitelist = vec![b"-UT".to_vec()]);
    fleet.run(&[]).expect(20, &["web1", "not on the whitelist", "hint: let rtorrent in", "-lt0"]);
    fleet.fake.both(|base| base.whitelist = vec![b"-lt0".to_vec()]);
    let web1 = fleet.key("web1");
    fleet.fake.both(|base| {
        base.users.entry(web1.clone()).and_modify(|user| user.can_leech = false);
    });
    fleet.run(&[]).expect(20, &["web1", "leeching forbidden", "hint: the tracker's ratio rules"]);
    assert!(fleet.seeder.client().downloads().unwrap().is_empty());
    fleet.fake.both(|base| {
        base.users.entry(web1.clone()).and_modify(|user| user.can_leech = true);
    });
    fleet.run(&[]).expect(0, &[]);
}

#[test]
fn one_passkey_for_two_is_refused_before_anything_is_asked() {
    if !installed("one_passkey_for_two_is_refused_before_anything_is_asked") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V1_0);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    let asked = fleet.fake.server().requests().len();
    fs::write(fleet.world.path().join("web2.key"), fleet.key("web1")).unwrap();
    fleet
        .run(&[])
        .expect(2, &["host `web1` and host `web2`", "hint: a tracker never gives a user its own peers"]);
    assert_eq!(fleet.fake.server().requests().len(), asked);
    fs::write(fleet.world.path().join("web2.key"), "tooshortforocelot").unwrap();
    fleet.run(&[]).expect(2, &["hosts.web2.passkey", "32"]);
}

#[test]
fn older_releases_are_withdrawn_and_what_is_shared_stays() {
    if !installed("older_releases_are_withdrawn_and_what_is_shared_stays") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V1_0);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    fleet.run(&["--keep", "1"]).expect(0, &[]);
    let first = fleet.world.torrent.infohash();
    let next = fleet.world.repack("43-0a1b2c3d", 7);
    fleet.run(&["--keep", "1"]).expect(0, &["release 42-0a1b2c3d is withdrawn from tracker and seeder"]);
    let memory = fleet.fake.memory();
    assert!(!memory.torrents.contains_key(first.as_bytes().as_slice()));
    assert!(memory.torrents.contains_key(next.infohash().as_bytes().as_slice()));
    let downloads = fleet.seeder.client().downloads().unwrap();
    assert_eq!(downloads.len(), 1);
    let mut names: Vec<String> = fs::read_dir(fleet.world.seed())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        // What only orders the publishes is no part of a release.
        .filter(|name| !name.ends_with(".lock"))
        .collect();
    names.sort();
    assert_eq!(names, [".published.json", next.info().name(), "43-0a1b2c3d.torrent"]);

    fleet.run(&["withdraw", "42-0a1b2c3d"]).expect(10, &["is not published"]);
    // The same tree as another release: its torrent is the same.
    fleet.world.repack("44-0a1b2c3d", 7);
    fleet.run(&[]).expect(0, &[]);
    fleet.run(&["withdraw", "43-0a1b2c3d"]).expect(0, &["its payload stays for release 44-0a1b2c3d"]);
    fleet.run(&["check"]).expect(0, &[]);
    fleet.run(&["withdraw"]).expect(0, &["release 44-0a1b2c3d is withdrawn"]);
    assert!(fleet.fake.memory().torrents.is_empty());
    assert!(fleet.seeder.client().downloads().unwrap().is_empty());
    fleet.run(&["withdraw"]).expect(0, &[]);
}

#[test]
fn trackers_that_fail_are_told_apart_and_a_rerun_finishes() {
    if !installed("trackers_that_fail_are_told_apart_and_a_rerun_finishes") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V1_0);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    let brief = ["--tracker-timeout", "300ms"];
    for (fault, words) in [
        (Fault::Slow(Duration::from_secs(30)), "no whole answer within 0.3 s"),
        (Fault::Drip(Duration::from_millis(40)), "no whole answer within 0.3 s"),
        (Fault::Reset(20), "cannot be reached"),
        (Fault::Html, "is not a tracker"),
        (Fault::Huge(10 << 20), "longer than"),
    ] {
        fleet.fake.fault("", fault, 100);
        let started = Instant::now();
        fleet.run(&brief).expect(21, &[words, "hint: check"]);
        assert!(started.elapsed() < Duration::from_secs(6), "{fault:?}: {:?}", started.elapsed());
        assert_eq!(fleet.world.publish_json()["details"]["seeder"], serde_json::Value::Null);
        fleet.fake.server().heal();
        fleet.run(&[]).expect(0, &["was registered", "is seeded"]);
        fleet.run(&["withdraw"]).expect(0, &[]);
    }
    fleet.fake.server().down();
    fleet.run(&brief).expect(21, &["refused", "hint: check that it runs"]);
    fleet.fake.server().up();
    fleet.run(&[]).expect(0, &["is seeded"]);
    fleet.run(&["withdraw"]).expect(0, &[]);
    fleet.fake.drain(true);
    fleet.run(&brief).expect(20, &["temporarily unavailable", "hint: the tracker shuts down"]);
    fleet.fake.drain(false);
    // The update is lost on its way back: it was carried out, and doing it again does no harm.
    fleet.fake.fault("add_torrent", Fault::LoseReply, 1);
    fleet.run(&["--wait"]).expect(0, &["was registered"]);
}

#[test]
fn a_wrong_secret_and_a_tracker_that_ignores_updates_are_found_out() {
    if !installed("a_wrong_secret_and_a_tracker_that_ignores_updates_are_found_out") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V1_0);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    let secret = fs::read_to_string(fleet.world.path().join(SECRET_FILE)).unwrap();
    fs::write(fleet.world.path().join(SECRET_FILE), "x".repeat(32)).unwrap();
    fleet.run(&[]).expect(20, &["Authentication failure", "hint: tracker.secret must be"]);
    fs::write(fleet.world.path().join(SECRET_FILE), secret).unwrap();
    // The updates go to another tracker than the announces: `success`, and nothing is registered.
    let other = FakeOcelot::start(OcelotOptions::default());
    let update =
        format!("mode = \"ocelot\"\nsecret_file = \"site_password\"\nupdate = \"{}\"\n", other.base());
    fleet.write_inventory(&update);
    fleet.run(&[]).expect(20, &["does not know the torrent"]);
    assert_eq!(other.memory().torrents.len(), 1);
}

#[test]
fn updates_go_by_tls_to_whom_the_fleet_trusts_and_through_its_proxy() {
    let test = "updates_go_by_tls_to_whom_the_fleet_trusts_and_through_its_proxy";
    let programs = ["nginx", "openssl", "tinyproxy"].iter().all(|program| peers::find(program).is_some());
    if !installed(test)
        || !peers::skip_unless(test, programs, "not installed: nginx-light, openssl or tinyproxy-bin")
    {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V2_1_3);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    let authority = Authority::new(&fleet.world.path().join("authority"));
    let certificate = authority.issue("DNS:localhost", Valid::Now);
    let front = TlsFront::start(&fleet.world.path().join("front"), &certificate, fleet.fake.address());
    let table = format!(
        "mode = \"ocelot\"\nsecret_file = \"site_password\"\nupdate = \"https://localhost:{}\"\n",
        front.port()
    );
    fleet.write_inventory(&table);
    fleet
        .run(&[])
        .expect(20, &["the certificate of `https://localhost:", "hint: if a private authority signed it"]);
    assert!(fleet.fake.server().lines("action=add_torrent").is_empty());
    fleet.write_inventory(&format!("{table}ca_file = \"authority/ca.pem\"\n"));

    let proxy = ForwardProxy::start(&fleet.world.path().join("proxy"), front.port(), None);
    let dead = format!("http://127.0.0.1:{}", free_port());
    let by = |proxy: &str, except: &str| {
        run(fleet.command(&[]).env("https_proxy", proxy).env("no_proxy", except).stdin(Stdio::null()))
    };
    by("socks5://127.0.0.1:1", "")
        .expect(2, &["`https_proxy` is not the URL of an http or https proxy", "hint:"]);
    by(&dead, "").expect(21, &["cannot be reached: through the proxy", "https_proxy and no_proxy"]);
    by(&format!("http://{}", proxy.address()), "").expect(0, &["was registered"]);
    assert_eq!(proxy.requests("CONNECT localhost"), 1);
    fleet.run(&["withdraw"]).expect(0, &[]);
    by(&dead, "localhost").expect(0, &["was registered"]);
}

#[test]
fn sigterm_ends_it_while_the_tracker_is_silent() {
    if !installed("sigterm_ends_it_while_the_tracker_is_silent") {
        return;
    }
    let fleet = Fleet::new(OcelotVersion::V1_0);
    fleet.run(&["hosts", "--create"]).expect(0, &[]);
    let before = fleet.fake.server().requests().len();
    fleet.fake.fault("", Fault::Slow(Duration::from_secs(30)), 9);
    let child = fleet.command(&[]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the question", || (fleet.fake.server().requests().len() > before).then_some(()));
    let asked = Instant::now();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    assert!(asked.elapsed() < Duration::from_secs(3));
    assert_eq!(fleet.world.publish_json()["aborted"], true);
}
