//! Looking at the keys that servers show, and adding them to known_hosts.

use std::fs;
use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use inventory::Inventory;
use remote::{
    HandshakeFault, HostError, HostFault, HostKeyScan, KnownHost, Standing, add_known_hosts, scan_host_keys,
};

use crate::server::{Server, Setup, has_penalties, keygen, options, user};

/// One with keys of three types.
fn three() -> Option<Server> {
    Server::start_with(&Setup { host_keys: &["rsa", "ecdsa", "ed25519"], ..Setup::default() })
}

fn scan(server: &Server) -> HostKeyScan {
    scan_host_keys(&server.host(Some("user_ed25519")), &options()).unwrap()
}

/// Type and standing of what was seen, in the order of the types' names.
fn standings(scan: &HostKeyScan) -> Vec<(&'static str, Standing)> {
    let mut seen: Vec<_> = scan.keys.iter().map(|seen| (seen.key.kind(), seen.standing.clone())).collect();
    seen.sort_by_key(|(kind, _)| *kind);
    seen
}

#[test]
fn every_key_is_seen_with_the_fingerprint_that_ssh_keygen_shows() {
    let Some(server) = three() else { return };
    fs::remove_file(server.path("known_hosts")).unwrap();
    let seen = scan(&server);
    assert!(
        matches!(seen.refused, Some(HostError { kind: HostFault::UnknownHostKey { .. }, .. })),
        "{seen:?}"
    );
    assert_eq!(seen.known_hosts, server.path("known_hosts"));
    assert_eq!(standings(&seen), ["ECDSA", "ED25519", "RSA"].map(|kind| (kind, Standing::New)));
    for seen in &seen.keys {
        let public = server.path(&format!("host_{}.pub", seen.key.kind().to_lowercase()));
        let shown = Command::new("ssh-keygen").arg("-lf").arg(&public).output().unwrap();
        let shown = String::from_utf8(shown.stdout).unwrap();
        assert_eq!(shown.split(' ').nth(1), Some(seen.key.fingerprint().as_str()));
        assert!(shown.trim().ends_with(&format!("({})", seen.key.kind())), "{shown}");
        assert!(fs::read_to_string(&public).unwrap().starts_with(&seen.key.to_string()));
    }
    assert!(!server.log().contains("Accepted"), "{}", server.log());
    assert!(!server.path("known_hosts").exists(), "looking adds nothing");
}

#[test]
fn a_key_that_was_added_lets_in_hashed_or_not() {
    let Some(server) = three() else { return };
    for hash in [false, true] {
        fs::write(server.path("known_hosts"), "# nobody yet\n").unwrap();
        for kind in ["RSA", "ECDSA"] {
            let seen = scan(&server);
            let key = seen.keys.iter().find(|seen| seen.key.kind() == kind).unwrap().key.clone();
            let host = server.host(None);
            let line = KnownHost { address: host.address, port: host.port, key };
            add_known_hosts(&seen.known_hosts, &[line], hash).unwrap();
            drop(server.connect());
        }
        let (new, known) = (Standing::New, Standing::Known);
        let seen = scan(&server);
        assert!(seen.refused.is_none(), "{seen:?}");
        assert_eq!(seen.keys[0].standing, Standing::Known, "what a connection uses comes first");
        assert_eq!(standings(&seen), [("ECDSA", known.clone()), ("ED25519", new), ("RSA", known)]);
        // ssh-keygen finds them, too.
        let name = format!("[{}]:{}", server.ip, server.port);
        let found = Command::new("ssh-keygen")
            .args(["-F", &name, "-f"])
            .arg(server.path("known_hosts"))
            .output()
            .unwrap();
        let found = String::from_utf8(found.stdout).unwrap();
        assert_eq!(found.lines().filter(|line| !line.starts_with('#')).count(), 2, "{found}");
    }
}

#[test]
fn changed_and_revoked_keys_are_told_apart_from_new_ones() {
    let Some(server) = three() else { return };
    let name = format!("[{}]:{}", server.ip, server.port);
    let public = |file: &str| fs::read_to_string(server.path(file)).unwrap();
    keygen(&server.path("former"), "rsa", "");
    let (new, known, changed) = (Standing::New, Standing::Known, Standing::Changed);
    // One type has changed, another is as it was, of the third nothing is known.
    let lines = format!("{name} {}{name} {}", public("host_ed25519.pub"), public("former.pub"));
    fs::write(server.path("known_hosts"), lines).unwrap();
    assert_eq!(
        standings(&scan(&server)),
        [("ECDSA", new), ("ED25519", known.clone()), ("RSA", changed.clone())]
    );
    // Nothing is as it was: whatever type the key is of, it is somebody else.
    fs::write(server.path("known_hosts"), format!("{name} {}", public("former.pub"))).unwrap();
    let seen = scan(&server);
    assert!(
        matches!(seen.refused, Some(HostError { kind: HostFault::ChangedHostKey { .. }, .. })),
        "{seen:?}"
    );
    assert!(seen.keys.iter().all(|seen| seen.standing == changed), "{seen:?}");
    let lines = format!("{name} {}@revoked * {}", public("host_rsa.pub"), public("host_ed25519.pub"));
    fs::write(server.path("known_hosts"), lines).unwrap();
    assert_eq!(
        standings(&scan(&server)),
        [("ECDSA", Standing::New), ("ED25519", Standing::Revoked), ("RSA", known)]
    );
}

#[test]
fn behind_a_jump_host_that_is_trusted_a_host_can_be_looked_at() {
    let (Some(target), Some(jump)) = (three(), Server::start()) else { return };
    let text = format!(
        "[site]\ndeploy_to = \"/srv\"\n[defaults]\nuser = \"{}\"\nport = {}\nidentity = \"user_ed25519\"\n\
         known_hosts = \"known_hosts\"\nssh_config = \"none\"\njump = \"{}:{}\"\n[hosts.web1]\naddress = \"{}\"\n",
        user(),
        target.port,
        jump.ip,
        jump.port,
        target.ip,
    );
    fs::write(jump.path("fleet.toml"), text).unwrap();
    let host = Inventory::load(&jump.path("fleet.toml")).unwrap().hosts.remove(0);
    let way = host.way();
    assert_eq!(way.iter().map(|jump| jump.port).collect::<Vec<_>>(), [jump.port]);
    let seen = scan_host_keys(&host, &options()).unwrap();
    assert_eq!(standings(&seen), ["ECDSA", "ED25519", "RSA"].map(|kind| (kind, Standing::New)));
    assert_eq!(jump.log().matches("Accepted publickey").count(), 1, "one log-in for all looks");
    assert!(scan_host_keys(&way[0], &options()).unwrap().refused.is_none());
    // Through one that is not trusted nothing is sent.
    fs::write(jump.path("known_hosts"), "").unwrap();
    let error = scan_host_keys(&host, &options()).unwrap_err();
    assert!(
        matches!(&error, HostError { kind: HostFault::UnknownHostKey { port, .. }, .. } if *port == jump.port),
        "{error}"
    );
    assert_eq!(jump.log().matches("Accepted publickey").count(), 1);
}

#[test]
fn looking_again_and_again_gets_nobody_banned() {
    // As OpenSSH has it, with a limit that four connections without a log-in pass: three looks are nine.
    let setup = Setup {
        host_keys: &["rsa", "ecdsa", "ed25519"],
        config: "PerSourcePenalties noauth:1s min:3s\nLogLevel VERBOSE",
        ..Setup::default()
    };
    if !has_penalties() {
        return;
    }
    let Some(server) = Server::start_with(&setup) else { return };
    for _ in 0..3 {
        assert_eq!(scan(&server).keys.len(), 3);
    }
    drop(server.connect());
    // Who is banned all the same is told so.
    for _ in 0..12 {
        drop(TcpStream::connect((server.ip, server.port)).unwrap().write_all(b"SSH-2.0-x\r\n"));
    }
    let until = Instant::now() + Duration::from_secs(10);
    let error = loop {
        match server.try_connect(Some("user_ed25519"), &options()) {
            Err(error) => break error,
            Ok(_) => assert!(Instant::now() < until, "never banned\n{}", server.log()),
        }
    };
    assert!(
        matches!(error, HostError { kind: HostFault::Handshake { fault: HandshakeFault::Banned, .. }, .. }),
        "{error:?}\n{}",
        server.log()
    );
    assert!(error.hint().unwrap().contains("PerSourcePenalties"));
}
