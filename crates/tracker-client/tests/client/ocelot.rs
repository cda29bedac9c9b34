//! Announce, scrape and updates against both Ocelots.

use e2e::fakes::{FakeOcelot, OcelotOptions, OcelotVersion};
use metainfo::{AnnounceUrl, Infohash};
use tracker_client::{Error, Event, FreeTorrent, Key, Ocelot, Probe, announce, scrape};

use crate::http;

const KEYS: [&str; 2] = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"];

struct World {
    fake: FakeOcelot,
    ocelot: Ocelot,
    infohash: Infohash,
}

impl World {
    fn new(version: OcelotVersion) -> Self {
        let options = OcelotOptions { version, ..OcelotOptions::default() };
        let secret = Key::new(&options.secret).unwrap();
        let fake = FakeOcelot::start(options);
        let ocelot = Ocelot::new(http(), &fake.base(), secret);
        // Looked for until its hash has a space, a plus and a percent sign in it: what form encoding spoils.
        let infohash = (0_u32..)
            .map(|number| Infohash::from_info_bytes(&number.to_be_bytes()))
            .find(|hash| b" +".iter().all(|byte| hash.as_bytes().contains(byte)))
            .unwrap();
        Self { fake, ocelot, infohash }
    }

    fn both() -> [Self; 2] {
        [Self::new(OcelotVersion::V1_0), Self::new(OcelotVersion::V2_1_3)]
    }

    fn url(&self, user: usize) -> AnnounceUrl {
        self.fake.announce_url(KEYS[user]).parse().unwrap()
    }
}

#[test]
fn a_torrent_is_registered_found_and_forgotten() {
    for world in World::both() {
        let World { fake, ocelot, infohash } = &world;
        ocelot.add_user(&Key::new(KEYS[0]).unwrap(), 1).unwrap();
        assert_eq!(scrape(&http(), &world.url(0), *infohash), Ok(None));
        ocelot.add_torrent(*infohash, 7, FreeTorrent::Free).unwrap();
        let counts = scrape(&http(), &world.url(0), *infohash).unwrap().unwrap();
        assert_eq!((counts.complete, counts.incomplete, counts.downloaded), (0, 0, 0));
        let torrent = &fake.memory().torrents[infohash.as_bytes().as_slice()];
        assert_eq!((torrent.id.as_str(), torrent.free), ("7", 1));
        ocelot.delete_torrent(*infohash, 7).unwrap();
        assert_eq!(scrape(&http(), &world.url(0), *infohash), Ok(None));
    }
}

#[test]
fn a_peer_asks_and_goes() {
    for world in World::both() {
        let World { fake, ocelot, infohash } = &world;
        for (id, key) in (1..).zip(KEYS) {
            ocelot.add_user(&Key::new(key).unwrap(), id).unwrap();
        }
        ocelot.add_torrent(*infohash, 7, FreeTorrent::Normal).unwrap();
        let ask = |user, probe: &Probe, event| {
            announce(&http(), &world.url(user), *infohash, probe, event).unwrap()
        };
        let (one, other) = (Probe::leecher(6881), Probe::leecher(6882));
        assert!(ask(0, &one, Event::Started).peers.is_empty());
        let answer = ask(1, &other, Event::Started);
        assert_eq!(answer.peers, ["127.0.0.1:6881".parse().unwrap()]);
        assert_eq!((answer.complete, answer.incomplete), (Some(0), Some(2)));
        ask(0, &one, Event::Stopped);
        ask(1, &other, Event::Stopped);
        assert_eq!(fake.peers(infohash.as_bytes()), (0, 0), "no ghost is left");
    }
}

#[test]
fn the_trackers_words_come_through() {
    let world = World::new(OcelotVersion::V1_0);
    let World { fake, ocelot, infohash } = &world;
    let words = |error: Error| match error {
        Error::Refused { reason, .. } => reason,
        other => panic!("{other}"),
    };
    let ask = || {
        words(announce(&http(), &world.url(0), *infohash, &Probe::leecher(1), Event::Started).unwrap_err())
    };
    assert_eq!(words(scrape(&http(), &world.url(0), *infohash).unwrap_err()), "Passkey not found");
    fake.both(|base| base.user(KEYS[0], 1));
    assert_eq!(ask(), "Unregistered torrent");
    ocelot.add_torrent(*infohash, 7, FreeTorrent::Free).unwrap();
    ocelot.add_whitelist("-UT").unwrap();
    assert_eq!(ask(), "Your client is not on the whitelist");
    ocelot.add_whitelist("-lt0").unwrap();
    fake.both(|base| base.users.get_mut(KEYS[0]).unwrap().can_leech = false);
    assert_eq!(ask(), "Access denied, leeching forbidden");
    ocelot.add_user(&Key::new(KEYS[0]).unwrap(), 1).unwrap();
    ocelot.allow_leeching(&Key::new(KEYS[0]).unwrap()).unwrap_or_else(|error| panic!("{error}"));
    announce(&http(), &world.url(0), *infohash, &Probe::leecher(1), Event::Stopped).unwrap();
    fake.drain(true);
    assert_eq!(words(ocelot.add_whitelist("-lt0").unwrap_err()), "The tracker is temporarily unavailable.");
}

#[test]
fn a_wrong_secret_is_found_out_in_the_body() {
    let world = World::new(OcelotVersion::V2_1_3);
    let ocelot = Ocelot::new(http(), &world.fake.base(), Key::new(&"x".repeat(32)).unwrap());
    let error = ocelot.add_torrent(world.infohash, 1, FreeTorrent::Free).unwrap_err();
    assert!(error.to_string().ends_with("refused the update: Authentication failure"), "{error}");
}

#[test]
fn a_whitelist_entry_that_would_be_escaped_is_refused() {
    let world = World::new(OcelotVersion::V1_0);
    for bad in ["", "%2DUT", "a b", "-lt0&x"] {
        assert!(matches!(world.ocelot.add_whitelist(bad), Err(Error::Argument { .. })), "{bad}");
    }
    assert!(world.fake.server().requests().is_empty());
}

#[test]
fn we_say_who_we_are() {
    let world = World::new(OcelotVersion::V1_0);
    let _refused = scrape(&http(), &world.url(0), world.infohash);
    let agent = world.fake.server().requests()[0].header("user-agent").unwrap();
    assert!(agent.starts_with("mkt-tracker-publish/"), "{agent}");
}
