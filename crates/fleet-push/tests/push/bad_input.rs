//! What is refused before any host is dialled.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use record::{Pack, Publish, Record, Records, TrackerMode};

use crate::published::Published;

/// Nobody can be dialled at this address without a route; a test that dials it is wrong anyway.
const HOST: &str = "[hosts.web1]\naddress = \"192.0.2.1\"\n";

#[test]
fn a_wrong_command_line_is_usage() {
    let published = Published::new(HOST);
    for args in
        [&[][..], &["--fleet"], &["--fleet", "fleet.toml", "--parallel", "0"], &["--stall-timeout", "5"]]
    {
        let ended = published.run(args);
        assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
    }
    assert!(!published.path("records/push.json").exists());
}

#[test]
fn a_wrong_inventory_is_usage_and_says_where() {
    let published = Published::new(HOST);
    published.run(&["--fleet", "none.toml"]).refuses(2, "`none.toml`");
    published.push(&["--only", "web2"]).refuses(2, "no host `web2`");
    let good = fs::read_to_string(published.path("fleet.toml")).unwrap();
    for (from, to, words) in [
        ("address", "adress", "`hosts.web1.adress`"),
        ("/srv/site", "srv/site", "is not an absolute path"),
        ("[site]", "[site", "line 1"),
        ("192.0.2.1", "192.0.2.1\nx = 1\n", "line"),
    ] {
        fs::write(published.path("fleet.toml"), good.replace(from, to)).unwrap();
        published.push(&[]).refuses(2, words);
    }
}

#[test]
fn keys_that_are_not_there_are_told_once_and_before_dialling() {
    let published = Published::new(&format!("{HOST}[hosts.web2]\naddress = \"192.0.2.2\"\n"));
    let ended = published.push(&["--identity", "none"]);
    ended.refuses(2, "cannot read the private key `none`");
    assert_eq!(ended.stderr.matches("`none`").count(), 1, "{}", ended.stderr);
    published.push(&["--known-hosts", "nobody"]).refuses(2, "cannot read the known_hosts file `nobody`");
    published.push(&["--identity", "known_hosts"]).refuses(2, "is not a private key");
}

#[test]
fn a_private_key_that_others_may_read_is_refused_by_every_verb_before_dialling() {
    let published = Published::new(HOST);
    let key = published.path("key");
    // What plan reads.
    let before = published.record();
    let details =
        Pack { directories: 0, links: 0, excluded: 0, release_time: 1, base: None, level: None, pieces: 1 };
    let pack = Record::new(before.tool, None, before.release, details);
    Records::new(published.path("records")).write(&pack).unwrap();
    for mode in [0o640, 0o644, 0o604] {
        fs::set_permissions(&key, fs::Permissions::from_mode(mode)).unwrap();
        for verb in ["doctor", "plan"] {
            let ended = published.run(&[verb, "--fleet", "fleet.toml"]);
            ended.refuses(2, "private key `key`");
            assert!(ended.stderr.contains("chmod"), "{verb}: {}", ended.stderr);
        }
    }
    // Afterwards, since a push wants the records as they were.
    published.write(&published.record());
    fs::remove_file(published.path("records/pack.json")).unwrap();
    published.push(&[]).refuses(2, "private key `key`");
}

#[test]
fn records_must_be_there_and_of_the_stage_before() {
    let published = Published::new(HOST);
    published.push(&["--records", "elsewhere"]).refuses(10, "`elsewhere/publish.json` does not exist");
    let path = published.path("records/publish.json");
    let good = fs::read_to_string(&path).unwrap();
    for (from, to, words) in [
        ("publish/1", "pack/1", "is a `pack/1` record"),
        ("publish/1", "publish/2", "is a `publish/2` record"),
        ("\"aborted\": false", "\"aborted\": false, \"more\": 1", "is not a valid `publish/1` record"),
        ("{", "", "is not a valid"),
    ] {
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        published.push(&[]).refuses(10, words);
    }
    assert!(!published.path("records/push.json").exists());
}

#[test]
fn a_publishing_that_did_not_end_well_is_not_pushed() {
    let published = Published::new(HOST);
    let good = published.record();
    let with = |change: &dyn Fn(&mut Record<Publish>), words: &str| {
        let mut record = good.clone();
        change(&mut record);
        published.write(&record);
        published.push(&[]).refuses(10, words);
    };
    with(&|record| record.aborted = true, "the stage was aborted");
    with(&|record| record.details.seeder = None, "no seeder was proved");
    with(&|record| record.details.seeder.as_mut().unwrap().complete = false, "the seeder is not complete");
    let announce = |record: &mut Record<Publish>| {
        record.details.mode = TrackerMode::Announce;
        record.details.announce = Some("gopher://t.example/".into());
    };
    with(&announce, "http, https or udp");
}

#[test]
fn a_torrent_that_is_not_the_record_s_is_not_pushed() {
    let published = Published::new(HOST);
    let good = published.record();
    let with = |change: &dyn Fn(&mut Record<Publish>), words: &str| {
        let mut record = good.clone();
        change(&mut record);
        published.write(&record);
        published.push(&[]).refuses(10, words);
    };
    let hash = "00112233445566778899aabbccddeeff00112233";
    with(&|record| record.release.infohash = hash.parse().unwrap(), "has infohash");
    with(&|record| record.release.payload.bytes = 99_999, "has payload bytes 100000");
    with(&|record| record.release.payload.file = "y.tar.zst".parse().unwrap(), "has name x.tar.zst");
    with(&|record| record.release.private = true, "private");
    published.write(&good);
    fs::write(published.path("records/x.torrent"), "d4:infode").unwrap();
    published.push(&[]).refuses(10, "x.torrent");
    fs::remove_file(published.path("records/x.torrent")).unwrap();
    published.push(&[]).refuses(10, "x.torrent");
}

#[test]
fn a_tracker_with_users_wants_a_passkey_of_every_host() {
    let published = Published::new(&format!("{HOST}passkey_env = \"WEB1_PASSKEY\"\n"));
    let mut record = published.record();
    record.details.mode = TrackerMode::Announce;
    record.details.announce = Some("http://t.example/{passkey}/announce".into());
    published.write(&record);
    published.push(&[]).refuses(10, "fleet.toml knows of none");
    let inventory = fs::read_to_string(published.path("fleet.toml")).unwrap();
    let tracker =
        "[tracker]\nmode = \"announce\"\nannounce = \"http://t.example/{passkey}/announce\"\n[hosts";
    fs::write(published.path("fleet.toml"), inventory.replacen("[hosts", tracker, 1)).unwrap();
    published.push(&[]).refuses(2, "variable `WEB1_PASSKEY`");
}
