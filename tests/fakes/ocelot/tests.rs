//! The fake against what the real ones were seen to say, byte for byte.

use std::io::{Read, Write};
use std::net::TcpStream;

use super::*;

const KEYS: [&str; 3] = [
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    "cccccccccccccccccccccccccccccccc",
];
const HASH: &[u8; 20] = b"\x01\x20\x2b\xffabcdefghijklmnop";
const ESCAPED: &str = "%01%20%2b%FFabcdefghijklmnop";

fn fake(version: OcelotVersion) -> FakeOcelot {
    let fake = FakeOcelot::start(OcelotOptions { version, ..OcelotOptions::default() });
    fake.both(|base| {
        (1..).zip(KEYS).for_each(|(id, key)| base.user(key, id));
        base.torrent(HASH, 7);
    });
    fake
}

/// Head and body of the answer to these very bytes.
fn send(fake: &FakeOcelot, request: &str) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(fake.address()).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let body = all.split_off(head + 4);
    let head = String::from_utf8(all).unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
    assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    (head, body)
}

fn get(fake: &FakeOcelot, path: &str) -> String {
    let (_, body) = send(
        fake,
        &format!("GET {path} HTTP/1.1\r\nHost: t.example\r\nX-Filler: {}\r\n\r\n", "x".repeat(60)),
    );
    body.iter().map(|byte| char::from(*byte)).collect()
}

fn announce(fake: &FakeOcelot, key: usize, id: &str, more: &str) -> String {
    get(
        fake,
        &format!("/{}/announce?info_hash={ESCAPED}&peer_id={id:-<20}&compact=1&port=6881{more}", KEYS[key]),
    )
}

fn update(fake: &FakeOcelot, command: &str) -> String {
    get(fake, &format!("/{}/update?action={command}", OcelotOptions::default().secret))
}

fn failure(text: &str) -> String {
    format!("d14:failure reason{}:{text}12:min intervali5400e8:intervali5400ee", text.len())
}

#[test]
fn headers_come_in_the_order_of_each_version() {
    let request = format!("GET /{}/scrape?info_hash={ESCAPED} HTTP/1.1\r\nHost: t\r\n\r\n", KEYS[0]);
    let (head, _) = send(&fake(OcelotVersion::V1_0), &request);
    assert_eq!(
        head,
        "HTTP/1.1 200 OK\r\nServer: Ocelot 1.0\r\nContent-Type: text/plain\r\nConnection: Close\r\nContent-Length: 81\r\n\r\n"
    );
    let (head, _) = send(&fake(OcelotVersion::V2_1_3), &request);
    assert_eq!(
        head,
        "HTTP/1.1 200 OK\r\nServer: Ocelot 2.1.3\r\nContent-Type: text/plain\r\nContent-Length: 81\r\nConnection: Close\r\n\r\n"
    );
}

#[test]
fn every_failure_has_its_text_and_length() {
    let fake = fake(OcelotVersion::V1_0);
    let (_, short) = send(&fake, "GET / HTTP/1.1\r\n\r\n");
    assert_eq!(short, failure("GET string too short").into_bytes());
    assert_eq!(get(&fake, &format!("/{}", "x".repeat(4100))), failure("GET string too long"));
    for path in ["/", "/prefix/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/announce?", "/short/announce?"] {
        assert_eq!(get(&fake, path), failure("Malformed announce"), "{path}");
    }
    for method in ["POST", "HEAD"] {
        let request = format!("{method} /{}/announce? HTTP/1.1\r\nHost: t\r\n\r\n", KEYS[0]);
        assert_eq!(send(&fake, &request).1, failure("Malformed announce").into_bytes(), "{method}");
    }
    assert!(get(&fake, &format!("/{}/announcement", KEYS[0])).contains("Nothing to see here"));
    assert!(get(&fake, &format!("/{}/xyz?", KEYS[0])).contains("Nothing to see here"));
    let unknown = "0".repeat(32);
    assert_eq!(get(&fake, &format!("/{unknown}/update?action=x")), failure("Authentication failure"));
    assert_eq!(get(&fake, &format!("/{unknown}/report?get=stats")), failure("Authentication failure"));
    assert_eq!(get(&fake, &format!("/{unknown}/scrape?info_hash=x")), failure("Passkey not found"));
    assert_eq!(
        failure("Authentication failure"),
        "d14:failure reason22:Authentication failure12:min intervali5400e8:intervali5400ee"
    );
}

#[test]
fn announces_are_checked_in_this_order() {
    let fake = fake(OcelotVersion::V1_0);
    fake.both(|base| base.whitelist = vec![b"-lt0".to_vec()]);
    let get = |tail: &str| get(&fake, &format!("/{}/announce?{tail}", KEYS[0]));
    let hash = format!("info_hash={ESCAPED}");
    assert_eq!(get("info_hash=nope"), failure("Unregistered torrent"));
    assert_eq!(get(&hash), failure("Your client does not support compact announces"));
    assert_eq!(get(&format!("{hash}&compact=1")), failure("No peer ID"));
    assert_eq!(get(&format!("{hash}&compact=1&peer_id=x")), failure("Invalid peer ID"));
    let other = "-UT1234-aaaaaaaaaaaa";
    assert_eq!(
        get(&format!("{hash}&compact=1&peer_id={other}")),
        failure("Your client is not on the whitelist")
    );
    assert!(get(&format!("{hash}&compact=1&peer_id=-lt0D80-aaaaaaaaaaaa&left=1")).contains("5:peers0:"));
    fake.both(|base| base.users.get_mut(KEYS[0]).unwrap().can_leech = false);
    assert_eq!(
        get(&format!("{hash}&compact=1&peer_id=-lt0D80-aaaaaaaaaaaa&left=1")),
        failure("Access denied, leeching forbidden")
    );
    assert_eq!(fake.peers(HASH), (0, 1), "the books were kept before");
}

#[test]
fn a_seeder_then_a_leecher_byte_for_byte() {
    let fake = fake(OcelotVersion::V1_0);
    assert_eq!(
        announce(&fake, 0, "seeder", "&left=0"),
        "d8:completei1e10:downloadedi0e10:incompletei0e8:intervali1801e12:min intervali1800e5:peers0:e"
    );
    assert_eq!(
        announce(&fake, 1, "leecher", "&left=5"),
        "d8:completei1e10:downloadedi0e10:incompletei1e8:intervali1801e12:min intervali1800e5:peers6:\x7f\0\0\x01\x1a\u{e1}e"
    );
    let jitter = fake_interval(&announce(&self::fake(OcelotVersion::V2_1_3), 0, "seeder", "&left=0"));
    assert!((1800..2040).contains(&jitter), "{jitter}");
}

fn fake_interval(body: &str) -> i64 {
    let (_, rest) = body.split_once("8:intervali").unwrap();
    rest.split_once('e').unwrap().0.parse().unwrap()
}

#[test]
fn the_same_user_never_sees_itself_and_stopped_removes() {
    let fake = fake(OcelotVersion::V1_0);
    announce(&fake, 0, "seeder", "&left=0");
    assert!(
        announce(&fake, 0, "mate", "&left=5").contains("5:peers0:"),
        "one passkey for two: nothing moves"
    );
    assert!(announce(&fake, 1, "other", "&left=5&numwant=0").contains("5:peers0:"));
    assert!(announce(&fake, 1, "other", "&left=5&numwant=1").contains("5:peers6:"));
    assert_eq!(fake.peers(HASH), (1, 2));
    announce(&fake, 0, "seeder", "&left=0&event=stopped");
    assert_eq!(fake.peers(HASH), (0, 2));
}

#[test]
fn a_second_seeder_stays_hidden_until_it_announces_again() {
    let fake = fake(OcelotVersion::V1_0);
    let peers = |id: &str| {
        let body = announce(&fake, 2, id, "&left=5");
        let (_, list) = body.split_once(":peers").unwrap();
        let list: Vec<char> = list.split_once(':').unwrap().1.chars().collect();
        list.chunks(6).filter(|peer| peer.len() == 6).map(|peer| peer[3] as u32).collect::<Vec<_>>()
    };
    announce(&fake, 0, "A", "&left=0&ip=10.0.0.1");
    assert_eq!(peers("l"), [1]);
    announce(&fake, 1, "B", "&left=0&ip=10.0.0.2");
    assert_eq!(peers("l"), [1], "B is hidden");
    announce(&fake, 1, "C", "&left=0&ip=10.0.0.3");
    assert_eq!(peers("l"), [3, 1]);
    announce(&fake, 1, "B", "&left=0&ip=10.0.0.2");
    assert!(peers("l").contains(&2), "B announced again");
}

#[test]
fn addresses_are_taken_unchecked() {
    let fake = fake(OcelotVersion::V1_0);
    announce(&fake, 0, "a", "&left=0&ip=300.1.1.1");
    assert!(announce(&fake, 1, "b", "&left=5").contains("5:peers6:\x2c\x01\x01\x01"), "300 became 44");
    let warned = announce(&fake, 0, "a", "&left=0&ip=fd00::1");
    assert!(
        warned
            .ends_with("15:warning message60:Illegal character found in IP address. IPv6 is not supportede")
    );
    assert!(announce(&fake, 1, "b", "&left=5").contains("5:peers0:"), "and is invisible");
    announce(&fake, 0, "a", "&left=0&ipv6=fd00::1");
    assert!(announce(&fake, 1, "b", "&left=5").contains("5:peers6:\x7f\0\0\x01"), "ipv6= is ignored");
    let hash = format!("info_hash={ESCAPED}&peer_id={:-<20}&compact=1&left=0", "a");
    let request = format!(
        "GET /{}/announce?{hash}&port=0 HTTP/1.1\r\nHost: t\r\nX-Forwarded-For: 192.0.2.9, 10.0.0.1\r\n\r\n",
        KEYS[0]
    );
    send(&fake, &request);
    let given = announce(&fake, 1, "b", "&left=5");
    assert!(given.contains("5:peers6:\u{c0}\0\x02\x09\0\0"), "the first entry, and port 0: {given:?}");
}

#[test]
fn nobody_is_given_more_peers_than_the_limit() {
    let fake = fake(OcelotVersion::V2_1_3);
    for number in 0..60 {
        announce(&fake, 0, &format!("peer{number}"), "&left=5");
    }
    for wanted in ["", "&numwant=500"] {
        assert!(
            announce(&fake, 1, "asking", &format!("&left=5{wanted}")).contains("5:peers300:"),
            "50 peers"
        );
    }
}

#[test]
fn scrape_omits_the_unknown_and_packs_on_request() {
    let fake = fake(OcelotVersion::V1_0);
    let scrape = |hash: &str| get(&fake, &format!("/{}/scrape?info_hash={hash}", KEYS[0]));
    assert_eq!(scrape("unknown"), "d5:filesdee");
    let known: String = HASH.iter().map(|byte| char::from(*byte)).collect();
    let zeros = format!("d5:filesd20:{known}d8:completei0e10:incompletei0e10:downloadedi0eeee");
    assert_eq!(scrape(ESCAPED), zeros);
    let (head, body) = send(
        &fake,
        &format!("GET /{}/scrape?info_hash={ESCAPED} HTTP/1.1\r\nAccept-Encoding: gzip\r\n\r\n", KEYS[0]),
    );
    assert!(head.contains("Content-Type: text/plain\r\nContent-Encoding: gzip\r\nConnection"), "{head}");
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut text).unwrap();
    assert!(text.starts_with(b"d5:filesd20:"));
}

#[test]
fn nonsense_is_answered_success() {
    let fake = fake(OcelotVersion::V1_0);
    let hex = hex::encode(b"another hash of 20 b");
    for command in [
        "no_such_action".to_owned(),
        "delete_torrent&info_hash=unknown".to_owned(),
        format!("add_torrent&info_hash={hex}&id=1&freetorrent=0"),
        "add_torrent&info_hash=plus+is+no+space+xx+&id=1&freetorrent=0".to_owned(),
        "info_torrent&info_hash=x".to_owned(),
    ] {
        assert_eq!(update(&fake, &command), "success", "{command}");
    }
    let memory = fake.memory();
    assert!(memory.torrents.contains_key(hex.as_bytes()), "a useless key of 40 bytes");
    assert!(!memory.torrents.contains_key(b"another hash of 20 b".as_slice()));
    assert!(memory.torrents.contains_key(b"plus+is+no+space+xx+".as_slice()));
}

#[test]
fn updates_do_what_they_say_and_no_more() {
    let fake = fake(OcelotVersion::V2_1_3);
    update(&fake, &format!("add_torrent&info_hash={ESCAPED}&id=99"));
    let known = &fake.memory().torrents[HASH.as_slice()];
    assert_eq!((known.id.as_str(), known.free), ("7", 2), "the id stays, a missing freetorrent is neutral");
    update(&fake, &format!("update_torrent&info_hash={ESCAPED}&freetorrent=1"));
    assert_eq!(fake.memory().torrents[HASH.as_slice()].free, 1);
    assert_eq!(
        update(&fake, &format!("info_torrent&info_hash={ESCAPED}")),
        format!("{{\"hash\":{ESCAPED},\"id\":7,\"free\":1}}\n")
    );
    assert_eq!(update(&fake, "info_torrent&info_hash=%00"), "{\"hash\":%00,\"fail\":1}\n");
    update(&fake, &format!("add_user&passkey={}&id=55", KEYS[0]));
    assert_eq!(fake.memory().users[KEYS[0]].id, "1", "a known passkey keeps its number");
    update(&fake, "add_whitelist&peer_id=%2DUT");
    assert_eq!(fake.memory().whitelist, [b"%2DUT".to_vec()], "not decoded");
    update(&fake, "edit_whitelist&old_peer_id=%2DUT&new_peer_id=-lt0");
    assert_eq!(fake.memory().whitelist, [b"-lt0".to_vec()]);
    update(&fake, "remove_whitelist&peer_id=-lt0");
    update(&fake, "update_announce_interval&new_announce_interval=60");
    let interval = fake_interval(&announce(&fake, 0, "a", "&left=0"));
    assert!((60..300).contains(&interval));
    update(&fake, &format!("delete_torrent&info_hash={ESCAPED}&reason=0"));
    assert_eq!(announce(&fake, 0, "a", ""), failure("Unregistered torrent: Dupe"));
    update(&fake, &format!("add_torrent&info_hash={ESCAPED}&id=7&freetorrent=0"));
    assert!(announce(&fake, 0, "a", "&left=0").contains("5:peers"));
    update(&fake, &format!("delete_torrent&info_hash={ESCAPED}"));
    assert_eq!(announce(&fake, 0, "a", ""), failure("Unregistered torrent"), "no reason was given");
    update(&fake, &format!("add_torrent&info_hash={ESCAPED}&id=7&freetorrent=5"));
    assert_eq!(fake.memory().torrents[HASH.as_slice()].free, 2, "anything else is neutral");
    update(&fake, &format!("update_torrents&info_hashes={ESCAPED}01234567890123456789&freetorrent=0"));
    assert_eq!(fake.memory().torrents[HASH.as_slice()].free, 0);
    for command in ["add_token", "remove_token"] {
        assert_eq!(update(&fake, &format!("{command}&info_hash={ESCAPED}&userid=1")), "success");
    }
    update(&fake, &format!("update_user&passkey={}&can_leech=0&visible=0", KEYS[0]));
    let user = |fake: &FakeOcelot| fake.memory().users[KEYS[0]].clone();
    assert_eq!((user(&fake).can_leech, user(&fake).visible), (false, false));
    update(&fake, &format!("update_user&passkey={}", KEYS[0]));
    assert_eq!((user(&fake).can_leech, user(&fake).visible), (true, true), "what is missing means 1");
    update(&fake, "update_announce_jitter&new_announce_jitter=1");
    assert_eq!(fake_interval(&announce(&fake, 0, "a", "&left=0")), 60);
    update(&fake, &format!("change_passkey&oldpasskey={}&newpasskey={}", KEYS[2], "d".repeat(32)));
    update(&fake, &format!("remove_users&passkeys={}{}", KEYS[1], "d".repeat(32)));
    assert_eq!(fake.memory().users.keys().collect::<Vec<_>>(), [KEYS[0]]);
}

#[test]
fn what_came_only_by_update_is_forgotten() {
    let fake = fake(OcelotVersion::V1_0);
    update(&fake, "add_torrent&info_hash=01234567890123456789&id=8&freetorrent=1");
    update(&fake, &format!("add_user&passkey={}&id=9", "d".repeat(32)));
    update(&fake, "add_whitelist&peer_id=-lt0");
    announce(&fake, 0, "-lt0", "&left=0");
    fake.sigusr1();
    let memory = fake.memory();
    assert_eq!((memory.torrents.len(), memory.users.len(), memory.whitelist.len()), (1, 3, 0));
    assert_eq!(fake.peers(HASH), (1, 0), "a reload keeps peers");
    fake.restart();
    assert_eq!(fake.peers(HASH), (0, 0), "a restart does not");
}

#[test]
fn a_draining_tracker_says_so_to_everything() {
    let fake = fake(OcelotVersion::V1_0);
    fake.drain(true);
    assert_eq!(update(&fake, "x"), failure("The tracker is temporarily unavailable."));
    assert_eq!(
        failure("The tracker is temporarily unavailable.").find("39:The"),
        Some("d14:failure reason".len())
    );
}

#[test]
fn reports_are_lines_or_json() {
    let old = fake(OcelotVersion::V1_0);
    let report = |fake: &FakeOcelot, query: &str| {
        get(fake, &format!("/{}/report?{query}", OcelotOptions::default().report))
    };
    announce(&old, 0, "a", "&left=0");
    assert_eq!(report(&old, &format!("get=user&key={}", KEYS[0])), "0 leeching\n1 seeding\nsuccess");
    assert_eq!(report(&old, "get=user&key=x"), "success");
    assert_eq!(report(&old, "get=nonsense"), "Invalid action\nsuccess");
    assert_eq!(report(&old, "get=stats"), "1 torrents\n3 users\nsuccess");
    let new = fake(OcelotVersion::V2_1_3);
    announce(&new, 0, "a", "&left=0");
    assert_eq!(
        report(&new, &format!("get=user&key={}", KEYS[0])),
        "{\"id\":1,\"leeching\":0,\"seeding\":1,\"deleted\":0,\"protected\":0,\"can_leech\":1}"
    );
    assert!(report(&new, "get=stats").starts_with("{\"torrents\":{\"type\":\"gauge\",\"value\":1}"));
    assert_eq!(report(&new, "get=user&key=x"), failure("Announce key not found"));
}

#[test]
fn keep_alive_is_off_unless_configured_and_lower_case_closes() {
    let ask = |fake: &FakeOcelot, connection: &str| {
        let request = format!("GET /{}/scrape?info_hash=x HTTP/1.1\r\nHost: t\r\n{connection}\r\n", KEYS[0]);
        let mut stream = TcpStream::connect(fake.address()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).unwrap();
        !String::from_utf8_lossy(&buffer[..count]).contains("Connection: Close")
    };
    assert!(!ask(&fake(OcelotVersion::V1_0), "Connection: Keep-Alive\r\n"));
    let options = OcelotOptions { keep_alive: true, ..OcelotOptions::default() };
    let fake = FakeOcelot::start(options);
    fake.both(|base| base.user(KEYS[0], 1));
    assert!(ask(&fake, "") && ask(&fake, "Connection: Keep-Alive\r\n"));
    assert!(!ask(&fake, "Connection: keep-alive\r\n"));
}
