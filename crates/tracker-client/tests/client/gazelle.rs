//! Both lines of Gazelle against the fake sites.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use e2e::fakes::{FakeGazelle, Fault, Flavour, GazelleOptions};
use metainfo::{Builder, Metainfo, PieceLength};
use tempfile::TempDir;
use tracker_client::gazelle::{Api, Login, Manners, Pages, Site, Stored, Upload};
use tracker_client::{Error, Secret};

use crate::http;

const HURRY: Manners = Manners {
    calls: 100,
    window: Duration::from_millis(50),
    back_off: Duration::from_millis(60),
    patience: 3,
    upload: Duration::from_secs(5),
};

struct World {
    fake: FakeGazelle,
    dir: TempDir,
    password: String,
}

impl World {
    fn new(flavour: Flavour) -> Self {
        let options = GazelleOptions { flavour, ..GazelleOptions::default() };
        let password = options.password.clone();
        Self { fake: FakeGazelle::start(options), dir: TempDir::new().unwrap(), password }
    }

    fn session_file(&self) -> PathBuf {
        self.dir.path().join("session")
    }

    fn pages(&self) -> Pages {
        let login = Login {
            username: "deploy",
            password: &Secret::new(&self.password),
            session_file: &self.session_file(),
        };
        Pages::new(http(), &self.fake.base(), login, HURRY)
    }

    fn api(&self) -> Api {
        let token = Secret::new(GazelleOptions::default().token);
        Api::new(http(), &self.fake.base(), token, HURRY)
    }

    fn torrent(&self, private: bool, source: Option<&str>) -> Metainfo {
        let path = self.dir.path().join("x.tar.zst");
        fs::write(&path, [7; 40_000]).unwrap();
        let builder = Builder::new("x.tar.zst", PieceLength::MIN).private(private);
        builder.source(source.map(str::to_owned)).from_file(&path, &|_| true).unwrap()
    }
}

fn upload(torrent: &[u8]) -> Upload<'_> {
    Upload {
        torrent,
        file_name: "r1.torrent",
        title: "r1",
        tags: "deploy",
        description: Some("more than ten characters"),
    }
}

#[test]
fn a_torrent_is_stored_found_downloaded_and_deleted() {
    let world = World::new(Flavour::Pages2016);
    let (site, torrent) = (world.pages(), world.torrent(true, None));
    assert_eq!(site.find(torrent.infohash()), Ok(None));
    assert_eq!(site.upload(&upload(&torrent.to_bytes())), Ok(Stored::AsSent));
    let found = site.find(torrent.infohash()).unwrap().unwrap();
    assert_eq!((found.torrent, found.group), (1, 1001));
    let stored = Metainfo::parse(&site.download(1).unwrap()).unwrap();
    assert_eq!(stored.infohash(), torrent.infohash());
    let form = &world.fake.torrents()[&1];
    assert_eq!((form.title.as_str(), form.tags.as_str(), form.category.as_str()), ("r1", "deploy", "1"));
    assert_eq!(form.description, "more than ten characters");
    assert_eq!(site.upload(&upload(&torrent.to_bytes())), Ok(Stored::Before));
    site.delete(1, "withdrawn").unwrap();
    assert!(
        matches!(site.delete(1, "withdrawn"), Err(Error::Refused { reason, .. }) if reason.contains("already been deleted"))
    );
    assert_eq!(world.fake.server().lines("login.php").len(), 1, "one login for all of it");
    let mode = fs::metadata(world.session_file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_the_site_says_is_told_apart() {
    let world = World::new(Flavour::Pages2016);
    let site = world.pages();
    let open = world.torrent(false, None);
    assert_eq!(
        site.upload(&upload(&open.to_bytes())),
        Ok(Stored::Changed { what: "it set the private flag" })
    );
    assert_eq!(site.find(open.infohash()), Ok(None), "it has another infohash there");
    let bytes = world.torrent(true, Some("x")).to_bytes();
    let refused = |upload: Upload<'_>| match site.upload(&upload) {
        Err(Error::Refused { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        refused(Upload { title: "x", ..upload(&bytes) }),
        "Title must be between 2 and 200 characters."
    );
    assert!(refused(upload(b"not bencode")).starts_with("Malformed string. Invalid character at pos"));
    assert!(refused(Upload { file_name: "x.zip", ..upload(&bytes) }).contains("other than a torrent file"));
    assert!(refused(upload(&vec![b'x'; 1 << 20])).contains("larger than it takes"));
    assert!(matches!(site.download(99), Err(Error::Refused { reason, .. }) if reason.contains("404")));
}

#[test]
fn an_expired_session_logs_in_once_and_a_kept_one_not_at_all() {
    let world = World::new(Flavour::Pages2016);
    let hash = world.torrent(true, None).infohash();
    world.pages().find(hash).unwrap();
    world.pages().find(hash).unwrap();
    assert_eq!(world.fake.server().lines("login.php").len(), 1, "the cookie was kept");
    world.fake.log_everybody_out();
    world.pages().find(hash).unwrap();
    assert_eq!(world.fake.server().lines("login.php").len(), 2);
    let site = world.pages();
    site.find(hash).unwrap();
    world.fake.log_everybody_out();
    assert!(matches!(site.find(hash), Err(Error::LoggedOut { .. })), "in the middle of a run it is an error");
}

#[test]
fn a_refused_login_is_never_tried_again_blindly() {
    let mut world = World::new(Flavour::Pages2016);
    let hash = world.torrent(true, None).infohash();
    let right = std::mem::replace(&mut world.password, "wrong".to_owned());
    for _ in 0..10 {
        assert!(matches!(world.pages().find(hash), Err(Error::Login { .. })));
    }
    assert_eq!(world.fake.failed_logins(), 1);
    world.password = right;
    assert!(
        matches!(world.pages().find(hash), Err(Error::Login { .. })),
        "somebody must say that it was corrected"
    );
    fs::remove_file(world.session_file()).unwrap();
    world.pages().find(hash).unwrap();
}

#[test]
fn a_ban_is_told_from_a_wrong_password() {
    let mut world = World::new(Flavour::Pages2016);
    let hash = world.torrent(true, None).infohash();
    let right = std::mem::replace(&mut world.password, "wrong".to_owned());
    for _ in 0..6 {
        assert!(world.pages().find(hash).is_err());
        fs::remove_file(world.session_file()).ok();
    }
    world.password = right;
    assert!(matches!(world.pages().find(hash), Err(Error::Banned { .. })));
}

#[test]
fn a_rate_limit_is_waited_for_and_then_gone_on() {
    for flavour in [Flavour::Pages2016, Flavour::Ops] {
        let world = World::new(flavour);
        world.fake.configure(|options| {
            options.limit_lookups = true;
            options.limit = 2;
        });
        let hash = world.torrent(true, None).infohash();
        let (pages, api) = (world.pages(), world.api());
        let site: &dyn Site = if flavour == Flavour::Ops { &api } else { &pages };
        let started = Instant::now();
        for _ in 0..6 {
            assert_eq!(site.find(hash), Ok(None));
        }
        assert!(started.elapsed() >= HURRY.back_off, "{:?}", started.elapsed());
        world.fake.configure(|options| options.limit = 0);
        world.fake.configure(|options| options.window = Duration::from_secs(60));
        let last = (0..3).map(|_| site.find(hash)).next_back().unwrap();
        assert!(matches!(last, Err(Error::RateLimited { .. })), "{last:?}");
    }
}

#[test]
fn a_site_that_says_how_long_to_wait_is_asked_again_then() {
    for flavour in [Flavour::Pages2016, Flavour::Ops] {
        let world = World::new(flavour);
        world.fake.configure(|options| {
            options.limit_lookups = true;
            options.limit = 0;
            options.window = Duration::from_millis(900);
            options.retry_after = Some(1);
        });
        let manners = Manners { back_off: Duration::from_millis(200), ..HURRY };
        let login = Login {
            username: "deploy",
            password: &Secret::new(&world.password),
            session_file: &world.session_file(),
        };
        let pages = Pages::new(http(), &world.fake.base(), login, manners);
        let token = Secret::new(GazelleOptions::default().token);
        let api = Api::new(http(), &world.fake.base(), token, manners);
        let site: &dyn Site = if flavour == Flavour::Ops { &api } else { &pages };
        let hash = world.torrent(true, None).infohash();
        assert_eq!(site.find(hash), Ok(None));
        let started = Instant::now();
        assert_eq!(site.find(hash), Ok(None), "status 429 is no failure");
        let waited = started.elapsed();
        assert!(waited >= Duration::from_secs(1) && waited < Duration::from_secs(3), "{waited:?}");
    }
    let world = World::new(Flavour::Ops);
    let (site, torrent) = (world.api(), world.torrent(true, Some("OPS")));
    site.upload(&upload(&torrent.to_bytes())).unwrap();
    world.fake.configure(|options| options.limit_downloads = true);
    assert!(matches!(site.download(1), Err(Error::RateLimited { .. })), "in whatever words");
}

#[test]
fn what_changes_something_is_sent_once_and_questions_are_repeated() {
    let world = World::new(Flavour::Pages2016);
    let (site, hash) = (world.pages(), world.torrent(true, None).infohash());
    let count = |part: &str| world.fake.server().lines(part).len();
    world.fake.fault("POST /login.php", Fault::LoseReply, 9);
    assert!(site.find(hash).unwrap_err().is_unreachable());
    assert_eq!(count("POST /login.php"), 1);
    world.fake.server().heal();
    world.fake.fault("action=torrent", Fault::LoseReply, 1);
    assert_eq!(site.find(hash), Ok(None));
    assert_eq!(count("action=torrent"), 2);
    world.fake.fault("POST /torrents.php", Fault::LoseReply, 9);
    assert!(site.delete(1, "x").unwrap_err().is_unreachable());
    assert_eq!(count("POST /torrents.php"), 1);
    let world = World::new(Flavour::Ops);
    world.fake.fault("action=upload", Fault::LoseReply, 9);
    let torrent = world.torrent(true, Some("OPS"));
    assert!(world.api().upload(&upload(&torrent.to_bytes())).unwrap_err().is_unreachable());
    assert_eq!(world.fake.server().lines("action=upload").len(), 1);
}

#[test]
fn calls_are_spread_over_the_window() {
    let world = World::new(Flavour::Ops);
    let manners = Manners { calls: 5, window: Duration::from_millis(300), ..HURRY };
    let site = Api::new(http(), &world.fake.base(), Secret::new(GazelleOptions::default().token), manners);
    let hash = world.torrent(true, None).infohash();
    let started = Instant::now();
    for _ in 0..11 {
        site.find(hash).unwrap();
    }
    assert!(started.elapsed() >= Duration::from_millis(600), "{:?}", started.elapsed());
}

#[test]
fn an_upload_is_sent_once_also_when_its_reply_is_lost() {
    let world = World::new(Flavour::Pages2016);
    let (site, torrent) = (world.pages(), world.torrent(true, None));
    world.fake.fault("POST /upload.php", Fault::LoseReply, 1);
    assert!(site.upload(&upload(&torrent.to_bytes())).unwrap_err().is_unreachable());
    assert_eq!(world.fake.server().lines("POST /upload.php").len(), 1);
    assert!(site.find(torrent.infohash()).unwrap().is_some(), "it is stored all the same");
}

#[test]
fn the_api_stores_finds_and_gives_back() {
    for lower_case_ids in [false, true] {
        let world = World::new(Flavour::Ops);
        world.fake.configure(|options| options.lower_case_ids = lower_case_ids);
        let site = world.api();
        let right = world.torrent(true, Some("OPS"));
        assert_eq!(site.upload(&upload(&right.to_bytes())), Ok(Stored::AsSent));
        assert_eq!(site.upload(&upload(&right.to_bytes())), Ok(Stored::Before));
        let found = site.find(right.infohash()).unwrap().unwrap();
        assert_eq!(
            Metainfo::parse(&site.download(found.torrent).unwrap()).unwrap().infohash(),
            right.infohash()
        );
        let other = world.torrent(true, Some("elsewhere"));
        assert_eq!(
            site.upload(&upload(&other.to_bytes())),
            Ok(Stored::Before),
            "the source is all that differed"
        );
        fs::write(world.dir.path().join("y"), "y").unwrap();
        let builder = Builder::new("y", PieceLength::MIN).private(true);
        let third = builder.from_file(&world.dir.path().join("y"), &|_| true).unwrap();
        assert_eq!(
            site.upload(&upload(&third.to_bytes())),
            Ok(Stored::Changed { what: "it set its own source" })
        );
        assert!(
            matches!(site.download(99), Err(Error::Refused { reason, .. }) if reason.contains("could not find"))
        );
        let short = Upload { description: Some("short"), ..upload(b"x") };
        assert!(
            matches!(site.upload(&short), Err(Error::Refused { reason, .. }) if reason.contains("10 characters"))
        );
    }
}

#[test]
fn a_token_that_is_not_taken_is_told() {
    let world = World::new(Flavour::Ops);
    let site = Api::new(http(), &world.fake.base(), Secret::new("other"), HURRY);
    let error = site.find(world.torrent(true, None).infohash()).unwrap_err();
    assert!(matches!(error, Error::LoggedOut { credential: "token", .. }), "{error}");
}

#[test]
fn a_site_that_fails_is_told_apart_and_shows_no_secret() {
    for flavour in [Flavour::Pages2016, Flavour::Ops] {
        let world = World::new(flavour);
        let (pages, api) = (world.pages(), world.api());
        let site: &dyn Site = if flavour == Flavour::Ops { &api } else { &pages };
        let torrent = world.torrent(true, None);
        site.find(torrent.infohash()).unwrap();
        let mut shown = format!("{pages:?} {api:?}");
        for (fault, unreachable) in [
            (Fault::Reset(40), true),
            (Fault::Cut(80), true),
            (Fault::Html, false),
            (Fault::Huge(10 << 20), false),
        ] {
            world.fake.fault("", fault, 100);
            let error = site.find(torrent.infohash()).unwrap_err();
            assert_eq!(error.is_unreachable(), unreachable, "{fault:?}: {error}");
            shown += &format!("{error} {error:?}");
            shown += &format!("{:?}", site.upload(&upload(&torrent.to_bytes())).unwrap_err());
            shown += &format!("{:?}", site.download(1).unwrap_err());
            shown += &format!("{:?}", site.delete(1, "x").unwrap_err());
            world.fake.server().heal();
        }
        let session = fs::read_to_string(world.session_file()).unwrap_or_default();
        let cookie = session.split('"').find(|part| part.starts_with("session") && part.len() > 10);
        let options = GazelleOptions::default();
        for secret in [
            options.password.as_str(),
            &options.token,
            &options.passkey,
            "0123456789abcdef0123456789authke",
            cookie.unwrap_or("no cookie"),
        ] {
            assert!(!shown.contains(secret), "{secret} in {shown}");
        }
    }
}
