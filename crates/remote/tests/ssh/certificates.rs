//! Certificates instead of keys: of hosts, by `@cert-authority` in known_hosts, and of users, beside the key.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use remote::{Argv, HostError, HostFault, Passphrase, Remote, SshRemote};

use crate::server::{Prepare, Server, Setup, keygen, options, user};

/// An sshd that shows a certificate of its key, signed by `ca_host`, and lets in who has one of `ca_user`.
fn certified(host_key: &'static [&'static str], prepare: Prepare) -> Setup {
    let config = match host_key {
        ["rsa"] => "HostCertificate {dir}/host_rsa-cert.pub\nTrustedUserCAKeys {dir}/ca_user.pub",
        ["ecdsa"] => "HostCertificate {dir}/host_ecdsa-cert.pub\nTrustedUserCAKeys {dir}/ca_user.pub",
        _ => "HostCertificate {dir}/host_ed25519-cert.pub\nTrustedUserCAKeys {dir}/ca_user.pub",
    };
    Setup { host_keys: host_key, config, prepare, ..Setup::default() }
}

/// Makes the authorities, and has one sign every host key for `names`.
fn sign_host(dir: &Path, ca: &str, more: &[&str]) {
    let (kind, bits) = ca.split_once(' ').unwrap_or((ca, ""));
    if bits.is_empty() {
        keygen(&dir.join("ca_host"), kind, "");
    } else {
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-b", bits, "-N", "", "-f"])
            .arg(dir.join("ca_host"))
            .status()
            .unwrap();
        assert!(made.success());
    }
    keygen(&dir.join("ca_user"), "ed25519", "");
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let public = dir.join(format!("host_{kind}.pub"));
        if public.exists() {
            sign(dir, "ca_host", &[&["-h", "-I", "host"], more].concat(), &public);
        }
    }
}

fn sign(dir: &Path, ca: &str, more: &[&str], public: &Path) {
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-s"])
        .arg(dir.join(ca))
        .args(more)
        .arg(public)
        .output()
        .unwrap();
    assert!(signed.status.success(), "{}", String::from_utf8_lossy(&signed.stderr));
}

/// known_hosts has nothing but the authority (and more lines).
fn trust(server: &Server, pattern: &str, more: &str) {
    let ca = fs::read_to_string(server.path("ca_host.pub")).unwrap();
    fs::write(server.path("known_hosts"), format!("@cert-authority {pattern} {ca}{more}")).unwrap();
}

fn refused(server: &Server) -> HostError {
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    assert!(!server.log().contains("Accepted publickey"), "{}", server.log());
    error
}

fn works(remote: &SshRemote) {
    let output = remote.exec(&Argv::new("echo").arg("here"), b"", Duration::from_secs(10)).unwrap();
    assert_eq!(output.stdout, b"here\n");
}

#[test]
fn a_host_is_known_by_the_authority_that_signed_its_key() {
    let kinds: [(&'static [&'static str], Prepare); 6] = [
        (&["ed25519"], |dir, ip| sign_host(dir, "ecdsa 384", &["-n", &ip.to_string()])),
        (&["ed25519"], |dir, ip| sign_host(dir, "ed25519", &["-n", &format!("web1,{ip}"), "-V", "-1d:+1d"])),
        // Without an end, which is what ssh-keygen makes unless told.
        (&["ecdsa"], |dir, ip| sign_host(dir, "rsa", &["-n", &ip.to_string()])),
        (&["rsa"], |dir, ip| sign_host(dir, "ecdsa", &["-n", &ip.to_string()])),
        (&["ed25519"], |dir, _| sign_host(dir, "rsa", &["-n", "127.0.*"])),
        (&["rsa"], |dir, ip| sign_host(dir, "rsa", &["-t", "rsa-sha2-256", "-n", &ip.to_string()])),
    ];
    for (host_key, prepare) in kinds {
        let Some(server) = Server::start_with(&certified(host_key, prepare)) else { return };
        for pattern in ["*".to_owned(), "127.0.40.*".to_owned(), format!("[{}]:{}", server.ip, server.port)] {
            trust(&server, &pattern, "");
            works(&server.connect());
        }
        // Whom the authority is not trusted for is somebody unknown.
        trust(&server, "*.example.org", "");
        let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
        assert!(
            matches!(error, HostError { kind: HostFault::UnknownHostKey { .. }, .. }),
            "{host_key:?}: {error}"
        );
    }
}

#[test]
fn a_certificate_that_does_not_hold_is_told_with_the_reason() {
    let kinds: [(Prepare, &str); 7] = [
        (|dir, _| sign_host(dir, "ed25519", &["-n", "web9"]), "it is for web9, not for 127.0."),
        (|dir, ip| sign_host(dir, "ed25519", &["-n", &ip.to_string(), "-V", "-2d:-1d"]), "it expired at 20"),
        (
            |dir, ip| sign_host(dir, "ed25519", &["-n", &ip.to_string(), "-V", "+1d:+2d"]),
            "it is not valid before 20",
        ),
        (|dir, _| sign_host(dir, "ed25519", &[]), "it names no host"),
        // What is not possible is said, and what is.
        (|dir, ip| sign_host(dir, "ecdsa 521", &["-n", &ip.to_string()]), "only those of Ed25519, RSA"),
        (|dir, ip| sign_host(dir, "rsa", &["-t", "ssh-rsa", "-n", &ip.to_string()]), "a signature `ssh-rsa`"),
        (
            |dir, ip| {
                sign_host(dir, "ed25519", &["-n", &ip.to_string()]);
                // Another authority's signature under this one's name.
                let text = fs::read_to_string(dir.join("host_ed25519-cert.pub")).unwrap();
                let kept = text.trim_end().rsplit_once(' ').unwrap().0;
                let end = kept.len() - 12;
                let turned = if &kept[end..=end] == "A" { "B" } else { "A" };
                fs::write(
                    dir.join("host_ed25519-cert.pub"),
                    format!("{}{turned}{}", &kept[..end], &kept[end + 1..]),
                )
                .unwrap();
            },
            "",
        ),
    ];
    for (prepare, words) in kinds {
        let Some(server) = Server::start_with(&certified(&["ed25519"], prepare)) else { return };
        trust(&server, "*", "");
        let error = refused(&server);
        if words.is_empty() {
            // sshd itself may not show what is forged; then there is just a key nobody knows.
            let forged = matches!(
                error,
                HostError { kind: HostFault::HostCertificate { .. }, .. }
                    | HostError { kind: HostFault::UnknownHostKey { .. }, .. }
            );
            assert!(forged, "{error}");
            continue;
        }
        assert!(
            matches!(error, HostError { kind: HostFault::HostCertificate { .. }, .. }),
            "{error}\n{}",
            server.log()
        );
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(error.hint().unwrap().contains("ssh-keygen -s"), "{error}");
        assert!(!error.is_connection_loss());
    }
}

#[test]
fn what_was_revoked_is_revoked_also_when_it_is_signed() {
    let prepare: Prepare = |dir, ip| sign_host(dir, "ed25519", &["-n", &ip.to_string()]);
    let Some(server) = Server::start_with(&certified(&["ed25519"], prepare)) else { return };
    for key in ["host_ed25519.pub", "ca_host.pub"] {
        let public = fs::read_to_string(server.path(key)).unwrap();
        trust(&server, "*", &format!("@revoked * {public}"));
        assert!(
            matches!(refused(&server), HostError { kind: HostFault::RevokedHostKey { .. }, .. }),
            "{key}"
        );
    }
    // A certificate does not hide that the key is another one than the known one, where nobody vouches for it.
    let other = fs::read_to_string(server.path("stranger.pub")).unwrap();
    fs::write(server.path("known_hosts"), format!("[{}]:{} {other}", server.ip, server.port)).unwrap();
    assert!(matches!(refused(&server), HostError { kind: HostFault::ChangedHostKey { .. }, .. }));
    // And its key is known like any other.
    server.know(&["ed25519"]);
    works(&server.connect());
}

#[test]
fn a_user_logs_in_with_the_certificate_beside_the_key() {
    let Some(server) = Server::start_with(&certified(&["ed25519"], |dir, ip| {
        sign_host(dir, "ed25519", &["-n", &ip.to_string()]);
    })) else {
        return;
    };
    // Nobody is let in for the key alone.
    fs::write(server.path("authorized_keys"), "").unwrap();
    keygen(&server.path("user_ecdsa"), "ecdsa", "");
    for key in ["user_ed25519", "user_rsa", "user_ecdsa", "user_locked"] {
        let with_pass = options().passphrase(Some(Passphrase::new("open sesame")));
        let error = server.try_connect(Some(key), &with_pass).err().unwrap();
        assert!(matches!(error, HostError { kind: HostFault::AuthRefused { .. }, .. }), "{key}: {error}");
        sign(server.dir.path(), "ca_user", &["-I", "me", "-n", &user()], &server.path(&format!("{key}.pub")));
        let remote = server.try_connect(Some(key), &with_pass);
        works(&remote.unwrap_or_else(|error| panic!("{key}: {error}\n{}", server.log())));
    }
    assert!(server.log().contains("CA ED25519"), "{}", server.log());
}

#[test]
fn a_user_s_certificate_that_is_no_help_is_told_and_hides_no_good_key() {
    let Some(server) = Server::start_with(&certified(&["ed25519"], |dir, ip| {
        sign_host(dir, "ed25519", &["-n", &ip.to_string()]);
    })) else {
        return;
    };
    let public = server.path("user_ed25519.pub");
    let me = user();
    let kinds: [(&[&str], &str); 4] = [
        (&["-I", "me", "-n", &me, "-V", "-2d:-1d"], "it expired at 20"),
        (&["-I", "me", "-n", "somebody"], "it is for somebody, not for"),
        (&["-h", "-I", "me", "-n", &me], "it is not a user certificate"),
        (&["-I", "me", "-n", &me, "-O", "source-address=192.0.2.1/32"], "user_ed25519-cert.pub`: "),
    ];
    let keys = fs::read_to_string(server.path("authorized_keys")).unwrap();
    for (arguments, words) in kinds {
        sign(server.dir.path(), "ca_user", arguments, &public);
        fs::write(server.path("authorized_keys"), "").unwrap();
        let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
        assert!(matches!(error, HostError { kind: HostFault::AuthRefused { .. }, .. }), "{error}");
        assert!(error.to_string().contains(words), "{words}: {error}");
        fs::write(server.path("authorized_keys"), &keys).unwrap();
        works(&server.connect());
    }
    fs::write(server.path("user_ed25519-cert.pub"), "nonsense\n").unwrap();
    works(&server.connect());
}
