//! Proxies: a real tinyproxy, which like most opens tunnels to some ports only.

use std::fs;

use e2e::authority::{Authority, Valid};
use e2e::fakes::{FakeGazelle, FakeOcelot, Flavour, GazelleOptions, OcelotOptions};
use e2e::front::{ForwardProxy, TlsFront, free_port};
use e2e::peers;
use metainfo::{AnnounceUrl, Infohash};
use tempfile::TempDir;
use tracker_client::gazelle::{Api, Manners, Site, Stored, Upload};
use tracker_client::{Error, Http, Patience, Proxies, Secret, Trust, scrape};

use crate::tls;

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn installed(test: &str) -> bool {
    let why = "not installed: tinyproxy (Debian package tinyproxy-bin)";
    peers::skip_unless(test, peers::find("tinyproxy").is_some(), why) && tls::installed(test)
}

fn through(variables: &[(&str, String)], trust: &Trust) -> Http {
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    };
    Http::over(Proxies::of(variable).unwrap(), trust, Patience { attempts: 1, ..Patience::default() }, || {
        false
    })
}

struct World {
    dir: TempDir,
    fake: FakeOcelot,
    infohash: Infohash,
    url: AnnounceUrl,
}

impl World {
    fn new() -> Self {
        let (dir, fake) = (TempDir::new().unwrap(), FakeOcelot::start(OcelotOptions::default()));
        let infohash = Infohash::from_info_bytes(b"x");
        fake.both(|base| {
            base.user(KEY, 1);
            base.torrent(infohash.as_bytes(), 1);
        });
        let url = fake.announce_url(KEY).parse().unwrap();
        Self { dir, fake, infohash, url }
    }

    fn ask(&self, http: &Http) -> Result<(), Error> {
        scrape(http, &self.url, self.infohash).map(|found| assert!(found.is_some()))
    }
}

#[test]
fn plain_http_goes_through_a_proxy_that_opens_no_tunnel_to_it() {
    if !installed("plain_http_goes_through_a_proxy_that_opens_no_tunnel_to_it") {
        return;
    }
    let world = World::new();
    let proxy = ForwardProxy::start(&world.dir.path().join("proxy"), 443, None);
    let url = format!("http://{}", proxy.address());
    let http = through(&[("HTTP_PROXY", url.clone())], &Trust::public());
    world.ask(&http).unwrap();
    assert_eq!(proxy.requests("GET http://"), 1, "the whole URL in the request line");
    // An upload goes the same way.
    let site = FakeGazelle::start(GazelleOptions { flavour: Flavour::Ops, ..GazelleOptions::default() });
    let token = Secret::new(GazelleOptions::default().token);
    let api = Api::new(http, &site.base(), token, Manners::default());
    let torrent = torrent(&world);
    let upload =
        Upload { torrent: &torrent, file_name: "r.torrent", title: "r1", tags: "ab", description: None };
    assert_eq!(api.upload(&upload), Ok(Stored::AsSent));
    assert_eq!(proxy.requests("POST http://"), 1);

    let except = [("HTTP_PROXY", url), ("NO_PROXY", "10.0.0.0/8,127.0.0.0/8".to_owned())];
    let asked = proxy.requests("");
    world.ask(&through(&except, &Trust::public())).unwrap();
    assert_eq!(proxy.requests(""), asked, "NO_PROXY was honoured");
}

fn torrent(world: &World) -> Vec<u8> {
    let path = world.dir.path().join("x");
    fs::write(&path, [7; 40_000]).unwrap();
    let builder = metainfo::Builder::new("x", metainfo::PieceLength::MIN).private(true);
    builder.source(Some("OPS".to_owned())).from_file(&path, &|_| true).unwrap().to_bytes()
}

#[test]
fn https_goes_through_a_tunnel_and_the_certificate_is_the_servers() {
    if !installed("https_goes_through_a_tunnel_and_the_certificate_is_the_servers") {
        return;
    }
    let world = World::new();
    let authority = Authority::new(&world.dir.path().join("authority"));
    let certificate = authority.issue("DNS:localhost", Valid::Now);
    let front = TlsFront::start(&world.dir.path().join("front"), &certificate, world.fake.address());
    let proxy = ForwardProxy::start(&world.dir.path().join("proxy"), front.port(), None);
    let trust = Trust::only(&fs::read(authority.file()).unwrap()).unwrap();
    let variables = [("https_proxy", format!("http://{}", proxy.address()))];
    let url = format!("https://localhost:{}/{KEY}/announce", front.port()).parse().unwrap();
    assert!(scrape(&through(&variables, &trust), &url, world.infohash).unwrap().is_some());
    assert_eq!((proxy.requests("CONNECT localhost"), proxy.requests(KEY)), (1, 0), "it sees no passkey");
    let error = scrape(&through(&variables, &Trust::public()), &url, world.infohash).unwrap_err();
    assert!(matches!(error, Error::Untrusted { .. }), "{error}");
}

#[test]
fn a_proxy_that_refuses_or_is_down_is_named_and_its_password_is_not() {
    if !installed("a_proxy_that_refuses_or_is_down_is_named_and_its_password_is_not") {
        return;
    }
    let world = World::new();
    let proxy = ForwardProxy::start(&world.dir.path().join("proxy"), 443, Some(("ci", "hunter2")));
    let by = |login: &str| [("all_proxy", format!("http://{login}{}", proxy.address()))];
    world.ask(&through(&by("ci:hunter2@"), &Trust::public())).unwrap();
    let error = world.ask(&through(&by("ci:hunter3@"), &Trust::public())).unwrap_err();
    assert!(error.to_string().contains("status 401") || error.to_string().contains("status 407"), "{error}");
    // A tunnel that it does not open.
    let closed = format!("https://localhost:{}/{KEY}/announce", free_port()).parse().unwrap();
    let error = scrape(&through(&by("ci:hunter2@"), &Trust::public()), &closed, world.infohash).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(
        shown.contains(&format!("through the proxy `{}`: it opens no tunnel", proxy.address())),
        "{shown}"
    );
    assert!(!shown.contains("hunter2") && !shown.contains(KEY), "{shown}");
    let address = proxy.address();
    drop(proxy);
    let error = world.ask(&through(&[("http_proxy", address.clone())], &Trust::public())).unwrap_err();
    let expected = format!("through the proxy `{address}`: ");
    assert!(matches!(&error, Error::Unreachable { reason, .. } if reason.starts_with(&expected)), "{error}");
}
