//! `fleet-push keys scan`: looking at keys, and adding those that somebody vouches for.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::door::Door;
use crate::needs_peers;
use crate::published::{Ended, Published, wait};

/// Adds tables to fleet.toml.
pub(crate) fn extend(published: &Published, tables: &str) {
    let text = fs::read_to_string(published.path("fleet.toml")).unwrap();
    fs::write(published.path("fleet.toml"), text + tables).unwrap();
}

/// A fleet of these doors.
fn fleet(names: [&'static str; 2]) -> (Published, Door, Door) {
    let published = Published::new("");
    let (one, two) = (Door::open(&published, names[0]), Door::open(&published, names[1]));
    extend(&published, &(one.table() + &two.table()));
    (published, one, two)
}

fn scan(published: &Published, arguments: &[&str]) -> Ended {
    published.run(&[&["keys", "scan", "--fleet", "fleet.toml"], arguments].concat())
}

fn known(published: &Published) -> String {
    fs::read_to_string(published.path("known_hosts")).unwrap()
}

/// Whether a connection is made. The push fails later: there is no swap-release.
fn is_let_in(published: &Published, door: &Door) -> bool {
    let before = door.log().matches("Accepted publickey").count();
    let push = published.push(&["--only", door.name]);
    assert_eq!(push.code, Some(31), "{}", push.stderr);
    door.log().matches("Accepted publickey").count() > before
}

#[test]
fn looking_adds_nothing_and_tells_who_would_not_be_let_in() {
    needs_peers!();
    let (published, one, two) = fleet(["web1", "web2"]);
    fs::write(published.path("known_hosts"), one.known_host()).unwrap();
    let ended = scan(&published, &[]);
    assert_eq!(ended.code, Some(30), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("error: the keys of 1 of 2 hosts are not trusted: web2 (new)"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("hint: get the fingerprints"), "{}", ended.stderr);
    for (door, says) in [(&one, "known"), (&two, "new")] {
        let row = ended.stdout.lines().find(|line| line.starts_with(door.name)).unwrap();
        let cells: Vec<&str> = row.split_whitespace().collect();
        assert_eq!(cells[2..], ["ED25519", &door.fingerprint(), says], "{}", ended.stdout);
        assert!(!door.log().contains("Accepted"), "{}", door.log());
    }
    assert_eq!(known(&published), one.known_host());

    // The same for programs, and for some hosts only.
    let ended = scan(&published, &["--json", "--only", "web2"]);
    assert_eq!(ended.code, Some(31), "{}", ended.stderr);
    let told: Value = serde_json::from_str(&ended.stdout).unwrap();
    let host = &told["hosts"][0];
    assert_eq!((&told["schema"], told["hosts"].as_array().unwrap().len()), (&"host-keys/1".into(), 1));
    assert_eq!(
        (&host["name"], &host["trusted"], &host["port"]),
        (&"web2".into(), &false.into(), &two.port.into())
    );
    let key = &host["keys"][0];
    assert_eq!((&key["fingerprint"], &key["standing"]), (&two.fingerprint().into(), &"new".into()));
    let ended = scan(&published, &["--only", "web1"]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);

    // No file at all is nobody known.
    fs::remove_file(published.path("known_hosts")).unwrap();
    assert_eq!(scan(&published, &[]).code, Some(31));
    assert!(!published.path("known_hosts").exists());
}

#[test]
fn who_adds_must_say_what() {
    needs_peers!();
    let (published, _one, _two) = fleet(["web1", "web2"]);
    fs::write(published.path("yes"), "yes\n").unwrap();
    fs::write(published.path("scanned"), scan(&published, &["--json"]).stdout).unwrap();
    for (arguments, code, words) in [
        (&["--add"][..], 2, "--add without --accept asks at a terminal"),
        (&["--accept", "yes"], 2, ""),
        (&["--add", "--accept", "SHA256:abc"], 2, "`SHA256:abc` is not the SHA-256 fingerprint"),
        (&["--add", "--accept", "yes"], 10, "line 1 of `yes` has neither"),
        (&["--add", "--accept", "scanned"], 10, "line 1 of `scanned` has neither"),
        (&["--add", "--accept", "none"], 10, "cannot read `none`"),
    ] {
        let ended = scan(&published, arguments);
        if words.is_empty() {
            assert_eq!(ended.code, Some(code), "{}", ended.stderr);
        } else {
            ended.refuses(code, words);
        }
        assert_eq!(known(&published), "", "{arguments:?}");
    }
}

#[test]
fn keys_that_are_vouched_for_are_added_and_no_others() {
    needs_peers!();
    let (published, one, two) = fleet(["web1", "web2"]);
    let path = published.path("known_hosts");
    fs::write(&path, "# ours").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    // As collected from the consoles; and one that nobody shows.
    let stranger = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    fs::write(published.path("consoles"), one.console()).unwrap();
    assert!(!is_let_in(&published, &one));
    let ended = scan(&published, &["--add", "--accept", "consoles", "--accept", stranger]);
    assert_eq!(ended.code, Some(30), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("no host shows the key {stranger}")), "{}", ended.stderr);
    assert!(ended.stderr.contains("not trusted: web2 (new)"), "{}", ended.stderr);
    assert!(ended.stdout.contains("new, added"), "{}", ended.stdout);
    assert_eq!(known(&published).trim_end(), format!("# ours\n{}", one.known_host().trim_end()));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert!(is_let_in(&published, &one) && !is_let_in(&published, &two));

    // Once more changes nothing; the other one by its fingerprint, hashed.
    let before = known(&published);
    scan(&published, &["--add", "--accept", "consoles"]);
    assert_eq!(known(&published), before);
    let ended = scan(&published, &["--add", "--hash", "--accept", &two.fingerprint()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let after = known(&published);
    let added = after.strip_prefix(&before).unwrap();
    assert!(added.starts_with("|1|") && !added.contains("127.0"), "{added}");
    assert!(is_let_in(&published, &two));
}

#[test]
fn a_changed_key_is_never_added() {
    needs_peers!();
    let (published, mut one, two) = fleet(["web1", "web2"]);
    fs::write(published.path("known_hosts"), one.known_host() + &two.known_host()).unwrap();
    one.reinstall();
    let before = known(&published);
    let ended = scan(&published, &["--add", "--accept", &one.fingerprint()]);
    assert_eq!(ended.code, Some(30), "{}", ended.stderr);
    assert!(ended.stderr.contains("not trusted: web1 (CHANGED)"), "{}", ended.stderr);
    assert!(ended.stderr.contains("ssh-keygen -R"), "{}", ended.stderr);
    assert_eq!(known(&published), before);
    // After the old one was removed on purpose, it is a new key like any other.
    fs::write(published.path("known_hosts"), two.known_host()).unwrap();
    let ended = scan(&published, &["--add", "--accept", &one.fingerprint()]);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(is_let_in(&published, &one));
    // What was given up stays out.
    let revoked = known(&published) + &one.known_host().replacen("[", "@revoked [", 1);
    fs::write(published.path("known_hosts"), &revoked).unwrap();
    let ended = scan(&published, &["--add", "--accept", &one.fingerprint()]);
    assert!(ended.stderr.contains("web1 (REVOKED)"), "{}", ended.stderr);
    assert_eq!((ended.code, known(&published)), (Some(30), revoked));
}

#[test]
fn a_jump_host_is_looked_at_first_and_then_those_behind_it() {
    needs_peers!();
    let published = Published::new("");
    let (bastion, web) = (Door::open(&published, "bastion"), Door::open(&published, "web1"));
    let jump = format!("jump = \"root@{}:{}\"\n", bastion.address, bastion.port);
    let silent = TcpListener::bind("127.0.42.250:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let hung = format!("[hosts.web2]\naddress = \"127.0.42.250\"\nport = {port}\n");
    extend(&published, &(web.table() + &jump + &hung));
    let ended = scan(&published, &["--only", "web1"]);
    assert_eq!(ended.code, Some(31), "{}", ended.stderr);
    let words = format!("not trusted: {} (new), web1 (not reached)", bastion.address);
    assert!(ended.stderr.contains(&words), "{}", ended.stderr);
    assert!(!bastion.log().contains("Accepted"));

    // Both in one go: the second can be seen once the first is trusted. Who hangs is named and holds up nobody.
    fs::write(published.path("consoles"), bastion.console() + &web.console()).unwrap();
    let ended = scan(&published, &["--add", "--accept", "consoles", "--connect-timeout", "1s"]);
    assert_eq!(ended.code, Some(30), "{}", ended.stderr);
    assert!(ended.stderr.contains("not trusted: web2 (not reached)"), "{}", ended.stderr);
    assert_eq!(known(&published), bastion.known_host() + &web.known_host());
    assert!(is_let_in(&published, &web));
    assert!(web.log().contains(&format!("from {}", bastion.address)) || web.log().contains("from 127.0.0.1"));
}

#[test]
fn a_scan_of_hosts_that_hang_can_be_aborted() {
    let published = Published::new("");
    let silent = TcpListener::bind("127.0.42.251:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    extend(&published, &format!("[hosts.web1]\naddress = \"127.0.42.251\"\nport = {port}\n"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_fleet-push"));
    command.args(["keys", "scan", "--fleet", "fleet.toml"]).current_dir(published.dir.path());
    let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let _taken = silent.accept().unwrap();
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    let (ended, took) = wait(child, Duration::from_secs(10));
    assert_eq!(ended.code, Some(143), "{}", ended.stderr);
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_exit_11() {
    needs_peers!();
    let (published, one, _two) = fleet(["web1", "web2"]);
    let ended = scan(
        &published,
        &["--add", "--known-hosts", "none/deeper/known_hosts", "--accept", &one.fingerprint()],
    );
    assert_eq!(ended.code, Some(11), "{}", ended.stderr);
    assert!(
        ended.stderr.contains("error: cannot add to the known_hosts file `none/deeper/known_hosts`"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}
