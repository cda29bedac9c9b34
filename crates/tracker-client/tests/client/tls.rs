//! Certificates, behind a real nginx: only who is vouched for gets to hear a secret.

use std::fs;
use std::time::Duration;

use e2e::authority::{Authority, Valid};
use e2e::fakes::{FakeOcelot, OcelotOptions};
use e2e::front::TlsFront;
use e2e::peers;
use metainfo::Infohash;
use tempfile::TempDir;
use tracker_client::{Error, Http, Key, Ocelot, Patience, Proxies, Trust, scrape};

const KEY: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

pub(crate) fn installed(test: &str) -> bool {
    let all = ["nginx", "openssl"].iter().all(|program| peers::find(program).is_some());
    peers::skip_unless(test, all, "not installed: nginx (Debian package nginx-light) or openssl")
}

fn client(trust: &Trust) -> Http {
    Http::over(Proxies::default(), trust, Patience { attempts: 3, ..Patience::default() }, || false)
}

#[test]
fn a_certificate_counts_only_if_a_trusted_authority_signed_it_for_this_name_and_time() {
    if !installed("a_certificate_counts_only_if_a_trusted_authority_signed_it_for_this_name_and_time") {
        return;
    }
    let dir = TempDir::new().unwrap();
    let fake = FakeOcelot::start(OcelotOptions::default());
    let infohash = Infohash::from_info_bytes(b"x");
    fake.both(|base| {
        base.user(KEY, 1);
        base.torrent(infohash.as_bytes(), 1);
    });
    let ours = Authority::new(&dir.path().join("ours"));
    let another = Authority::new(&dir.path().join("another"));
    let front = |name: &str, san, valid| {
        TlsFront::start(&dir.path().join(name), &ours.issue(san, valid), fake.address())
    };
    let good = front("good", "DNS:localhost", Valid::Now);
    let old = front("old", "DNS:localhost", Valid::LongAgo);
    let foreign = front("foreign", "DNS:tracker.example", Valid::Now);
    let trust = |authority: &Authority| Trust::only(&fs::read(authority.file()).unwrap()).unwrap();
    let base = |front: &TlsFront| format!("https://localhost:{}", front.port());
    let ask = |trust: &Trust, front: &TlsFront| {
        let url = format!("{}/{KEY}/announce", base(front)).parse().unwrap();
        scrape(&client(trust), &url, infohash)
    };
    assert!(ask(&trust(&ours), &good).unwrap().is_some());
    let asked = fake.server().requests().len();

    for (trust, front, why) in [
        (Trust::public(), &good, "an authority that is not trusted has signed it"),
        (trust(&another), &good, "an authority that is not trusted has signed it"),
        (trust(&ours), &old, "expired"),
        (trust(&ours), &foreign, "tracker.example"),
    ] {
        let error = ask(&trust, front).unwrap_err();
        assert!(matches!(&error, Error::Untrusted { reason, .. } if reason.contains(why)), "{error}");
        assert!(error.to_string().starts_with(&format!("the certificate of `{}`", base(front))), "{error}");
        let secret = Key::new(&OcelotOptions::default().secret).unwrap();
        let update = Ocelot::new(client(&trust), &base(front), secret).add_whitelist("-lt0");
        assert!(matches!(update, Err(Error::Untrusted { .. })), "{update:?}");
    }
    assert_eq!(fake.server().requests().len(), asked, "none of them was sent anything");
    // What does not speak TLS at all.
    let url = format!("https://{}/{KEY}/announce", fake.address()).parse().unwrap();
    let hurry = Patience { timeout: Duration::from_millis(500), attempts: 1, ..Patience::default() };
    let http = Http::over(Proxies::default(), &trust(&ours), hurry, || false);
    let error = scrape(&http, &url, infohash).unwrap_err();
    assert!(!matches!(error, Error::Untrusted { .. }) && !format!("{error:?}").contains(KEY), "{error}");
}
