//! No secret is shown or written: every verb with `-vv`, every call failing in turn with an answer that repeats what it
//! was asked, and then everything that was said and written is searched.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use e2e::fakes::{Fault, Flavour, GazelleOptions, OcelotOptions, OcelotVersion};

use super::rtorrent::installed;
use super::world::{Ended, World};
use super::{gazelle, ocelot};

const VERBS: [&[&str]; 5] =
    [&["hosts", "--create"], &["--wait", "--keep", "1"], &["check"], &["hosts"], &["withdraw"]];

/// What is repeated by a server, in each form that is read somewhere.
const ECHOES: [Fault; 3] = [Fault::EchoPage, Fault::EchoJson, Fault::EchoFailure];

/// Runs every verb; gives what was said and recorded.
fn every_verb(run: impl Fn(&[&str]) -> Ended, world: &World) -> String {
    let mut said = String::new();
    for verb in VERBS {
        said += &run(&[verb, &["--tracker-timeout", "200ms", "--timeout", "3s"]].concat()).said;
        said += &written(world);
    }
    said
}

/// Every file but those that were given to hold secrets.
fn written(world: &World) -> String {
    let mut text = String::new();
    for folder in [world.path().to_owned(), world.records(), world.seed()] {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let (name, path) = (entry.file_name().into_string().unwrap(), entry.path());
            text += &name;
            let given = ["password", "token", "site_password"].contains(&&*name) || name.ends_with(".key");
            let private = name == "session" || (name.ends_with(".torrent") && path.starts_with(world.seed()));
            if private {
                let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                assert_eq!(mode, 0o600, "{name} holds a secret");
            } else if path.is_file() && !given {
                text += &String::from_utf8_lossy(&fs::read(&path).unwrap());
            }
        }
    }
    text
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap().trim().to_owned()
}

#[track_caller]
fn assert_hidden(said: &str, secrets: &[(&str, String)]) {
    for (what, secret) in secrets {
        assert!(secret.len() >= 8, "{what} can be searched for");
        let line = said.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{what} in: {}", line.unwrap_or_default());
    }
}

#[test]
fn rule_24_no_secret_of_an_ocelot_is_ever_shown_or_written() {
    if !installed("rule_24_no_secret_of_an_ocelot_is_ever_shown_or_written") {
        return;
    }
    let fleet = ocelot::Fleet::new(OcelotVersion::V1_0);
    let run = |args: &[&str]| fleet.run(args);
    let mut said = every_verb(run, &fleet.world);
    assert!(said.contains("is seeded") && said.contains("its user was made"), "{said}");
    for part in ["announce?", "scrape?", "update?"] {
        for fault in [Fault::EchoPage, Fault::EchoFailure] {
            fleet.fake.fault(part, fault, 1000);
            let failed = every_verb(run, &fleet.world);
            assert!(failed.contains("not found: GET /"), "{part} {fault:?} was met: {failed}");
            said += &failed;
            fleet.fake.server().heal();
        }
    }
    for fault in [Fault::Slow(Duration::from_secs(30)), Fault::Reset(50), Fault::Huge(1 << 20)] {
        fleet.fake.fault("", fault, 1000);
        said += &every_verb(run, &fleet.world);
        fleet.fake.server().heal();
    }
    fleet.fake.server().down();
    said += &every_verb(run, &fleet.world);
    fleet.fake.server().up();
    fleet.fake.restart();
    said += &every_verb(run, &fleet.world);
    let keys = ["seeder", "web1", "web2"].map(|name| (name, fleet.key(name)));
    let password = read(&fleet.world.path().join("site_password"));
    assert_hidden(&said, &[&keys[..], &[("site_password", password)]].concat());
}

#[test]
fn rule_24_no_secret_of_a_site_is_ever_shown_or_written() {
    if !installed("rule_24_no_secret_of_a_site_is_ever_shown_or_written") {
        return;
    }
    for (flavour, parts) in [
        (
            Flavour::Pages2016,
            &[
                "login.php",
                "action=index",
                "action=torrent",
                "upload.php",
                "action=download",
                "POST /torrents.php",
            ][..],
        ),
        (Flavour::Ops, &["action=torrent", "action=upload", "action=download"]),
    ] {
        let fleet = gazelle::Fleet::fitting(flavour);
        let run = |args: &[&str]| fleet.run(args);
        let mut said = String::new();
        let mut cookies = Vec::new();
        for part in parts {
            for fault in &ECHOES[..2] {
                // So that each is asked for: nobody is logged in, nothing stored.
                if flavour == Flavour::Pages2016 && ["login.php", "upload.php"].contains(part) {
                    fs::remove_file(fleet.world.path().join("session")).ok();
                    fleet.site.forget_torrents();
                }
                fleet.site.fault(part, *fault, 1000);
                said += &every_verb(run, &fleet.world);
                fleet.site.server().heal();
                if let Ok(session) = fs::read_to_string(fleet.world.path().join("session")) {
                    cookies.extend(session.split('"').filter(|part| part.len() > 20).map(str::to_owned));
                }
            }
        }
        said += &every_verb(run, &fleet.world);
        assert!(said.contains("was uploaded") && said.contains("not found: "), "{said}");
        let options = GazelleOptions::default();
        let mut secrets = vec![
            ("the password", options.password),
            ("the password in a form", "correct%20horse%20battery".to_owned()),
            ("the token", options.token),
            ("the user's passkey", options.passkey),
            ("the authkey", "0123456789abcdef0123456789authke".to_owned()),
            ("site_password", OcelotOptions::default().secret),
            ("the seeder's passkey", read(&fleet.world.path().join("seeder.key"))),
            ("web1's passkey", read(&fleet.world.path().join("web1.key"))),
        ];
        assert!(flavour == Flavour::Ops || !cookies.is_empty());
        secrets.extend(cookies.into_iter().map(|cookie| ("a cookie", cookie)));
        assert_hidden(&said, &secrets);
    }
}
