//! Redirects: a few for a tracker, none for updates and sites.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};

use e2e::fakes::server::{Answer, Server};
use e2e::fakes::{FakeOcelot, OcelotOptions};
use metainfo::Infohash;
use tracker_client::gazelle::{Api, Manners, Site};
use tracker_client::{Error, Event, Key, Ocelot, Probe, Secret, announce, scrape};

use crate::http;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A server that sends everybody to where `to` says, or to `base` with the same path.
fn redirecting(to: impl Fn(&str) -> String + Send + Sync + 'static) -> Server {
    Server::start(IpAddr::V4(Ipv4Addr::LOCALHOST), 1 << 20, move |raw| {
        let line = raw.line();
        let location = to(line.split(' ').nth(1).unwrap_or("/"));
        let bytes = format!(
            "HTTP/1.1 301 Moved\r\nLocation: {location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
        Answer { bytes: bytes.into_bytes(), keep: false }
    })
}

fn infohash() -> Infohash {
    Infohash::from_info_bytes(b"x")
}

fn ocelot() -> FakeOcelot {
    let fake = FakeOcelot::start(OcelotOptions::default());
    fake.both(|base| {
        base.user(KEY, 1);
        base.torrent(infohash().as_bytes(), 1);
    });
    fake
}

#[test]
fn a_tracker_that_has_moved_is_followed() {
    let fake = ocelot();
    let base = fake.base();
    let first = redirecting(move |path| format!("{base}{path}"));
    // A relative one leads to the same server.
    let hops = Arc::new(Mutex::new(0));
    let (count, second) = (Arc::clone(&hops), format!("http://{}", first.address()));
    let relative = redirecting(move |path| {
        let mut hops = count.lock().unwrap();
        *hops += 1;
        if *hops % 2 == 1 { path.to_owned() } else { format!("{second}{path}") }
    });
    let url = format!("http://{}/{KEY}/announce", relative.address()).parse().unwrap();
    assert!(scrape(&http(), &url, infohash()).unwrap().is_some());
    announce(&http(), &url, infohash(), &Probe::leecher(1), Event::Stopped).unwrap();
    assert_eq!(*hops.lock().unwrap(), 4);
}

#[test]
fn a_circle_ends_and_shows_no_key() {
    let circle = redirecting(str::to_owned);
    let url = format!("http://{}/{KEY}/announce", circle.address()).parse().unwrap();
    let error = scrape(&http(), &url, infohash()).unwrap_err();
    assert!(error.to_string().contains("redirects more than 3 times"), "{error}");
    assert_eq!(circle.requests().len(), 4);
    let away = redirecting(|path| format!("ftp://t{path}"));
    let url = format!("http://{}/{KEY}/announce", away.address()).parse().unwrap();
    let error = scrape(&http(), &url, infohash()).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("no http or https URL") && !shown.contains(KEY), "{shown}");
}

#[test]
fn our_own_secrets_are_sent_nowhere_else() {
    let fake = ocelot();
    let base = fake.base();
    let moved = redirecting(move |path| format!("{base}{path}"));
    let named = format!("http://{}", moved.address());
    let ocelot = Ocelot::new(http(), &named, Key::new(&OcelotOptions::default().secret).unwrap());
    let api = Api::new(http(), &named, Secret::new("token"), Manners::default());
    for error in [ocelot.add_whitelist("-lt0").unwrap_err(), api.find(infohash()).unwrap_err()] {
        let expected = format!("it redirects to `{}`", fake.base());
        assert!(matches!(&error, Error::Foreign { reason, .. } if *reason == expected), "{error}");
    }
    assert!(fake.server().requests().is_empty());
}
