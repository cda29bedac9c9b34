//! Every cause for which a host cannot be worked with has its own words and its own remedy; the table is in the crate's README.

use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::thread;
use std::time::{Duration, Instant};

use remote::{
    Argv, HandshakeFault, HostError, HostFault, KeyFileError, LineRead, Remote, SshRemote, Status, Timeouts,
};

use crate::server::{Account, Server, Setup, options, user};

const LONG: Duration = Duration::from_secs(30);

fn setup(config: &'static str) -> Setup {
    Setup { config, ..Setup::default() }
}

fn refusal(server: &Server, name: &str) -> HostError {
    server.log_in(name).err().unwrap_or_else(|| panic!("it was let in\n{}", server.log()))
}

#[test]
fn one_session_at_a_time_is_enough() {
    let Some(server) = Server::start_with(&setup("MaxSessions 1")) else { return };
    let remote = server.connect();
    let soon = || Instant::now() + LONG;
    for number in 0..10 {
        let output = remote.exec(&Argv::new("echo").arg(number.to_string()), b"", LONG).unwrap();
        assert_eq!(output.stdout, format!("{number}\n").into_bytes());
    }
    assert_eq!(
        server.log().matches("Accepted publickey").count(),
        1,
        "one after the other they go through one"
    );
    let script = "echo ready; read x; echo \"$x\"; exit 4";
    let mut talks: Vec<_> =
        (0..2).map(|_| remote.spawn(&Argv::new("sh").args(["-c", script])).unwrap()).collect();
    for talk in &mut talks {
        assert_eq!(talk.read_line(soon()).unwrap(), LineRead::Line("ready".into()));
    }
    remote.upload(b"content", &server.path("file").to_str().unwrap().parse().unwrap()).unwrap();
    assert_eq!(fs::read(server.path("file")).unwrap(), b"content");
    for mut talk in talks {
        talk.write(b"on\n", soon()).unwrap();
        assert_eq!(talk.read_line(soon()).unwrap(), LineRead::Line("on".into()));
        assert_eq!(talk.wait(soon()).unwrap(), Status::Exited(4));
    }
    assert_eq!(server.log().matches("Accepted publickey").count(), 3, "{}", server.log());
}

#[test]
fn no_session_at_all_is_told() {
    let Some(server) = Server::start_with(&setup("MaxSessions 0")) else { return };
    let error = server.connect().exec(&Argv::new("true"), b"", LONG).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::NoSession { open: 0, .. }, .. }), "{error}");
    assert!(error.hint().unwrap().contains("MaxSessions"), "{error}");
}

#[test]
fn a_key_that_is_accepted_and_not_enough_is_not_called_unknown() {
    let config = "AuthenticationMethods publickey,password\nPasswordAuthentication yes";
    let Some(server) = Server::start_with(&setup(config)) else { return };
    let error = refusal(&server, &user());
    assert!(
        matches!(error, HostError { kind: HostFault::KeyIsNotEnough { accepted: true, .. }, .. }),
        "{error}"
    );
    assert!(error.to_string().contains("asks for more: password"), "{error}");
    assert!(error.hint().unwrap().contains("AuthenticationMethods publickey"));
    // A key that is not accepted is another matter, there too.
    let error = server.try_connect(Some("stranger"), &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::AuthRefused { .. }, .. }), "{error}");
    assert!(error.hint().unwrap().contains("authorized_keys"));
}

#[test]
fn a_server_that_takes_no_keys_is_told() {
    let Some(server) = Server::start_with(&setup("PubkeyAuthentication no\nPasswordAuthentication yes"))
    else {
        return;
    };
    let error = refusal(&server, &user());
    assert!(
        matches!(error, HostError { kind: HostFault::KeyIsNotEnough { accepted: false, .. }, .. }),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("PubkeyAuthentication"), "{error}");
}

#[test]
fn nothing_in_common_is_not_a_server_that_is_down() {
    for config in [
        "KexAlgorithms sntrup761x25519-sha512@openssh.com",
        "Ciphers chacha20-poly1305@openssh.com",
        "MACs umac-128@openssh.com\nCiphers aes128-ctr",
    ] {
        let Some(server) = Server::start_with(&setup(config)) else { return };
        let Err(error) = server.try_connect(Some("user_ed25519"), &options()) else {
            println!("{config}: in common");
            continue;
        };
        let alike = matches!(
            error,
            HostError { kind: HostFault::Handshake { fault: HandshakeFault::NoCommonAlgorithm, .. }, .. }
        );
        assert!(alike && !error.is_connection_loss(), "{config}: {error:?}");
        let text = error.to_string();
        assert!(text.contains("curve25519-sha256") && text.contains("aes256-ctr"), "{text}");
        assert!(error.hint().unwrap().contains("KexAlgorithms"));
    }
}

#[test]
fn a_key_that_others_can_read_is_refused_before_dialling() {
    let Some(server) = Server::start() else { return };
    for (mode, refused) in [(0o600, false), (0o400, false), (0o640, true), (0o604, true), (0o610, true)] {
        fs::set_permissions(server.path("user_ed25519"), fs::Permissions::from_mode(mode)).unwrap();
        let checked = options().check(&server.host(Some("user_ed25519")));
        assert_eq!(checked.is_err(), refused, "{mode:o}");
        if let Err(error) = checked {
            assert!(
                matches!(
                    error,
                    HostError { kind: HostFault::KeyFile(KeyFileError::IdentityExposed { .. }), .. }
                ) && error.is_configuration(),
                "{error}"
            );
            assert!(error.hint().unwrap().contains("chmod 600"));
        }
    }
}

/// Days since 1970 that are over long ago.
const EXPIRED: Account =
    Account { name: "a-expired", shell: "/bin/sh", files: &[], shadow: "20000:0:99999:7::100:" };
/// The password has to be changed at the next log-in.
const OLD_PASSWORD: Account =
    Account { name: "a-password", shell: "/bin/sh", files: &[], shadow: "0:0:99999:7:::" };
const AGED: [Account; 3] = [EXPIRED, OLD_PASSWORD, Account::new("a-good", "/bin/sh", &[])];

#[test]
fn accounts_and_passwords_that_have_expired_are_told_by_pam() {
    let setup = Setup { accounts: Some(&AGED), config: "UsePAM yes", ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    let error = refusal(&server, "a-expired");
    assert!(
        matches!(error, HostError { kind: HostFault::AccountRefused { .. }, .. })
            && !error.is_connection_loss(),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("expired") && error.hint().unwrap().contains("chage -E -1 a-expired"),
        "{error}"
    );
    let error = server
        .log_in("a-password")
        .and_then(|remote| remote.exec(&Argv::new("true"), b"", LONG))
        .unwrap_err();
    assert!(error.to_string().to_lowercase().contains("password"), "{error}");
    assert!(error.hint().unwrap().contains("chage -M -1"), "{error}: {:?}", error.hint());
    assert!(server.log_in("a-good").unwrap().exec(&Argv::new("true"), b"", LONG).unwrap().status.success());
}

#[test]
fn the_words_of_nologin_are_shown() {
    fn closed(dir: &std::path::Path, _: std::net::IpAddr) {
        fs::create_dir_all(dir.join("run")).unwrap();
        fs::write(dir.join("run/nologin"), "Maintenance until noon.\n").unwrap();
    }
    let setup = Setup { accounts: Some(&AGED), config: "UsePAM yes", prepare: closed, ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    let error = refusal(&server, "a-good");
    assert!(matches!(error, HostError { kind: HostFault::AccountRefused { .. }, .. }), "{error:?}");
    assert!(error.to_string().contains("Maintenance until noon."), "{error}");
    assert!(error.hint().unwrap().contains("nologin"));
}

#[test]
fn an_account_for_files_only_is_told() {
    for config in
        ["ForceCommand internal-sftp", "ForceCommand echo 'This service allows sftp connections only.'"]
    {
        let Some(server) = Server::start_with(&setup(config)) else { return };
        let error = server.connect().exec(&Argv::new("true"), b"", LONG).unwrap_err();
        assert!(matches!(error, HostError { kind: HostFault::NotRun { .. }, .. }), "{error:?}");
        assert!(error.hint().unwrap().contains("ForceCommand"), "{error}");
    }
}

#[test]
fn an_account_that_may_run_nothing_is_told_from_a_host_that_is_down() {
    for (config, says) in
        [("ForceCommand /bin/false", "/bin/false"), ("ChrootDirectory /nowhere", "ChrootDirectory")]
    {
        let Some(server) = Server::start_with(&setup(config)) else { return };
        let error = server.connect().exec(&Argv::new("true"), b"", LONG).unwrap_err();
        assert!(error.hint().unwrap().contains(says), "{config}: {error}: {:?}", error.hint());
    }
}

/// Answers every connection with `words`.
fn greets(server: &Server, words: &'static str) -> HostError {
    let other = TcpListener::bind((server.ip, 0)).unwrap();
    let mut host = server.host(Some("user_ed25519"));
    host.port = other.local_addr().unwrap().port();
    thread::spawn(move || {
        // One without room is asked again.
        for stream in other.incoming() {
            let _gone = stream.unwrap().write_all(words.as_bytes());
        }
    });
    let options = options().timeouts(Timeouts { connect: Duration::from_secs(2), ..Timeouts::default() });
    SshRemote::connect(&host, &options).err().unwrap()
}

#[test]
fn who_answers_without_ssh_is_quoted() {
    let Some(server) = Server::start() else { return };
    for (words, fault, again) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", HandshakeFault::NotSsh, false),
        // What sshd 8.2 and later say (drop_connection in sshd.c).
        ("Exceeded MaxStartups\r\n", HandshakeFault::Full, true),
        // What sshd 9.8 and later say (the same).
        ("Not allowed at this time\r\n", HandshakeFault::Banned, false),
    ] {
        let error = greets(&server, words);
        let HostError { kind: HostFault::Handshake { fault: found, .. }, .. } = &error else {
            panic!("{error:?}")
        };
        assert_eq!((*found, error.is_connection_loss()), (fault, again), "{error}");
        assert!(error.to_string().contains(words.trim()) && error.hint().is_some(), "{error}");
    }
}
