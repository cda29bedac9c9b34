//! One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).

use hmac::{Hmac, KeyInit, Mac};
use inventory::wildcard;
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
