//! The rules for a deploy client of these trackers, one test a rule. The lints of rules 21 and 22 are tested where they
//! are, rule 25 on a real opentracker in the end-to-end suite.

use std::fs;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use e2e::fakes::{FakeGazelle, FakeOcelot, Fault, Flavour, GazelleOptions, OcelotOptions};

use super::world::{Ended, Packing, World, run};

const SEEDER: &str = "11111111111111111111111111111111";
const WEB1: &str = "22222222222222222222222222222222";
const OCELOT: &str = "mode = \"ocelot\"\nsecret_file = \"site_password\"\n";

/// A tracker, a site, a seeder and an inventory.
struct Rules {
    world: World,
    tracker: Arc<FakeOcelot>,
    site: FakeGazelle,
    seeder: super::rtorrent::Rtorrent,
}

impl Rules {
    fn of(flavour: Flavour, packing: Packing) -> Self {
        let world = World::new(packing);
        let tracker = Arc::new(FakeOcelot::start(OcelotOptions::default()));
        tracker.both(|base| {
            base.user(SEEDER, 1);
            base.user(WEB1, 2);
        });
        let options = GazelleOptions {
            flavour,
            tracker: Some((Arc::clone(&tracker), OcelotOptions::default().secret)),
            ..GazelleOptions::default()
        };
        for (name, text) in [
            ("password", options.password.as_str()),
            ("token", &options.token),
            ("site_password", &OcelotOptions::default().secret),
            ("seeder.key", SEEDER),
            ("web1.key", WEB1),
        ] {
            fs::write(world.path().join(name), text).unwrap();
        }
        let seeder = super::rtorrent::Rtorrent::start(&world.path().join("rtorrent"));
        let rules = Self { world, tracker, site: FakeGazelle::start(options), seeder };
        let site = rules.site.base();
        let mode = match flavour {
            Flavour::Pages2016 => format!(
                "mode = \"gazelle\"\nsite = \"{site}\"\nusername = \"deploy\"\npassword_file = \"password\"\nsession_file = \"session\"\n"
            ),
            Flavour::Ops => format!("mode = \"gazelle-ops\"\nsite = \"{site}\"\ntoken_file = \"token\"\n"),
        };
        rules.configure(&mode, &rules.tracker.base(), "127.0.0.11");
        rules
    }

    fn ocelot() -> Self {
        let rules = Self::of(Flavour::Pages2016, PRIVATE);
        rules.configure(OCELOT, &rules.tracker.base(), "127.0.0.11");
        rules
    }

    fn configure(&self, mode: &str, tracker: &str, web1: &str) {
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[seeder]\nrpc_socket = \"{}\"\ndirectory = \"{}\"\npeer = \"{}\"\n\
             passkey_file = \"seeder.key\"\n[tracker]\n{mode}announce = \"{tracker}/{{passkey}}/announce\"\n\
             [hosts.web1]\naddress = \"{web1}\"\npasskey_file = \"web1.key\"\n",
            self.seeder.socket().display(),
            self.world.seed().display(),
            self.seeder.peer(),
        );
        fs::write(self.world.path().join("fleet.toml"), text).unwrap();
    }

    fn run(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracker-publish"));
        command.env_clear().current_dir(self.world.path()).stdin(Stdio::null());
        run(command.args(["--fleet", "fleet.toml"]).args(args))
    }

    fn infohash(&self) -> Vec<u8> {
        self.world.torrent.infohash().as_bytes().to_vec()
    }

    fn uploads(&self) -> usize {
        self.site.server().lines("upload").iter().filter(|line| line.starts_with("POST")).count()
    }
}

const PRIVATE: Packing = Packing { large_torrent: false, tree: false, private: true, source: None };

/// A rule as a test; skipped where there is no rtorrent.
macro_rules! rules {
    ($($name:ident $body:block)*) => {$(
        #[test]
        fn $name() {
            if !super::rtorrent::installed(stringify!($name)) {
                return;
            }
            $body
        }
    )*};
}

rules! {
    rule_01_v1_only_private_set_by_us_and_the_sites_source {
        let open = Rules::of(Flavour::Pages2016, Packing::default());
        open.run(&[]).expect(10, &["is not private"]);
        assert_eq!(open.uploads(), 0);
        Rules::of(Flavour::Ops, PRIVATE).run(&[]).expect(12, &["it set its own source", "--source"]);
    }
    rule_02_one_user_for_each_host {
        let rules = Rules::ocelot();
        fs::write(rules.world.path().join("web1.key"), SEEDER).unwrap();
        rules.run(&[]).expect(2, &["the seeder and host `web1`", "never gives a user its own peers"]);
    }
    rule_03_the_stored_info_dict_is_compared_before_a_seeder_starts {
        let rules = Rules::of(Flavour::Ops, PRIVATE);
        rules.run(&[]).expect(12, &["another infohash"]);
        assert!(rules.seeder.client().downloads().unwrap().is_empty());
    }
    rule_04_only_announce_differs_between_clients {
        let rules = Rules::ocelot();
        rules.run(&[]).expect(0, &[]);
        let seeded = rules.world.seeded_torrent();
        assert_eq!(seeded.info_bytes(), rules.world.torrent.info_bytes());
        let stand_in: metainfo::AnnounceUrl = metainfo::NO_TRACKER_ANNOUNCE.parse().unwrap();
        let bytes = |torrent: &metainfo::Metainfo| torrent.with_announce(&stand_in).unwrap().to_bytes();
        assert_eq!(bytes(&seeded), bytes(&rules.world.torrent), "all but the announce URL");
        assert!(seeded.announce().unwrap().expose().contains(SEEDER));
    }
    rule_05_nothing_but_the_info_dict_is_expected_back {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.run(&[]).expect(0, &["was uploaded"]);
        assert_eq!(rules.world.seeded_torrent().info_bytes(), rules.world.torrent.info_bytes());
    }
    rule_06_bodies_are_judged_and_a_redirect_to_the_login_is_an_expired_session {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.run(&[]).expect(0, &[]);
        rules.site.log_everybody_out();
        rules.run(&[]).expect(0, &["the site has it"]);
        assert_eq!(rules.site.server().lines("POST /login.php").len(), 2);
    }
    rule_07_success_is_the_redirect_or_the_warning_else_the_red_paragraph {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        let toml = rules.world.path().join("fleet.toml");
        let text = fs::read_to_string(&toml).unwrap();
        fs::write(&toml, text.replace("[tracker]\n", "[tracker]\ntags = \"x\"\n")).unwrap();
        rules.run(&[]).expect(10, &["tracker.tags", "2 to 200"]);
        fs::write(&toml, &text).unwrap();
        rules.site.fault("POST /upload.php", Fault::Html, 1);
        rules.run(&[]).expect(20, &["neither stored nor refused; status 200"]);
    }
    rule_08_looked_up_before_it_is_uploaded {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.run(&[]).expect(0, &[]);
        rules.run(&[]).expect(0, &["the site has it as torrent 1"]);
        assert_eq!(rules.uploads(), 1);
        let lines: Vec<String> = rules.site.server().lines("");
        let at = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
        assert!(at("action=torrent&hash=") < at("POST /upload.php"), "{lines:?}");
    }
    rule_09_an_upload_is_never_repeated_blindly {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.site.fault("POST /upload.php", Fault::LoseReply, 5);
        rules.run(&[]).expect(0, &["looking whether it was stored"]);
        assert_eq!(rules.uploads(), 1);
        // A dead tracker alone makes the site answer late: the time for other calls does not count.
        let late = Rules::of(Flavour::Pages2016, PRIVATE);
        late.site.fault("POST /upload.php", Fault::Slow(Duration::from_secs(2)), 1);
        late.run(&["--tracker-timeout", "500ms"]).expect(0, &["was uploaded"]);
        let lost = Rules::of(Flavour::Pages2016, PRIVATE);
        lost.site.fault("POST /upload.php", Fault::Reset(0), 5);
        lost.run(&[]).expect(0, &[]);
        assert_eq!(lost.uploads(), 1);
    }
    rule_10_a_registration_is_what_a_scrape_shows {
        let rules = Rules::ocelot();
        rules.tracker.fault("update?", Fault::Html, 1);
        rules.run(&[]).expect(21, &["is not an Ocelot"]);
        rules.run(&["check"]).expect(20, &["does not know the torrent"]);
        rules.run(&[]).expect(0, &["was registered"]);
    }
    rule_11_the_tracker_is_repaired_with_the_sites_number_and_raw_bytes {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        let toml = rules.world.path().join("fleet.toml");
        let text = fs::read_to_string(&toml).unwrap();
        fs::write(&toml, text.replace("[tracker]\n", "[tracker]\nsecret_file = \"site_password\"\nfreeleech = true\n")).unwrap();
        rules.tracker.fault("update?", Fault::Html, 1);
        rules.run(&[]).expect(0, &["did not tell its tracker"]);
        let torrent = rules.tracker.memory().torrents[&rules.infohash()].clone();
        assert_eq!((torrent.id.as_str(), torrent.free), ("1", 1));
        let line = rules.tracker.server().lines("update?action=add_torrent").pop().unwrap();
        let hash = line.split("info_hash=").nth(1).unwrap().split('&').next().unwrap();
        assert_eq!((hash.len(), hash.matches('%').count()), (60, 20), "{hash}");
    }
    rule_12_that_updates_are_forgotten_is_said {
        Rules::ocelot().run(&[]).expect(0, &["in memory only", "SIGUSR1", "hint: after that run"]);
    }
    rule_13_success_is_not_believed_alone {
        let rules = Rules::ocelot();
        let other = FakeOcelot::start(OcelotOptions::default());
        rules.configure(&format!("{OCELOT}update = \"{}\"\n", other.base()), &rules.tracker.base(), "127.0.0.11");
        rules.run(&[]).expect(20, &["does not know the torrent"]);
        assert!(other.memory().torrents.contains_key(&rules.infohash()), "it did say success");
    }
    rule_14_unsorted_keys_and_plain_text_are_taken {
        let rules = Rules::ocelot();
        rules.tracker.both(|base| { base.users.remove(WEB1); });
        // Both the failure and the scrape have unsorted keys.
        rules.run(&["hosts"]).expect(20, &["Passkey not found"]);
        rules.run(&["hosts", "--create"]).expect(0, &["web1: its user was made"]);
        rules.run(&[]).expect(0, &[]);
    }
    rule_15_each_passkey_and_the_client_are_proved_first {
        let rules = Rules::ocelot();
        rules.tracker.both(|base| base.whitelist = vec![b"-UT".to_vec()]);
        rules.run(&[]).expect(20, &["not on the whitelist", "-lt0"]);
        rules.tracker.both(|base| { base.whitelist.clear(); base.users.remove(WEB1); });
        rules.run(&[]).expect(20, &["the passkey of web1", "Passkey not found"]);
        assert!(rules.seeder.client().downloads().unwrap().is_empty());
    }
    rule_16_an_announce_address_that_hosts_cannot_reach_is_refused {
        let rules = Rules::ocelot();
        let elsewhere = |tracker: &str| {
            rules.configure(OCELOT, tracker, "10.0.0.11");
            let toml = rules.world.path().join("fleet.toml");
            let text = fs::read_to_string(&toml).unwrap();
            fs::write(&toml, text.replace(&rules.seeder.peer().to_string(), "10.0.0.5:6890")).unwrap();
        };
        for (tracker, why) in [
            (rules.tracker.base(), "this machine's own"),
            ("http://localhost:34000".to_owned(), "this machine's own"),
            ("http://[2001:db8::5]:34000".to_owned(), "no IPv4"),
        ] {
            elsewhere(&tracker);
            rules.run(&[]).expect(2, &["host `web1` cannot reach the tracker", why, "hint: announce at an IPv4"]);
        }
    }
    rule_17_seeders_are_counted_by_the_tracker {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.run(&[]).expect(0, &[]);
        // The site itself says 0 for ever.
        rules.run(&["check"]).expect(0, &["web1: registered, 1 seeders"]);
    }
    rule_18_a_rate_limit_with_status_200_is_no_failure_of_the_search {
        let rules = Rules::of(Flavour::Ops, PRIVATE);
        // One call is let through, then none for a second.
        rules.site.configure(|options| {
            options.limit_lookups = true;
            options.limit = 0;
            options.retry_after = Some(1);
            options.window = Duration::from_millis(900);
        });
        rules.run(&["-v"]).expect(12, &["limits the rate of calls, waiting 1 s", "under another infohash"]);
        let calls = rules.site.server().lines("ajax.php").len();
        assert!(calls <= 5, "a publish is within 5 calls in 10 s: {calls}");
    }
    rule_19_a_login_is_kept_and_a_refused_one_not_repeated {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        fs::write(rules.world.path().join("password"), "wrong").unwrap();
        for _ in 0..3 {
            rules.run(&[]).expect(20, &["refused the user name or password"]);
        }
        assert_eq!(rules.site.failed_logins(), 1);
    }
    rule_20_every_call_says_who_we_are {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.run(&[]).expect(0, &[]);
        for raw in rules.site.server().requests() {
            assert!(raw.header("user-agent").unwrap().starts_with("mkt-tracker-publish/"));
        }
    }
    rule_21_it_goes_into_applications {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        rules.run(&[]).expect(0, &[]);
        assert_eq!(rules.site.torrents()[&1].category, "1");
    }
    rule_23_deploys_are_freeleech_and_a_cut_off_host_is_named {
        let rules = Rules::ocelot();
        rules.run(&[]).expect(0, &[]);
        assert_eq!(rules.tracker.memory().torrents[&rules.infohash()].free, 1);
        rules.tracker.both(|base| { base.users.entry(WEB1.to_owned()).and_modify(|user| user.can_leech = false); });
        rules.run(&["check"]).expect(20, &["web1", "leeching forbidden"]);
    }
    rule_24_no_secret_is_shown {
        let rules = Rules::of(Flavour::Pages2016, PRIVATE);
        let said = rules.run(&["-vv", "--wait"]).said + &rules.run(&["-vv", "check"]).said;
        let options = GazelleOptions::default();
        for secret in [SEEDER, WEB1, &options.password, &options.passkey, "abcdef0123456789"] {
            assert!(!said.contains(secret), "{secret}");
        }
        let ledger = fs::read_to_string(rules.world.seed().join(".published.json")).unwrap();
        let record = fs::read_to_string(rules.world.records().join("publish.json")).unwrap();
        assert!(![ledger, record].concat().contains(SEEDER));
    }
}
