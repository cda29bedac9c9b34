//! `[health]` as it is read and filled in.

use std::fs;
use std::time::Duration;

use crate::*;

const SMALL: &str = "[site]\ndeploy_to = \"/srv/site\"\n[hosts.web1]\naddress = \"2001:db8::1\"\n";

const HEALTH: &str = r#"
[health]
url = "http://{address}:8080/"
host = "{name}.example.org"
headers = { X-Forwarded-Proto = "https", X-Asks = "{release}" }
status = 204
contains = "{release}"
header = "X-Release: {release}@{name}"
attempts = 3
interval = "250ms"
timeout = "2s"
"#;

fn load(table: &str) -> Result<Inventory, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fleet.toml");
    fs::write(&path, format!("{SMALL}{table}")).unwrap();
    Inventory::load(&path)
}

#[test]
fn host_and_release_are_filled_in() {
    let fleet = load(HEALTH).unwrap();
    let web1 = &fleet.hosts[0];
    let check = fleet.health.as_ref().unwrap().for_host(web1, "42-abc");
    let question = &check.questions[0];
    assert_eq!((question.url.as_str(), check.questions.len()), ("http://[2001:db8::1]:8080/", 1));
    assert_eq!(question.host.as_deref(), Some("web1.example.org"));
    let headers = question.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    assert_eq!(headers.collect::<Vec<_>>(), [("X-Asks", "42-abc"), ("X-Forwarded-Proto", "https")]);
    assert_eq!(question.expected.contains.as_deref(), Some("42-abc"));
    assert_eq!(question.expected.header, Some(("X-Release".to_owned(), "42-abc@web1".to_owned())));
    assert_eq!((question.expected.status, check.attempts), (204, 3));
    // What was there before us does not know what we call it.
    let adopted = &fleet.health.as_ref().unwrap().for_adopted(web1, "42-abc").questions[0].expected;
    assert_eq!((&adopted.contains, &adopted.header, adopted.status), (&None, &None, 204));
    assert_eq!((check.interval, check.timeout), (Duration::from_millis(250), Duration::from_secs(2)));
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_key() {
    for (table, key, why) in [
        ("[health]\nattempts = 2\n", "health.url", "a `url` or a `command`"),
        ("[health]\ncommand = [\"true\"]\nstatus = 200\n", "health.url", "about a page"),
        ("[health]\ncommand = [\"true\"]\nhost = \"x\"\n", "health.url", "about a page"),
        ("[health]\nurl = \"http://x/\"\nhost = \"http://x/\"\n", "health.host", "not the name of a site"),
        ("[health]\nurl = \"http://x/\"\nheaders = { Host = \"x\" }\n", "health.headers.Host", "as `host`"),
        (
            "[health]\nurl = \"http://x/\"\nheaders = { \"a b\" = \"x\" }\n",
            "health.headers.a b",
            "name of a header",
        ),
        (
            "[health]\nurl = \"http://x/\"\nheaders = { a = \"\u{e9}\" }\n",
            "health.headers.a",
            "printable ASCII",
        ),
    ] {
        let text = load(table).unwrap_err().to_string();
        assert!(text.contains(key) && text.contains(why), "{table}: {text}");
    }
}

const DRUPAL: &str = "[health]\nurl = \"http://{address}:8080/start?x=1\"\nheader = \"X-Site: {name}\"\n\
                      paths = [\"/user/login\"]\n";

/// The same site, as one of Drupal.
fn load_drupal(table: &str) -> Result<Inventory, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fleet.toml");
    let small = SMALL.replace("[hosts.web1]", "drupal = \"8+\"\n[hosts.web1]");
    fs::write(&path, format!("{small}{table}")).unwrap();
    Inventory::load(&path)
}

#[test]
fn of_a_drupal_site_php_names_the_release_on_every_page() {
    let fleet = load_drupal(DRUPAL).unwrap();
    let health = fleet.health.as_ref().unwrap();
    let questions = health.for_host(&fleet.hosts[0], "r1").questions;
    let urls: Vec<_> = questions.iter().map(|question| question.url.as_str()).collect();
    assert_eq!(urls, ["http://[2001:db8::1]:8080/start?x=1", "http://[2001:db8::1]:8080/user/login"]);
    assert!(questions.iter().all(|question| question.expected.release.as_deref() == Some("r1")));
    let headers = questions.iter().map(|question| question.expected.header.is_some());
    assert_eq!(headers.collect::<Vec<_>>(), [true, false], "more pages need the status alone");
    let adopted = health.for_adopted(&fleet.hosts[0], "r1").questions;
    assert!(adopted.iter().all(|question| question.expected.release.is_none()));
    let page = load_drupal(&format!("{DRUPAL}prove = \"page\"\n")).unwrap();
    let questions = page.health.unwrap().for_host(&page.hosts[0], "r1").questions;
    assert!(questions.len() == 2 && questions.iter().all(|question| question.expected.release.is_none()));
}

#[test]
fn what_was_taken_over_is_not_asked_for_by_a_name_that_it_does_not_know() {
    let asked = |more: &str| {
        let fleet = load(&format!("[health]\n{more}")).unwrap();
        let health = fleet.health.unwrap();
        let of = |check: HealthCheck| {
            let urls = check.questions.into_iter().map(|question| question.url).collect::<Vec<_>>();
            (urls, check.command)
        };
        (of(health.for_host(&fleet.hosts[0], "r1")), of(health.for_adopted(&fleet.hosts[0], "r1")))
    };
    let (built, adopted) =
        asked("url = \"http://x/{release}/ok.txt\"\ncommand = [\"well\", \"--is={release}\"]\n");
    assert_eq!(built.0, ["http://x/r1/ok.txt"]);
    assert_eq!(built.1.unwrap(), ["well", "--is=r1"]);
    assert_eq!(adopted, (Vec::new(), None));
    let (built, adopted) = asked("url = \"http://x/ok?for={release}\"\ncommand = [\"well\"]\n");
    assert_eq!(built, adopted, "a query does not decide what is there");
    assert_eq!(adopted.0, ["http://x/ok?for=r1"]);
}

#[test]
fn pages_that_cannot_be_asked_for_and_proof_that_nobody_gives_are_refused() {
    for path in ["user/login", "//elsewhere/x", "/a b", ""] {
        let table = DRUPAL.replace("/user/login", path);
        let refused = load_drupal(&table).unwrap_err().to_string();
        assert!(refused.contains("is no path"), "{refused}");
    }
    let refused = load(&format!("{DRUPAL}prove = \"code\"\n")).unwrap_err().to_string();
    assert!(refused.contains("goes with `[site] drupal`"), "{refused}");
}
