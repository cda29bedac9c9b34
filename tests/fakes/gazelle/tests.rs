//! The fake sites against what the real ones were seen, or read, to do.

use std::io::{Read, Write};
use std::net::TcpStream;

use sha1::{Digest, Sha1};

use super::*;
use crate::fakes::OcelotOptions;
use crate::fakes::bencode::Value;

fn send(fake: &FakeGazelle, request: &[u8]) -> (String, Vec<u8>) {
    let mut stream = TcpStream::connect(fake.address()).unwrap();
    stream.write_all(request).unwrap();
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    let body = all.split_off(head + 4);
    (String::from_utf8(all).unwrap(), body)
}

fn text((head, body): (String, Vec<u8>)) -> String {
    head + &String::from_utf8_lossy(&body)
}

fn get(fake: &FakeGazelle, path: &str, headers: &str) -> String {
    text(send(fake, format!("GET /{path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes()))
}

fn post(fake: &FakeGazelle, path: &str, headers: &str, form: &str) -> String {
    let kind = "application/x-www-form-urlencoded";
    let length = form.len();
    let head =
        format!("POST /{path} HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{headers}\r\n");
    text(send(fake, (head + form).as_bytes()))
}

fn login(fake: &FakeGazelle) -> String {
    let reply = post(fake, "login.php", "", "username=deploy&password=correct+horse+battery&keeplogged=1");
    assert!(reply.starts_with("HTTP/1.1 302") && reply.contains("Location: index.php\r\n"), "{reply}");
    let (_, cookie) = reply.split_once("Set-Cookie: ").unwrap();
    assert!(cookie.lines().next().unwrap().ends_with("HttpOnly"));
    format!("Cookie: {}\r\n", cookie.split(';').next().unwrap())
}

fn torrent(private: bool, more: &[(&str, Value)]) -> Vec<u8> {
    let mut info = BTreeMap::from([
        (b"length".to_vec(), Value::Int(1)),
        (b"name".to_vec(), Value::text("x.tar.zst")),
        (b"piece length".to_vec(), Value::Int(16384)),
        (b"pieces".to_vec(), Value::text("aaaaaaaaaaaaaaaaaaaa")),
    ]);
    if private {
        info.insert(b"private".to_vec(), Value::Int(1));
    }
    for (key, value) in more {
        info.insert(key.as_bytes().to_vec(), value.clone());
    }
    let top = [
        (b"announce".to_vec(), Value::text("http://old/")),
        (b"comment".to_vec(), Value::text("c")),
        (b"created by".to_vec(), Value::text("us")),
        (b"info".to_vec(), Value::Dict(info)),
        (b"url-list".to_vec(), Value::text("http://seed/")),
    ];
    Value::Dict(top.into_iter().collect()).to_bytes()
}

fn hash_of(torrent: &[u8]) -> [u8; 20] {
    let value = Value::parse(torrent).unwrap();
    Sha1::digest(value.dict().unwrap()[b"info".as_slice()].to_bytes()).into()
}

fn upload(fake: &FakeGazelle, page: &str, headers: &str, fields: &[(&str, &str)], file: &[u8]) -> String {
    let mut body = Vec::new();
    for (key, value) in fields {
        body.extend(
            format!("--B\r\nContent-Disposition: form-data; name=\"{key}\"\r\n\r\n{value}\r\n").bytes(),
        );
    }
    body.extend(
        b"--B\r\nContent-Disposition: form-data; name=\"file_input\"; filename=\"x.torrent\"\r\n\r\n",
    );
    body.extend(file);
    body.extend(b"\r\n--B--\r\n");
    let head = format!(
        "POST /{page} HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: {}\r\n{headers}\r\n",
        body.len()
    );
    text(send(fake, &[head.as_bytes(), &body].concat()))
}

const GOOD: [(&str, &str); 6] =
    [("submit", "1"), ("auth", AUTHKEY), ("rules", "1"), ("type", "1"), ("title", "r1"), ("tags", "deploy")];

fn with_tracker() -> (FakeGazelle, Arc<FakeOcelot>) {
    let tracker = Arc::new(FakeOcelot::start(OcelotOptions::default()));
    let options = GazelleOptions {
        tracker: Some((Arc::clone(&tracker), OcelotOptions::default().secret)),
        ..GazelleOptions::default()
    };
    (FakeGazelle::start(options), tracker)
}

#[test]
fn six_bad_logins_ban_even_the_right_password() {
    let fake = FakeGazelle::start(GazelleOptions::default());
    login(&fake);
    for _ in 0..6 {
        assert!(post(&fake, "login.php", "", "username=deploy&password=x").starts_with("HTTP/1.1 200"));
    }
    let reply = post(&fake, "login.php", "", "username=deploy&password=correct+horse+battery");
    assert!(reply.contains("Location: login.php") && !reply.contains("Set-Cookie"), "{reply}");
    fake.lift_ban();
    login(&fake);
}

#[test]
fn whoever_is_not_logged_in_is_sent_to_the_login_also_by_ajax() {
    let fake = FakeGazelle::start(GazelleOptions::default());
    for path in ["ajax.php?action=index", "upload.php", "torrents.php?action=download&id=1"] {
        assert!(get(&fake, path, "").contains("302 Found\r\n"), "{path}");
    }
    let cookie = login(&fake);
    assert!(get(&fake, "ajax.php?action=index", &cookie).contains("\"passkey\":\"eeee"));
}

#[test]
fn the_seven_outcomes_of_an_upload() {
    let (fake, tracker) = with_tracker();
    let cookie = login(&fake);
    let good = torrent(true, &[]);
    let without = |key: &str| GOOD.into_iter().filter(|(name, _)| *name != key).collect::<Vec<_>>();
    let try_it = |fields: &[(&str, &str)], file: &[u8]| upload(&fake, "upload.php", &cookie, fields, file);
    assert!(!try_it(&without("submit"), &good).contains("color: red"), "the blank form");
    assert!(
        try_it(&without("auth"), &good)
            .contains("Invalid authorization key. Go back, refresh, and try again.")
    );
    assert!(
        try_it(&without("title"), &good).contains("<p style=\"color: red; text-align: center;\">Title must")
    );
    assert!(try_it(&GOOD, b"x").contains("Malformed string. Invalid character at pos 0x0: "));
    let stored = try_it(&GOOD, &good);
    assert!(
        stored.contains("302 Found") && stored.contains("Location: torrents.php?id=1001\r\n"),
        "{stored}"
    );
    let again = try_it(&GOOD, &good);
    assert!(
        again.contains("200 OK") && again.contains("torrents.php?torrentid=1\">The exact same torrent"),
        "{again}"
    );
    assert!(try_it(&GOOD, &torrent(false, &[("x", Value::Int(1))])).contains("<title>Warning"));
    assert!(tracker.memory().torrents.contains_key(hash_of(&good).as_slice()), "the tracker was told");
}

#[test]
fn what_the_site_alters() {
    let (fake, _tracker) = with_tracker();
    let cookie = login(&fake);
    let put = |file: &[u8]| {
        upload(&fake, "upload.php", &cookie, &GOOD, file);
        fake.torrents().last_key_value().unwrap().1.infohash
    };
    let good = torrent(true, &[("source", Value::text("kept"))]);
    assert_eq!(put(&good), hash_of(&good), "private and unknown keys survive");
    let open = torrent(false, &[]);
    assert_ne!(put(&open), hash_of(&open), "private is forced");
    let digits = Value::Dict(BTreeMap::from([(b"123".to_vec(), Value::Int(1))]));
    let trap = torrent(true, &[("file tree", digits)]);
    assert_ne!(put(&trap), hash_of(&trap), "digits become integers");
    let by_passkey = format!("torrents.php?action=download&id=1&authkey=x&torrent_pass={}", "e".repeat(32));
    for (path, headers) in [("torrents.php?action=download&id=1", cookie.as_str()), (&by_passkey, "")] {
        let (head, body) = send(&fake, format!("GET /{path} HTTP/1.1\r\n{headers}\r\n").as_bytes());
        assert!(head.contains("application/x-bittorrent"), "{head}");
        let top = Value::parse(&body).unwrap();
        let keys: Vec<String> =
            top.dict().unwrap().keys().map(|key| String::from_utf8_lossy(key).into_owned()).collect();
        assert_eq!(keys, ["announce", "created by", "info"]);
    }
    assert!(
        get(&fake, "torrents.php?action=download&id=99", &cookie)
            .contains("200 OK\r\nContent-Type: text/html")
    );
}

#[test]
fn the_tracker_is_told_three_times_and_the_result_ignored() {
    let (fake, tracker) = with_tracker();
    let cookie = login(&fake);
    tracker.server().down();
    let started = Instant::now();
    assert!(upload(&fake, "upload.php", &cookie, &GOOD, &torrent(true, &[])).contains("302 Found"));
    assert!(started.elapsed() >= Duration::from_millis(120), "two pauses");
    tracker.server().up();
    assert!(tracker.memory().torrents.is_empty());
    tracker.sigusr1();
    assert_eq!(tracker.memory().torrents.len(), 1, "the row is there");
}

#[test]
fn limits_deletes_users_and_throttled_agents() {
    let (fake, tracker) = with_tracker();
    let cookie = login(&fake);
    fake.configure(|options| options.window = Duration::from_secs(60));
    let limited: Vec<bool> = (0..8)
        .map(|_| get(&fake, "ajax.php?action=browse", &cookie).contains("rate limit exceeded"))
        .collect();
    assert_eq!(limited, [false, false, false, false, false, false, true, true]);
    upload(&fake, "upload.php", &cookie, &GOOD, &torrent(true, &[]));
    assert!(
        get(
            &fake,
            &format!("ajax.php?action=torrent&hash={}", hex::encode(hash_of(&torrent(true, &[])))),
            &cookie
        )
        .contains("\"seeders\":0")
    );
    assert!(get(&fake, "ajax.php?action=torrent&hash=00", &cookie).contains("bad hash parameter"));
    let agent = format!("{cookie}User-Agent: python-requests/2\r\n");
    let downloads: Vec<bool> = (0..5)
        .map(|_| get(&fake, "torrents.php?action=download&id=1", &agent).contains("four times"))
        .collect();
    assert_eq!(downloads, [false, false, false, false, true]);
    let delete = |id: u32| {
        post(
            &fake,
            "torrents.php",
            &cookie,
            &format!("action=takedelete&auth={AUTHKEY}&torrentid={id}&reason=x&extra="),
        )
    };
    fake.lock_uploads(true);
    assert!(delete(1).contains("not completed yet"));
    fake.lock_uploads(false);
    assert!(delete(1).contains("Torrent was successfully deleted."));
    for number in 0..4 {
        upload(&fake, "upload.php", &cookie, &GOOD, &torrent(true, &[("x", Value::Int(number))]));
    }
    assert!(delete(2).contains("successfully") && delete(3).contains("successfully"));
    assert!(delete(4).contains("recently deleted 3 torrents"), "the fourth of a login");
    login(&fake);
    assert!(delete(4).contains("successfully"));
    fake.grow_old();
    assert!(delete(5).contains("over a week"));
    let form = "Username=web1&Email=a&Password=b";
    assert!(post(&fake, "tools.php?action=create_user", &cookie, form).contains("Invalid authorization key"));
    let form = format!("auth={AUTHKEY}&{form}");
    let created = post(&fake, "tools.php?action=create_user", &cookie, &form);
    assert!(created.contains("Location: user.php?id=100"), "{created}");
    assert_eq!(tracker.memory().users.len(), 1);
}

#[test]
fn files_that_break_a_rule_and_bodies_that_are_too_large() {
    let fake = FakeGazelle::start(GazelleOptions::default());
    let cookie = login(&fake);
    for name in ["a?b", "INCOMPLETE~a", "a.torrent", &"a".repeat(181)] {
        let file = torrent(true, &[("name", Value::text(name))]);
        assert!(upload(&fake, "upload.php", &cookie, &GOOD, &file).contains("color: red"), "{name}");
    }
    assert!(upload(&fake, "upload.php", &cookie, &GOOD, &vec![b'x'; 1 << 20]).starts_with("HTTP/1.1 413"));
}

#[test]
fn the_api_says_everything_in_json_with_status_200() {
    let options = GazelleOptions { flavour: Flavour::Ops, ..GazelleOptions::default() };
    let token = format!("Authorization: token {}\r\n", options.token);
    let fake = FakeGazelle::start(options);
    assert!(get(&fake, "ajax.php?action=index", "").contains("Location: login.php"));
    assert!(get(&fake, "ajax.php?action=index", "Authorization: token no\r\n").contains("invalid token"));
    let page = "ajax.php?action=upload";
    let fields = [("type", "1"), ("title", "r1"), ("tags", "deploy")];
    let right = torrent(true, &[("source", Value::text("OPS"))]);
    let stored = upload(&fake, page, &token, &fields, &right);
    assert!(stored.contains("\"torrentId\":1,\"private\":true,\"source\":true"), "{stored}");
    assert_eq!(fake.torrents()[&1].infohash, hash_of(&right));
    assert!(upload(&fake, page, &token, &fields, &right).contains("\"response\":[]"));
    fake.configure(|options| options.lower_case_ids = true);
    let open = torrent(false, &[("x", Value::Int(1))]);
    let stored = upload(&fake, page, &token, &fields, &open);
    assert!(stored.contains("\"torrentid\":2,\"private\":false,\"source\":false"), "{stored}");
    assert_ne!(fake.torrents()[&2].infohash, hash_of(&open));
    let v2 = torrent(true, &[("meta version", Value::Int(2))]);
    assert!(upload(&fake, page, &token, &fields, &v2).contains("V2 torrent"));
    assert!(get(&fake, "ajax.php?action=download&id=99", &token).contains("application/json"));
    assert!(get(&fake, "ajax.php?action=download&id=1", &token).contains("application/x-bittorrent"));
}

#[test]
fn the_api_takes_a_bare_token_or_a_cookie_with_the_authkey() {
    let options = GazelleOptions { flavour: Flavour::Ops, ..GazelleOptions::default() };
    let bare = format!("Authorization: {}\r\n", options.token);
    let fake = FakeGazelle::start(options);
    assert!(get(&fake, "ajax.php?action=index", &bare).contains("\"status\":\"success\""));
    let cookie = login(&fake);
    let fields = [("type", "1"), ("title", "r1"), ("tags", "deploy")];
    let file = torrent(true, &[("source", Value::text("OPS"))]);
    let page = "ajax.php?action=upload";
    assert!(upload(&fake, page, &cookie, &fields, &file).contains("This page requires an api token"));
    for page in ["download", "add_log", "add_tag", "request_fill"] {
        let said = get(&fake, &format!("ajax.php?action={page}"), &cookie);
        assert!(said.contains("This page requires an api token"), "{page}");
    }
    let with_auth = [&fields[..], &[("auth", AUTHKEY)]].concat();
    assert!(upload(&fake, page, &cookie, &with_auth, &file).contains("\"torrentId\":1"));
    assert!(
        upload(&fake, page, &bare, &[("type", "1"), ("tags", "x")], &file).contains("\"status\":\"failure\"")
    );
    let short = [&fields[..], &[("desc", "short")]].concat();
    assert!(upload(&fake, page, &bare, &short, &torrent(true, &[])).contains("10 characters"));
}

#[test]
fn what_the_api_alters_and_how_long_it_tells_its_tracker() {
    let tracker = Arc::new(FakeOcelot::start(OcelotOptions::default()));
    let options = GazelleOptions {
        flavour: Flavour::Ops,
        tracker: Some((Arc::clone(&tracker), OcelotOptions::default().secret)),
        tell_pause: Duration::from_millis(12),
        ..GazelleOptions::default()
    };
    let token = format!("Authorization: token {}\r\n", options.token);
    let fake = FakeGazelle::start(options);
    tracker.server().down();
    let marks =
        [("unique", Value::text("u")), ("x_cross_seed", Value::text("x")), ("other", Value::text("o"))];
    let fields = [("type", "1"), ("title", "r1"), ("tags", "deploy")];
    let started = Instant::now();
    upload(&fake, "ajax.php?action=upload", &token, &fields, &torrent(true, &marks));
    // 12, 18, 27, 40 ms between five attempts.
    assert!(started.elapsed() >= Duration::from_millis(97), "{:?}", started.elapsed());
    let (_, body) =
        send(&fake, format!("GET /ajax.php?action=download&id=1 HTTP/1.1\r\n{token}\r\n").as_bytes());
    let top = Value::parse(&body).unwrap();
    let keys = |value: &Value| {
        let keys = value.dict().unwrap().keys();
        keys.map(|key| String::from_utf8_lossy(key).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(keys(&top), ["announce", "comment", "info"]);
    let info = &top.dict().unwrap()[b"info".as_slice()];
    assert_eq!(keys(info), ["length", "name", "other", "piece length", "pieces", "private", "source"]);
    fake.configure(|options| options.limit_downloads = true);
    assert!(get(&fake, "ajax.php?action=download&id=1", &token).contains("Rate limiting hit on downloading"));
}

#[test]
fn a_limit_is_a_text_with_status_200_or_a_429() {
    for flavour in [Flavour::Pages2016, Flavour::Ops] {
        let window = Duration::from_secs(60);
        let options = GazelleOptions { flavour, limit: 0, window, ..GazelleOptions::default() };
        let token = format!("Authorization: token {}\r\n", options.token);
        let fake = FakeGazelle::start(options);
        let who = if flavour == Flavour::Ops { token } else { login(&fake) };
        get(&fake, "ajax.php?action=user", &who);
        let said = get(&fake, "ajax.php?action=user", &who);
        let text = if flavour == Flavour::Ops { "Rate limit exceeded" } else { "rate limit exceeded" };
        assert!(said.starts_with("HTTP/1.1 200") && said.contains(text), "{said}");
        fake.configure(|options| options.retry_after = Some(3));
        let said = get(&fake, "ajax.php?action=user", &who);
        assert!(said.starts_with("HTTP/1.1 429") && said.contains("Retry-After: 3\r\n"), "{said}");
    }
}
