//! known_hosts: which keys a server may show (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
//!
//! libssh2's own check knows neither wildcards nor `@revoked`, and calls a second key type of the same server a mismatch;
//! so the file is read here, and what it says also decides which key types are asked for.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use ssh_key::PublicKey;
use ssh_key::known_hosts::{HostPatterns, Marker};
use ssh_key::public::KeyData;

use crate::{Address, Error};

/// A site's file of a few thousand hosts is below 1 MB.
const LIMIT: u64 = 16 << 20;

/// What the file says about one server.
#[derive(Debug, Default)]
pub(super) struct KnownKeys {
    /// Keys under `[address]:port` (or the plain address for port 22).
    exact: Vec<KeyData>,
    /// Keys under the plain address, for another port than 22. OpenSSH accepts a match with them, but does not call a
    /// mismatch a changed key.
    portless: Vec<KeyData>,
    revoked: Vec<KeyData>,
}

/// The verdict on a key presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Known,
    Unknown,
    Changed,
    Revoked,
}

impl KnownKeys {
    /// Reads the files and keeps what concerns `address` and `port`. One at least must be there.
    pub(super) fn read(files: &[PathBuf], address: &Address, port: u16) -> Result<Self, Error> {
        let mut text = Vec::new();
        let mut missing = None;
        let mut found = false;
        for file in files {
            match File::open(file).and_then(|open| open.take(LIMIT).read_to_end(&mut text)) {
                Ok(_) => found = true,
                Err(source) if source.kind() == io::ErrorKind::NotFound && files.len() > 1 => {
                    missing.get_or_insert(Error::ReadKnownHosts { path: file.clone(), source });
                }
                Err(source) => return Err(Error::ReadKnownHosts { path: file.clone(), source }),
            }
            text.push(b'\n');
        }
        match missing {
            Some(missing) if !found => Err(missing),
            _ => Ok(Self::parse(&String::from_utf8_lossy(&text), address.as_str(), port)),
        }
    }

    fn parse(text: &str, address: &str, port: u16) -> Self {
        let with_port = if port == 22 { address.to_owned() } else { format!("[{address}]:{port}") };
        let mut keys = Self::default();
        for (number, line) in text.lines().enumerate() {
            let Some((marker, patterns, key)) = parse_line(line) else {
                if !line.trim().is_empty() && !line.trim_start().starts_with('#') {
                    log::debug!("known_hosts line {} is not understood and skipped", number + 1);
                }
                continue;
            };
            let (exact, portless) = (matches(&patterns, &with_port), matches(&patterns, address));
            match marker {
                Some(Marker::Revoked) if exact || portless => keys.revoked.push(key),
                // libssh2 does not take host certificates.
                Some(_) => {}
                None if exact => keys.exact.push(key),
                None if portless => keys.portless.push(key),
                None => {}
            }
        }
        keys
    }

    /// The host key algorithms to ask for, so that the server shows a key that can be compared (what OpenSSH does too);
    /// `None` when the file has no key for it.
    pub(super) fn algorithms(&self) -> Option<Vec<&'static str>> {
        let keys = if self.exact.is_empty() { &self.portless } else { &self.exact };
        let mut algorithms: Vec<&'static str> = Vec::new();
        for key in keys {
            for algorithm in signature_algorithms(key.algorithm().as_str()) {
                if !algorithms.contains(algorithm) {
                    algorithms.push(algorithm);
                }
            }
        }
        (!algorithms.is_empty()).then_some(algorithms)
    }

    /// Judges the key a server presented.
    pub(super) fn judge(&self, presented: &KeyData) -> Verdict {
        if self.revoked.contains(presented) {
            return Verdict::Revoked;
        }
        if self.exact.contains(presented) {
            return Verdict::Known;
        }
        if !self.exact.is_empty() {
            return Verdict::Changed;
        }
        if self.portless.contains(presented) { Verdict::Known } else { Verdict::Unknown }
    }
}

/// The signature algorithms of a key type that libssh2 1.11 speaks; an RSA key signs by SHA-2 (RFC 8332).
fn signature_algorithms(key_type: &str) -> &'static [&'static str] {
    match key_type {
        "ssh-ed25519" => &["ssh-ed25519"],
        "ecdsa-sha2-nistp256" => &["ecdsa-sha2-nistp256"],
        "ecdsa-sha2-nistp384" => &["ecdsa-sha2-nistp384"],
        "ecdsa-sha2-nistp521" => &["ecdsa-sha2-nistp521"],
        "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256"],
        _ => &[],
    }
}

/// Marker, host patterns and key of a line; `None` for comments and what cannot be read.
fn parse_line(line: &str) -> Option<(Option<Marker>, HostPatterns, KeyData)> {
    let mut fields = line.split_whitespace().peekable();
    let marker = match fields.peek()? {
        field if field.starts_with('#') => return None,
        field if field.starts_with('@') => Some(fields.next()?.parse().ok()?),
        _ => None,
    };
    let patterns = fields.next()?.parse().ok()?;
    let (key_type, blob) = (fields.next()?, fields.next()?);
    let key = PublicKey::from_openssh(&format!("{key_type} {blob}")).ok()?;
    Some((marker, patterns, key.key_data().clone()))
}

/// Whether `name` (an address, or `[address]:port`) is one of the hosts meant.
fn matches(patterns: &HostPatterns, name: &str) -> bool {
    match patterns {
        HostPatterns::HashedName { salt, hash } => {
            let Ok(mac) = Hmac::<Sha1>::new_from_slice(salt) else { return false };
            mac.chain_update(name.as_bytes()).verify_slice(hash).is_ok()
        }
        HostPatterns::Patterns(patterns) => {
            let mut found = false;
            for pattern in patterns {
                match pattern.strip_prefix('!') {
                    // A negated match excludes the line whatever else it names.
                    Some(negated) if wildcard(negated.as_bytes(), name.as_bytes()) => return false,
                    Some(_) => {}
                    None => found |= wildcard(pattern.to_ascii_lowercase().as_bytes(), name.as_bytes()),
                }
            }
            found
        }
    }
}

/// `*` is any text, `?` any byte.
fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where the last `*` stands, and the text it has taken so far: going back only to the last one keeps this quadratic
    // for hostile patterns.
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == b'?' || text.get(t) == Some(byte) => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((at, taken)) => {
                    star = Some((at, taken + 1));
                    p = at + 1;
                    t = taken + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(p).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made with ssh-keygen for these tests; no server has them.
    const ED: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIB9dG4kjRhQTtWTVzd2t27+t0DEHBPW7iOD23TUiYLio";
    const OTHER: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILM+rvN+ot98qgEN796jTiQfZfG1KaT0PtFDJ/XFSqti";
    const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBHwf2HMM5TRXvo2SQJjsNkiDD5KqiiNjrGVv3UUh+mMT5RHxiRtOnlqvjhQtBq0VpmpCV/PwUdhOig4vkbqAcEc=";

    fn key(line: &str) -> KeyData {
        PublicKey::from_openssh(line).unwrap().key_data().clone()
    }

    fn judge(file: &str, address: &str, port: u16) -> Verdict {
        KnownKeys::parse(file, address, port).judge(&key(ED))
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
        assert!(wildcard(b"a*b*c", b"aXbYbZc") && !wildcard(b"a*b*c", b"aXbYbZ") && wildcard(b"**", b""));
    }

    #[test]
    fn revoked_beats_known_and_authorities_do_not_vouch() {
        assert_eq!(judge(&format!("web1 {ED}\n@revoked * {ED}\n"), "web1", 22), Verdict::Revoked);
        assert_eq!(judge(&format!("@cert-authority * {ED}\n"), "web1", 22), Verdict::Unknown);
    }

    #[test]
    fn the_key_types_known_are_the_ones_asked_for() {
        let keys = KnownKeys::parse(&format!("web1 {ECDSA}\nweb1 {ECDSA}\nweb2 {ED}\n"), "web1", 22);
        assert_eq!(keys.algorithms().unwrap(), ["ecdsa-sha2-nistp256"]);
        assert!(KnownKeys::parse(&format!("web2 {ED}\n"), "web1", 22).algorithms().is_none());
    }

    #[test]
    fn a_line_that_cannot_be_read_hides_no_other() {
        let file = format!(
            "# comment\n\nweb1\nweb1 ssh-ed25519 AAAA\n|1|x web1\n@what web1 {ED}\n\tweb1\t{ED} root@web1 # x\n"
        );
        assert_eq!(judge(&file, "web1", 22), Verdict::Known);
    }
}
