//! One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use ssh_key::PublicKey;
use ssh_key::known_hosts::{HostPatterns, Marker};
use ssh_key::public::KeyData;

/// A line that is about somebody. Its key is only read when that is somebody asked for: a fleet reads the file once a host.
pub(super) struct Line<'a> {
    pub(super) marker: Option<Marker>,
    patterns: HostPatterns,
    key: (&'a str, &'a str),
}

impl<'a> Line<'a> {
    /// Takes a line apart; `None` for comments and what cannot be read.
    pub(super) fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split_whitespace().peekable();
        let marker = match fields.peek()? {
            field if field.starts_with('#') => return None,
            field if field.starts_with('@') => Some(fields.next()?.parse().ok()?),
            _ => None,
        };
        let patterns = fields.next()?.parse().ok()?;
        Some(Self { marker, patterns, key: (fields.next()?, fields.next()?) })
    }

    /// The key on it, if it is one.
    pub(super) fn key(&self) -> Option<KeyData> {
        let (key_type, blob) = self.key;
        Some(PublicKey::from_openssh(&format!("{key_type} {blob}")).ok()?.key_data().clone())
    }

    /// Whether `name` (an address, or `[address]:port`) is one of the hosts meant.
    pub(super) fn names(&self, name: &str) -> bool {
        match &self.patterns {
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
}

/// `*` is any text, `?` any byte.
pub(super) fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
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

    #[test]
    fn a_star_takes_what_is_needed() {
        for (pattern, text, fits) in [
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("**", "", true),
            ("web?", "web1", true),
            ("web?", "web12", false),
        ] {
            assert_eq!(wildcard(pattern.as_bytes(), text.as_bytes()), fits, "{pattern} {text}");
        }
    }
}
