//! Who is let in, and whom we trust.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use remote::{Argv, HostError, HostFault, Interrupt, KeyFileError, Passphrase, Remote, SshRemote, Timeouts};

use crate::server::{Server, Setup, keygen, options};

fn works(remote: &SshRemote) {
    let output = remote.exec(&Argv::new("echo").arg("here"), b"", Duration::from_secs(10)).unwrap();
    assert_eq!(output.stdout, b"here\n");
}

#[test]
fn keys_of_the_usual_kinds_open_a_session() {
    let Some(server) = Server::start() else { return };
    works(&server.try_connect(Some("user_ed25519"), &options()).unwrap());
    works(&server.try_connect(Some("user_rsa"), &options()).unwrap());
    let with_pass = options().passphrase(Some(Passphrase::new("open sesame")));
    works(&server.try_connect(Some("user_locked"), &with_pass).unwrap());
    // A passphrase for another key does not hurt one that has none.
    works(&server.try_connect(Some("user_ed25519"), &with_pass).unwrap());
    // The command line goes before the inventory.
    let override_key = options().identity(Some(server.path("user_rsa")));
    works(&server.try_connect(Some("stranger"), &override_key).unwrap());
}

#[test]
fn a_pem_key_of_older_tools_opens_a_session() {
    let Some(server) = Server::start() else { return };
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(server.path("pem"))
        .status()
        .unwrap();
    assert!(made.success());
    let public = fs::read_to_string(server.path("pem.pub")).unwrap();
    fs::write(server.path("authorized_keys"), public).unwrap();
    works(&server.try_connect(Some("pem"), &options()).unwrap());
}

#[test]
fn a_locked_key_wants_its_passphrase() {
    let Some(server) = Server::start() else { return };
    let error = server.try_connect(Some("user_locked"), &options()).err().unwrap();
    assert!(
        matches!(error.kind, HostFault::KeyFile(KeyFileError::IdentityLocked { given: false, .. })),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("MKT_IDENTITY_PASSPHRASE"));
    let wrong = options().passphrase(Some(Passphrase::new("s3same")));
    let error = server.try_connect(Some("user_locked"), &wrong).err().unwrap();
    assert!(
        matches!(error.kind, HostFault::KeyFile(KeyFileError::IdentityLocked { given: true, .. })),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("s3same"));
}

#[test]
fn a_file_that_is_no_key_is_told_before_dialling() {
    let Some(server) = Server::start() else { return };
    for (name, content) in [("text", "not a key\n"), ("public", "ssh-ed25519 AAAA test\n")] {
        fs::write(server.path(name), content).unwrap();
        let error = server.try_connect(Some(name), &options()).err().unwrap();
        assert!(
            matches!(error, HostError { kind: HostFault::KeyFile(KeyFileError::NotAnIdentity { .. }), .. }),
            "{error}"
        );
    }
    let cut = fs::read_to_string(server.path("user_ed25519")).unwrap().replace("b3Bl", "AAAA");
    fs::write(server.path("cut"), cut).unwrap();
    fs::set_permissions(server.path("cut"), fs::Permissions::from_mode(0o600)).unwrap();
    let error = server.try_connect(Some("cut"), &options()).err().unwrap();
    assert!(
        matches!(error, HostError { kind: HostFault::KeyFile(KeyFileError::NotAnIdentity { .. }), .. }),
        "{error}"
    );
    let error = server.try_connect(Some("missing"), &options()).err().unwrap();
    assert!(
        matches!(error, HostError { kind: HostFault::KeyFile(KeyFileError::ReadIdentity { .. }), .. }),
        "{error}"
    );
    assert!(error.is_configuration());
}

#[test]
fn a_key_the_server_does_not_know_is_refused() {
    let Some(server) = Server::start() else { return };
    let error = server.try_connect(Some("stranger"), &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::AuthRefused { .. }, .. }), "{error}");
    assert!(!error.is_connection_loss());
    assert!(error.to_string().contains("stranger"), "{error}");
}

#[test]
fn an_unknown_host_is_not_entered() {
    let Some(server) = Server::start() else { return };
    fs::write(server.path("known_hosts"), "").unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    let HostError { kind: HostFault::UnknownHostKey { fingerprint, .. }, .. } = &error else {
        panic!("{error}")
    };
    // The fingerprint is the one ssh-keygen shows on the host's console.
    let shown = Command::new("ssh-keygen").arg("-lf").arg(server.path("host_ed25519.pub")).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(shown.contains(fingerprint.split(' ').nth(1).unwrap()), "{fingerprint} {shown}");
    assert!(error.hint().unwrap().contains(&format!("ssh-keyscan -p {} {}", server.port, server.ip)));
    assert!(!server.log().contains("Accepted publickey"), "logged in to a host nobody vouched for");

    fs::remove_file(server.path("known_hosts")).unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    assert!(
        matches!(error, HostError { kind: HostFault::KeyFile(KeyFileError::ReadKnownHosts { .. }), .. }),
        "{error}"
    );
}

#[test]
fn a_changed_key_is_something_else_than_an_unknown_host() {
    let Some(server) = Server::start() else { return };
    keygen(&server.path("former"), "ed25519", "");
    let public = fs::read_to_string(server.path("former.pub")).unwrap();
    fs::write(server.path("known_hosts"), format!("[{}]:{} {public}", server.ip, server.port)).unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::ChangedHostKey { .. }, .. }), "{error}");
    assert!(error.to_string().contains("CHANGED"));
    assert!(error.hint().unwrap().contains("ssh-keygen -R"));
    assert!(!server.log().contains("Accepted publickey"));
}

#[test]
fn a_reinstalled_host_with_keys_of_another_type_is_changed_too() {
    let Some(server) = Server::start() else { return };
    let public = fs::read_to_string(server.path("user_rsa.pub")).unwrap();
    fs::write(server.path("known_hosts"), format!("[{}]:{} {public}", server.ip, server.port)).unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::ChangedHostKey { .. }, .. }), "{error}");
    assert!(!error.is_connection_loss(), "it would be tried again");
}

#[test]
fn a_revoked_key_is_not_entered() {
    let Some(server) = Server::start() else { return };
    let known = fs::read_to_string(server.path("known_hosts")).unwrap();
    let public = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    fs::write(server.path("known_hosts"), format!("{known}@revoked * {public}")).unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::RevokedHostKey { .. }, .. }), "{error}");
}

#[test]
fn a_server_with_several_key_types_is_known_by_any_of_them() {
    let setup = Setup { host_keys: &["rsa", "ecdsa", "ed25519"], ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    for kind in ["rsa", "ecdsa", "ed25519"] {
        server.know(&[kind]);
        works(
            &server
                .try_connect(Some("user_ed25519"), &options())
                .unwrap_or_else(|error| panic!("{kind}: {error}")),
        );
    }
    server.know(&["rsa", "ecdsa", "ed25519"]);
    works(&server.connect());
}

#[test]
fn names_hashed_by_ssh_keygen_are_found() {
    let Some(server) = Server::start() else { return };
    let hashed =
        Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(server.path("known_hosts")).output().unwrap();
    assert!(hashed.status.success());
    let text = fs::read_to_string(server.path("known_hosts")).unwrap();
    assert!(text.starts_with("|1|") && !text.contains("127.0"), "{text}");
    works(&server.connect());
}

#[test]
fn what_ssh_keyscan_prints_makes_a_host_known() {
    let Some(server) = Server::start() else { return };
    fs::write(server.path("known_hosts"), "").unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    let hint = error.hint().unwrap();
    let command = hint.split('`').find(|part| part.starts_with("ssh-keyscan")).unwrap();
    let scanned = Command::new("sh").arg("-c").arg(command).output().unwrap();
    fs::write(server.path("known_hosts"), scanned.stdout).unwrap();
    works(&server.connect());
}

#[test]
fn nobody_there() {
    let Some(server) = Server::start() else { return };
    let mut host = server.host(Some("user_ed25519"));
    host.port = TcpListener::bind((server.ip, 0)).unwrap().local_addr().unwrap().port();
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::Unreachable { .. }, .. }), "{error}");
    assert!(error.is_connection_loss());
    host.address = "no-such-host.invalid".parse().unwrap();
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::Resolve { .. }, .. }), "{error}");
}

#[test]
fn a_server_that_accepts_and_says_nothing_is_given_up() {
    let Some(server) = Server::start() else { return };
    let silent = TcpListener::bind((server.ip, 0)).unwrap();
    let mut host = server.host(Some("user_ed25519"));
    host.port = silent.local_addr().unwrap().port();
    let brief = options().timeouts(Timeouts { connect: Duration::from_millis(600), ..Timeouts::default() });
    let began = Instant::now();
    let error = SshRemote::connect(&host, &brief).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::TimedOut { .. }, .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());

    let raised = Arc::new(AtomicBool::new(false));
    let later = Arc::clone(&raised);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(300));
        later.store(true, Ordering::SeqCst);
    });
    let began = Instant::now();
    let error = SshRemote::connect(&host, &options().interrupt(Interrupt::from(raised))).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::Interrupted { .. }, .. }), "{error}");
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

#[test]
fn a_server_that_does_not_speak_ssh_is_told_so() {
    let Some(server) = Server::start() else { return };
    let other = TcpListener::bind((server.ip, 0)).unwrap();
    let mut host = server.host(Some("user_ed25519"));
    host.port = other.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = other.accept().unwrap();
        let _gone = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::Handshake { .. }, .. }), "{error:?}");
}
