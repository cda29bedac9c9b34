//! `[health]` as it is read and filled in.

use std::fs;
use std::time::Duration;

use super::*;

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
