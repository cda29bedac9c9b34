//! Modes gazelle and gazelle-ops against the fake sites, their fake Ocelot, and a real rtorrent.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use e2e::fakes::{FakeGazelle, FakeOcelot, Fault, Flavour, GazelleOptions, OcelotOptions};

use super::rtorrent::{Rtorrent, installed};
use super::world::{Ended, Packing, World, run};

const KEYS: [&str; 2] = ["11111111111111111111111111111111", "22222222222222222222222222222222"];

/// A world with a site, its Ocelot, and an inventory that names both.
pub(crate) struct Fleet {
    pub(crate) world: World,
    seeder: Rtorrent,
    pub(crate) tracker: Arc<FakeOcelot>,
    pub(crate) site: FakeGazelle,
}

impl Fleet {
    /// With a release as the site wants it.
    pub(crate) fn fitting(flavour: Flavour) -> Self {
        let source = (flavour == Flavour::Ops).then_some("OPS");
        Self::packed(flavour, Packing { private: true, source, ..Packing::default() })
    }

    fn new(flavour: Flavour, private: bool) -> Self {
        Self::packed(flavour, Packing { private, ..Packing::default() })
    }

    fn packed(flavour: Flavour, packing: Packing) -> Self {
        let world = World::new(packing);
        let seeder = Rtorrent::start(&world.path().join("rtorrent"));
        let tracker = Arc::new(FakeOcelot::start(OcelotOptions::default()));
        tracker.both(|base| (1..).zip(KEYS).for_each(|(id, key)| base.user(key, id)));
        let options = GazelleOptions {
            flavour,
            tracker: Some((Arc::clone(&tracker), OcelotOptions::default().secret)),
            ..GazelleOptions::default()
        };
        let write = |name: &str, text: &str| fs::write(world.path().join(name), text).unwrap();
        write("password", &options.password);
        write("token", &options.token);
        write("site_password", &OcelotOptions::default().secret);
        write("seeder.key", KEYS[0]);
        write("web1.key", KEYS[1]);
        let site = FakeGazelle::start(options);
        let mode = match flavour {
            Flavour::Pages2016 => {
                "mode = \"gazelle\"\nusername = \"deploy\"\npassword_file = \"password\"\nsession_file = \"session\"\n"
            }
            Flavour::Ops => "mode = \"gazelle-ops\"\ntoken_file = \"token\"\n",
        };
        let fleet = Self { world, seeder, tracker, site };
        fleet.write_inventory(mode);
        fleet
    }

    fn write_inventory(&self, mode: &str) {
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[seeder]\nrpc_socket = \"{}\"\ndirectory = \"{}\"\npeer = \"{}\"\n\
             passkey_file = \"seeder.key\"\n[tracker]\n{mode}site = \"{}\"\nannounce = \"{}/{{passkey}}/announce\"\n\
             secret_file = \"site_password\"\n\
             [hosts.web1]\naddress = \"127.0.0.11\"\npasskey_file = \"web1.key\"\n",
            self.seeder.socket().display(),
            self.world.seed().display(),
            self.seeder.peer(),
            self.site.base(),
            self.tracker.base(),
        );
        fs::write(self.world.path().join("fleet.toml"), text).unwrap();
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_tracker-publish"));
        command.env_clear().current_dir(self.world.path());
        run(command.args(["--fleet", "fleet.toml", "-vv"]).args(args))
    }
}

#[test]
fn a_release_is_uploaded_once_and_a_peer_finds_its_seeder() {
    if !installed("a_release_is_uploaded_once_and_a_peer_finds_its_seeder") {
        return;
    }
    let fleet = Fleet::new(Flavour::Pages2016, true);
    fleet.run(&["--wait"]).expect(
        0,
        &[
            "the torrent was uploaded: torrent 1 of group 1001",
            "the tracker knows the torrent",
            "is given the seeder",
        ],
    );
    let stored = &fleet.site.torrents()[&1];
    assert_eq!(stored.infohash, *fleet.world.torrent.infohash().as_bytes());
    assert_eq!((stored.title.as_str(), stored.tags.as_str()), ("Release 42-0a1b2c3d", "deploy"));
    assert!(
        stored.description.starts_with("Release 42-0a1b2c3d with tree digest "),
        "{}",
        stored.description
    );
    assert_eq!(fleet.world.publish_json()["details"]["mode"], "gazelle");
    fleet.run(&["--wait"]).expect(0, &["the site has it as torrent 1"]);
    assert_eq!(fleet.site.server().lines("POST /upload.php").len(), 1);
    assert_eq!(fleet.site.server().lines("POST /login.php").len(), 1);
    fleet.run(&["withdraw"]).expect(0, &["is withdrawn from tracker and seeder"]);
    assert!(fleet.site.torrents().is_empty() && fleet.tracker.memory().torrents.is_empty());
}

#[test]
fn a_lost_reply_and_a_tracker_that_was_not_told_are_made_good() {
    if !installed("a_lost_reply_and_a_tracker_that_was_not_told_are_made_good") {
        return;
    }
    let fleet = Fleet::new(Flavour::Pages2016, true);
    fleet.site.fault("POST /upload.php", Fault::LoseReply, 1);
    // The site's own calls to the tracker are lost, too.
    fleet.tracker.fault("update?action=add_torrent", Fault::Html, 1);
    fleet.run(&["--wait"]).expect(
        0,
        &[
            "looking whether it was stored all the same",
            "the site did not tell its tracker",
            "is given the seeder",
        ],
    );
    assert_eq!(fleet.site.server().lines("POST /upload.php").len(), 1);
    let memory = fleet.tracker.memory();
    let torrent = &memory.torrents[fleet.world.torrent.infohash().as_bytes().as_slice()];
    assert_eq!((torrent.id.as_str(), torrent.free), ("1", 0), "the site's number, and what the site says");
}

#[test]
fn another_infohash_is_an_error_before_anything_is_seeded() {
    if !installed("another_infohash_is_an_error_before_anything_is_seeded") {
        return;
    }
    let open = Fleet::new(Flavour::Pages2016, false);
    open.run(&[]).expect(10, &["is not private", "hint: pack it with mkt-pack --private"]);
    assert!(open.site.server().requests().is_empty());
    // The API wants its own source, which the release does not have.
    let fleet = Fleet::new(Flavour::Ops, true);
    fleet.run(&[]).expect(
        12,
        &["under another infohash", "it set its own source", "hint: pack it with mkt-pack --private"],
    );
    assert!(fleet.seeder.client().downloads().unwrap().is_empty());
    assert_eq!(fleet.world.publish_json()["details"]["seeder"], serde_json::Value::Null);
}

#[test]
fn the_sites_own_words_are_told_and_a_wrong_password_is_tried_once() {
    if !installed("the_sites_own_words_are_told_and_a_wrong_password_is_tried_once") {
        return;
    }
    let fleet = Fleet::new(Flavour::Pages2016, true);
    let right = fs::read_to_string(fleet.world.path().join("password")).unwrap();
    fs::write(fleet.world.path().join("password"), "wrong").unwrap();
    for _ in 0..3 {
        fleet.run(&[]).expect(20, &["refused the user name or password of `deploy`", "hint: correct"]);
    }
    assert_eq!(fleet.site.failed_logins(), 1);
    fs::write(fleet.world.path().join("password"), right).unwrap();
    fs::remove_file(fleet.world.path().join("session")).unwrap();
    fleet.site.fault("POST /upload.php", Fault::Html, 1);
    fleet.run(&[]).expect(20, &["refused the upload", "neither stored nor refused"]);
    fleet.site.server().down();
    fleet.run(&["--tracker-timeout", "300ms"]).expect(21, &["cannot be reached"]);
    fleet.site.server().up();
    fleet.run(&[]).expect(0, &["was uploaded"]);
}

#[test]
fn sites_that_fail_are_told_apart_and_a_rerun_finishes() {
    if !installed("sites_that_fail_are_told_apart_and_a_rerun_finishes") {
        return;
    }
    for flavour in [Flavour::Pages2016, Flavour::Ops] {
        let fleet = Fleet::fitting(flavour);
        let brief = ["--tracker-timeout", "300ms"];
        fleet.run(&[]).expect(0, &["was uploaded", "is seeded"]);
        for (fault, words) in [
            (Fault::Slow(Duration::from_secs(30)), "no whole answer within 0.3 s"),
            (Fault::Reset(20), "cannot be reached"),
            (Fault::Html, "is not a Gazelle: its answer is not JSON"),
            (Fault::Huge(10 << 20), "longer than"),
        ] {
            fleet.site.fault("", fault, 100);
            fleet.run(&brief).expect(21, &[words, "hint: check"]);
            assert_eq!(fleet.world.publish_json()["details"]["seeder"], serde_json::Value::Null);
            fleet.site.server().heal();
            fleet.run(&[]).expect(0, &["the site has it", "is seeded"]);
        }
        fleet.site.server().down();
        fleet.run(&brief).expect(21, &["refused", "hint: check that it runs"]);
        fleet.site.server().up();
        fleet.run(&[]).expect(0, &["is seeded"]);
    }
}

#[test]
fn an_ops_site_that_cannot_delete_is_said_and_the_tracker_forgets() {
    if !installed("an_ops_site_that_cannot_delete_is_said_and_the_tracker_forgets") {
        return;
    }
    let fleet = Fleet::fitting(Flavour::Ops);
    fleet.run(&["--wait"]).expect(0, &["was uploaded: torrent 1 of group 1001", "is given the seeder"]);
    assert_eq!(fleet.world.publish_json()["details"]["mode"], "gazelle-ops");
    fleet.run(&["check"]).expect(0, &["web1: registered, 1 seeders"]);
    fleet
        .run(&["withdraw"])
        .expect(0, &["its API has no call for that", "it stays on the site", "hint: delete it there"]);
    assert!(fleet.tracker.memory().torrents.is_empty());
    // Published again: it is there, and the tracker is told by us.
    fleet.run(&[]).expect(0, &["the site has it as torrent 1", "did not tell its tracker", "is seeded"]);
    assert_eq!(fleet.site.server().lines("action=upload").len(), 1);
}
