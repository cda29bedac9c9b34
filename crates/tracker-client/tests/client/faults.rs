//! What networks and wrong addresses do: each a clear error, and never more calls than asked for.

use std::time::{Duration, Instant};

use e2e::fakes::{FakeOcelot, Fault, OcelotOptions};
use metainfo::{AnnounceUrl, Infohash};
use tracker_client::{Error, Http, Key, Ocelot, Patience, scrape};

use crate::http;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn fake() -> (FakeOcelot, AnnounceUrl, Infohash) {
    let fake = FakeOcelot::start(OcelotOptions::default());
    let infohash = Infohash::from_info_bytes(b"x");
    fake.both(|base| {
        base.user(KEY, 1);
        base.torrent(infohash.as_bytes(), 1);
    });
    let url = fake.announce_url(KEY).parse().unwrap();
    (fake, url, infohash)
}

#[test]
fn a_tracker_that_is_down_is_unreachable_and_comes_back() {
    let (fake, url, infohash) = fake();
    fake.server().down();
    let error = scrape(&http(), &url, infohash).unwrap_err();
    assert!(error.is_unreachable() && error.to_string().contains("refused"), "{error}");
    fake.server().up();
    assert!(scrape(&http(), &url, infohash).unwrap().is_some());
}

#[test]
fn a_slow_tracker_is_unreachable_after_the_timeout() {
    let (fake, url, infohash) = fake();
    fake.fault("", Fault::Slow(Duration::from_secs(30)), 1);
    let patience = Patience { timeout: Duration::from_millis(300), attempts: 1, ..Patience::default() };
    let started = Instant::now();
    let error = scrape(&Http::new(patience, || false), &url, infohash).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(error.is_unreachable() && error.to_string().contains("no whole answer within 0.3 s"), "{error}");
}

#[test]
fn a_reply_that_never_ends_is_given_up_although_no_byte_is_late() {
    let (fake, url, infohash) = fake();
    fake.fault("", Fault::Drip(Duration::from_millis(30)), 1);
    let patience = Patience { timeout: Duration::from_millis(300), attempts: 1, ..Patience::default() };
    let started = Instant::now();
    let error = scrape(&Http::new(patience, || false), &url, infohash).unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(2));
    assert!(error.is_unreachable() && error.to_string().contains("within 0.3 s"), "{error}");
}

#[test]
fn a_reset_in_the_reply_is_survived_once_and_named_when_it_stays() {
    for fault in [Fault::Reset(30), Fault::Cut(100), Fault::LoseReply] {
        let (fake, url, infohash) = fake();
        fake.fault("", fault, 1);
        assert!(scrape(&http(), &url, infohash).unwrap().is_some(), "{fault:?}: the second attempt gets it");
        fake.fault("", fault, 9);
        let error = scrape(&http(), &url, infohash).unwrap_err();
        assert!(error.is_unreachable(), "{fault:?}: {error:?}");
        assert_eq!(fake.server().requests().len(), 4, "two attempts each");
    }
}

#[test]
fn a_web_page_is_no_tracker() {
    let (fake, url, infohash) = fake();
    fake.fault("", Fault::Html, 9);
    let error = scrape(&http(), &url, infohash).unwrap_err();
    assert!(matches!(&error, Error::Foreign { reason, .. } if reason.contains("text/html")), "{error}");
    assert_eq!(fake.server().requests().len(), 1, "a clear answer is not asked for again");
}

#[test]
fn ten_megabytes_are_not_read() {
    let (fake, url, infohash) = fake();
    fake.fault("", Fault::Huge(10 << 20), 1);
    let error = scrape(&http(), &url, infohash).unwrap_err();
    assert!(
        matches!(&error, Error::Foreign { reason, .. } if reason.contains("longer than 262144")),
        "{error}"
    );
}

#[test]
fn a_call_ends_soon_after_somebody_asked_to_end() {
    let (fake, url, infohash) = fake();
    fake.fault("", Fault::Slow(Duration::from_secs(30)), 9);
    let started = Instant::now();
    let http = Http::new(Patience::default(), move || started.elapsed() > Duration::from_millis(100));
    assert_eq!(scrape(&http, &url, infohash), Err(Error::Cancelled));
    assert!(started.elapsed() < Duration::from_secs(1));
}

#[test]
fn no_error_shows_a_key() {
    let (fake, url, infohash) = fake();
    let secret = OcelotOptions::default().secret;
    let ocelot = Ocelot::new(http(), &fake.base(), Key::new(&secret).unwrap());
    let mut shown = String::new();
    for fault in [
        Fault::Html,
        Fault::EchoPage,
        Fault::EchoFailure,
        Fault::Huge(1 << 20),
        Fault::Reset(10),
        Fault::LoseReply,
        Fault::Cut(90),
    ] {
        fake.server().heal();
        fake.fault("", fault, 9);
        shown += &format!("{:?}", scrape(&http(), &url, infohash).unwrap_err());
        shown += &format!("{:?}", ocelot.add_whitelist("-lt0").unwrap_err());
    }
    fake.server().down();
    shown += &format!("{0} {0:?}", scrape(&http(), &url, infohash).unwrap_err());
    shown += &format!("{0} {0:?} {ocelot:?}", ocelot.add_whitelist("-lt0").unwrap_err());
    assert!(!shown.contains(KEY) && !shown.contains(&secret), "{shown}");
    assert!(shown.contains(&fake.base()));
}
