//! known_hosts: which keys a server may show (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
//!
//! libssh2's own check knows neither wildcards nor `@revoked` nor `@cert-authority`, and calls a second key type of the same
//! server a mismatch; so the file is read here, and what it says also decides which key types are asked for.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::SystemTime;

use inventory::{Address, wildcard};
use ssh_key::known_hosts::Marker;
use ssh_key::public::KeyData;

use super::known_line::Line;
use super::presented::Presented;
use crate::KeyFileError;

/// A site's file of a few thousand hosts is below 1 MB.
pub(super) const LIMIT: u64 = 16 << 20;

/// The host key algorithms of libssh2 1.11, as OpenSSH prefers them. An RSA key signs by SHA-2 (RFC 8332).
pub(super) const PLAIN: [&str; 6] = [
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
];
/// The same for certificates.
const CERTIFIED: [&str; 6] = [
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
];

/// What the file says about one server.
#[derive(Clone, Debug, Default)]
pub(super) struct KnownKeys {
    /// What certificates must name: the server's address.
    name: String,
    /// Keys under `[address]:port` (or the plain address for port 22).
    exact: Vec<KeyData>,
    /// Keys under the plain address, for another port than 22. OpenSSH accepts a match with them, but does not call a
    /// mismatch a changed key.
    portless: Vec<KeyData>,
    /// `@revoked`: keys, or those who sign certificates.
    revoked: Vec<KeyData>,
    /// `@cert-authority`: whose signature on a certificate is as good as the key itself.
    authorities: Vec<KeyData>,
}

/// The verdict on a key presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Known,
    Unknown,
    Changed,
    Revoked,
    /// A trusted authority signed it, but it does not hold; why not.
    BadCertificate(String),
}

impl KnownKeys {
    /// Reads the files and keeps what concerns `address` and `port`. One at least must be there.
    pub(super) fn read(files: &[PathBuf], address: &Address, port: u16) -> Result<Self, KeyFileError> {
        match read_all(files)? {
            (text, None) => Ok(Self::parse(&text, address.as_str(), port)),
            (_, Some(missing)) => Err(missing),
        }
    }

    /// Like [`KnownKeys::read`], but knows nobody when there is no file yet.
    pub(super) fn read_if_there(
        files: &[PathBuf],
        address: &Address,
        port: u16,
    ) -> Result<Self, KeyFileError> {
        let (text, _none_yet) = read_all(files)?;
        Ok(Self::parse(&text, address.as_str(), port))
    }

    fn parse(text: &str, address: &str, port: u16) -> Self {
        let with_port = name(address, port);
        let mut keys = Self { name: address.to_owned(), ..Self::default() };
        for (number, line) in text.lines().enumerate() {
            if is_plainly_of_another(line, address) {
                continue;
            }
            let parsed = Line::parse(line);
            let exact = parsed.as_ref().is_some_and(|line| line.names(&with_port));
            let portless = !exact && port != 22 && parsed.as_ref().is_some_and(|line| line.names(address));
            let key = parsed.as_ref().filter(|_| exact || portless).and_then(Line::key);
            let (Some(parsed), Some(key)) = (&parsed, key) else {
                let is_text = !line.trim().is_empty() && !line.trim_start().starts_with('#');
                if is_text && (parsed.is_none() || exact || portless) {
                    log::debug!("known_hosts line {} is not understood and skipped", number + 1);
                }
                continue;
            };
            match parsed.marker {
                Some(Marker::Revoked) => keys.revoked.push(key),
                Some(Marker::CertAuthority) => keys.authorities.push(key),
                None if exact => keys.exact.push(key),
                None => keys.portless.push(key),
            }
        }
        keys
    }

    /// The host key algorithms to ask for, the most wanted first, so that the server shows a key that can be compared (what
    /// OpenSSH does too). Those of other types come last: a server that has none of the keys known is to be called changed,
    /// not incompatible.
    pub(super) fn algorithms(&self) -> Vec<&'static str> {
        let known = if self.exact.is_empty() { &self.portless } else { &self.exact };
        let mut algorithms: Vec<&'static str> = Vec::new();
        if !self.authorities.is_empty() {
            algorithms.extend(CERTIFIED);
        }
        let wanted = known.iter().flat_map(|key| signature_algorithms(key.algorithm().as_str()));
        for algorithm in wanted.chain(&PLAIN) {
            if !algorithms.contains(algorithm) {
                algorithms.push(algorithm);
            }
        }
        algorithms
    }

    /// Judges what a server presented.
    pub(super) fn judge(&self, presented: &Presented, now: SystemTime) -> Verdict {
        let key = presented.key();
        if self.revoked.contains(key) {
            return Verdict::Revoked;
        }
        if let Presented::Certificate(certificate) = presented
            && self.authorities.contains(&certificate.authority)
        {
            if self.revoked.contains(&certificate.authority) {
                return Verdict::Revoked;
            }
            return match certificate.check_host(&self.name, now) {
                Ok(()) => Verdict::Known,
                Err(why) => Verdict::BadCertificate(why),
            };
        }
        // A certificate of somebody else is no more than the key in it.
        if self.exact.contains(key) {
            return Verdict::Known;
        }
        if !self.exact.is_empty() {
            return Verdict::Changed;
        }
        if self.portless.contains(key) { Verdict::Known } else { Verdict::Unknown }
    }

    /// Whether another key of the type of `key` is known under exactly this address and port.
    pub(super) fn has_other_of_type(&self, key: &KeyData) -> bool {
        self.exact.iter().any(|known| known != key && known.algorithm() == key.algorithm())
    }
}

/// `algorithms` as far as HostKeyAlgorithms of ssh_config(5) accepts them: a list, or one that is added (`+`), put first (`^`) or
/// taken away (`-`, with patterns).
pub(super) fn accepted<'a>(algorithms: Vec<&'a str>, wanted: Option<&str>) -> Vec<&'a str> {
    let Some(wanted) = wanted else { return algorithms };
    let is_in = |list: &str, name: &str| list.split(',').any(|one| wildcard(one.as_bytes(), name.as_bytes()));
    match (wanted.strip_prefix('-'), wanted.strip_prefix(['+', '^'])) {
        (Some(without), _) => algorithms.into_iter().filter(|name| !is_in(without, name)).collect(),
        (None, Some(_)) => algorithms,
        (None, None) => algorithms.into_iter().filter(|name| is_in(wanted, name)).collect(),
    }
}

/// Whether a line names other servers, and in so many words: most do in the file of a large fleet, and all are looked at for
/// each of its servers, so nothing is taken apart for that.
fn is_plainly_of_another(line: &str, address: &str) -> bool {
    let names = line.split([' ', '\t']).next().unwrap_or_default();
    let is_plain = |byte: u8| !matches!(byte, b'|' | b'@' | b'#' | b'*' | b'?' | b'!' | b'A'..=b'Z');
    !names.is_empty() && names.bytes().all(is_plain) && !names.contains(address)
}

/// What a server is called in the file: the address as OpenSSH writes it, with a port that is not 22.
pub(super) fn name(address: &str, port: u16) -> String {
    if port == 22 { address.to_owned() } else { format!("[{address}]:{port}") }
}

/// The content of all files, and the error if not one of them is there.
fn read_all(files: &[PathBuf]) -> Result<(String, Option<KeyFileError>), KeyFileError> {
    let mut text = Vec::new();
    let mut missing = None;
    let mut found = false;
    for file in files {
        match File::open(file).and_then(|open| open.take(LIMIT).read_to_end(&mut text)) {
            Ok(_) => found = true,
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                missing.get_or_insert(KeyFileError::ReadKnownHosts { path: file.clone(), source });
            }
            Err(source) => return Err(KeyFileError::ReadKnownHosts { path: file.clone(), source }),
        }
        text.push(b'\n');
    }
    Ok((String::from_utf8_lossy(&text).into_owned(), missing.filter(|_| !found)))
}

/// The signature algorithms of a key type.
pub(super) fn signature_algorithms(key_type: &str) -> &'static [&'static str] {
    match key_type {
        "ssh-ed25519" => &["ssh-ed25519"],
        "ecdsa-sha2-nistp256" => &["ecdsa-sha2-nistp256"],
        "ecdsa-sha2-nistp384" => &["ecdsa-sha2-nistp384"],
        "ecdsa-sha2-nistp521" => &["ecdsa-sha2-nistp521"],
        "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256"],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use sha1::Sha1;
    use ssh_key::PublicKey;
    use ssh_key::known_hosts::HostPatterns;

    use super::*;

    #[test]
    fn only_a_line_that_can_mean_nobody_else_is_passed_over() {
        for (line, of_another) in [
            ("web2,10.0.0.22 ssh-ed25519 AAAA", true),
            ("[10.0.0.22]:2022 ssh-ed25519 AAAA", true),
            ("10.0.0.12 ssh-ed25519 AAAA", false),
            ("10.0.0.1 ssh-ed25519 AAAA", false),
            ("web1,[10.0.0.1]:2022 ssh-ed25519 AAAA", false),
            ("10.0.0.* ssh-ed25519 AAAA", false),
            ("!10.0.0.2,web? ssh-ed25519 AAAA", false),
            ("|1|c2FsdA==|aGFzaA== ssh-ed25519 AAAA", false),
            ("@revoked * ssh-ed25519 AAAA", false),
            ("WEB1 ssh-ed25519 AAAA", false),
            (" web2 ssh-ed25519 AAAA", false),
            ("# web2", false),
            ("", false),
        ] {
            assert_eq!(is_plainly_of_another(line, "10.0.0.1"), of_another, "{line}");
        }
    }

    // Made with ssh-keygen for these tests; no server has them.
    const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

    fn key(line: &str) -> KeyData {
        PublicKey::from_openssh(line).unwrap().key_data().clone()
    }

    fn judge(file: &str, address: &str, port: u16) -> Verdict {
        KnownKeys::parse(file, address, port).judge(&Presented::Key(key(ED)), SystemTime::now())
    }

    #[test]
    fn known_changed_and_unknown_are_three_things() {
        assert_eq!(judge(&format!("web1 {ED}\n"), "web1", 22), Verdict::Known);
        assert_eq!(judge(&format!("web1 {OTHER}\n"), "web1", 22), Verdict::Changed);
        assert_eq!(judge(&format!("web2 {ED}\n"), "web1", 22), Verdict::Unknown);
        assert_eq!(judge("", "web1", 22), Verdict::Unknown);
        assert_eq!(judge(&format!("web1 {OTHER}\nweb1 {ED}\n"), "web1", 22), Verdict::Known);
    }

    #[test]
    fn a_port_of_its_own() {
        let file = format!("[web1]:2222 {ED}\n");
        assert_eq!(judge(&file, "web1", 2222), Verdict::Known);
        assert_eq!(judge(&file, "web1", 22), Verdict::Unknown);
        // As OpenSSH: the plain name vouches for any port, but another key under it is no sign of a change.
        assert_eq!(judge(&format!("web1 {ED}\n"), "web1", 2222), Verdict::Known);
        assert_eq!(judge(&format!("web1 {OTHER}\n"), "web1", 2222), Verdict::Unknown);
    }

    #[test]
    fn hashed_names() {
        // ssh-keygen -H of `[127.0.3.1]:2200`.
        let mac = Hmac::<Sha1>::new_from_slice(b"0123456789abcdefghij").unwrap();
        let hash = mac.chain_update(b"[127.0.3.1]:2200").finalize().into_bytes();
        let mut array = [0; 20];
        array.copy_from_slice(&hash);
        let hashed = HostPatterns::HashedName { salt: b"0123456789abcdefghij".to_vec(), hash: array };
        let file = format!("{} {ED}\n", hashed.to_string());
        assert_eq!(judge(&file, "127.0.3.1", 2200), Verdict::Known);
        assert_eq!(judge(&file, "127.0.3.2", 2200), Verdict::Unknown);
    }

    #[test]
    fn patterns_and_negation() {
        let file = format!("*.example.org,!db.example.org,10.0.?.1 {ED}\n");
        assert_eq!(judge(&file, "web.example.org", 22), Verdict::Known);
        assert_eq!(judge(&file, "db.example.org", 22), Verdict::Unknown);
        assert_eq!(judge(&file, "10.0.7.1", 22), Verdict::Known);
        assert_eq!(judge(&file, "10.0.77.1", 22), Verdict::Unknown);
    }

    #[test]
    fn revoked_beats_known_and_authorities_do_not_vouch() {
        assert_eq!(judge(&format!("web1 {ED}\n@revoked * {ED}\n"), "web1", 22), Verdict::Revoked);
        assert_eq!(judge(&format!("@cert-authority * {ED}\n"), "web1", 22), Verdict::Unknown);
    }

    #[test]
    fn the_key_types_known_are_asked_for_first() {
        let keys = KnownKeys::parse(&format!("web1 {ECDSA}\nweb1 {ECDSA}\nweb2 {ED}\n"), "web1", 22);
        assert_eq!(keys.algorithms()[..2], ["ecdsa-sha2-nistp256", "ssh-ed25519"]);
        assert_eq!(keys.algorithms().len(), PLAIN.len());
        assert_eq!(KnownKeys::parse(&format!("web2 {ED}\n"), "web1", 22).algorithms(), PLAIN);
        // A certificate is asked for only where somebody could vouch for it.
        let keys = KnownKeys::parse(&format!("@cert-authority web* {ED}\nweb1 {ECDSA}\n"), "web1", 2222);
        assert_eq!(keys.algorithms()[..6], CERTIFIED);
        assert_eq!(keys.algorithms()[6], "ecdsa-sha2-nistp256");
    }

    #[test]
    fn host_key_algorithms_are_those_that_are_accepted() {
        let all = vec!["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512"];
        for (wanted, left) in [
            (None, &all[..]),
            (Some("ssh-ed25519,ssh-dss"), &all[..1]),
            (Some("-ecdsa-*,rsa-*"), &all[..1]),
            (Some("+ssh-rsa"), &all[..]),
            (Some("^rsa-sha2-512"), &all[..]),
            (Some("ssh-dss"), &[]),
        ] {
            assert_eq!(accepted(all.clone(), wanted), left, "{wanted:?}");
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_hides_no_other() {
        let file = format!(
            "# comment\n\nweb1\nweb1 ssh-ed25519 AAAA\n|1|x web1\n@what web1 {ED}\n\tweb1\t{ED} root@web1 # x\n"
        );
        assert_eq!(judge(&file, "web1", 22), Verdict::Known);
    }
}
