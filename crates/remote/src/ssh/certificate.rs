//! OpenSSH certificates (OpenSSH's PROTOCOL.certkeys).
//!
//! libssh2 proves that a server has the key inside its certificate, and looks at nothing else in it; who signed it, for whom and
//! until when is checked here. ssh-key's own reader refuses certificates without an end, which is what `ssh-keygen -s` makes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use inventory::wildcard;
use ring::signature::{self, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};
use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::wire::{Wire, put_string};

const SUFFIX: &str = "-cert-v01@openssh.com";
/// Years beyond 9999 are not written as dates.
const LAST_DATE: u64 = 253_402_300_799;

/// Whom a certificate is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holder {
    /// SSH_CERT_TYPE_USER.
    User,
    /// SSH_CERT_TYPE_HOST.
    Host,
}

/// A certificate as it came, not checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Certificate {
    /// Whose key it is about.
    pub(super) key: KeyData,
    /// Whose signature it says to have.
    pub(super) authority: KeyData,
    holder: Option<Holder>,
    principals: Vec<String>,
    /// Seconds since 1970.
    after: u64,
    before: u64,
    has_critical_options: bool,
    signed: Vec<u8>,
    signature: Vec<u8>,
}

impl Certificate {
    /// Reads a key blob; `None` if it is no certificate or is malformed.
    pub(super) fn from_bytes(blob: &[u8]) -> Option<Self> {
        let mut wire = Wire(blob);
        let kind = wire.text()?.strip_suffix(SUFFIX)?;
        let _nonce = wire.string()?;
        let fields = if matches!(kind, "ssh-ed25519") { 1 } else { 2 };
        let mut plain = Vec::new();
        put_string(&mut plain, kind.as_bytes());
        for _ in 0..fields {
            put_string(&mut plain, wire.string()?);
        }
        let _serial = wire.u64()?;
        let holder = match wire.u32()? {
            1 => Some(Holder::User),
            2 => Some(Holder::Host),
            _ => None,
        };
        let _key_id = wire.string()?;
        let mut names = Wire(wire.string()?);
        let mut principals = Vec::new();
        while !names.0.is_empty() {
            principals.push(names.text()?.to_owned());
        }
        let (after, before) = (wire.u64()?, wire.u64()?);
        let has_critical_options = !wire.string()?.is_empty();
        let (_extensions, _reserved) = (wire.string()?, wire.string()?);
        let authority = PublicKey::from_bytes(wire.string()?).ok()?.key_data().clone();
        let signed = blob.get(..blob.len().checked_sub(wire.0.len())?)?.to_vec();
        let signature = wire.string()?.to_vec();
        if !wire.0.is_empty() {
            return None;
        }
        let key = PublicKey::from_bytes(&plain).ok()?.key_data().clone();
        Some(Self {
            key,
            authority,
            holder,
            principals,
            after,
            before,
            has_critical_options,
            signed,
            signature,
        })
    }

    /// Reads a `-cert.pub` file's text.
    pub(super) fn from_openssh(text: &str) -> Option<Self> {
        use base64::Engine;
        let blob = text.split_whitespace().nth(1)?;
        Self::from_bytes(&base64::engine::general_purpose::STANDARD.decode(blob).ok()?)
    }

    /// Whether it vouches for the server `name` now, provided that its authority is trusted; else why not.
    pub(super) fn check_host(&self, name: &str, now: SystemTime) -> Result<(), String> {
        verify(&self.authority, &self.signed, &self.signature)?;
        self.check_holder(Holder::Host)?;
        self.check_time(now)?;
        if self.has_critical_options {
            return Err("it has critical options, which no host certificate may have".to_owned());
        }
        // ssh-keygen makes one without names when -n is forgotten: every host that has such a one could play all others.
        if self.principals.is_empty() {
            return Err("it names no host".to_owned());
        }
        let fits = |principal: &String| wildcard(principal.to_ascii_lowercase().as_bytes(), name.as_bytes());
        if self.principals.iter().any(fits) {
            return Ok(());
        }
        Err(format!("it is for {}, not for {name}", self.principals.join(", ")))
    }

    /// What is plainly wrong with a user's certificate for the account `user`: the server says no more than that it refused.
    pub(super) fn check_user(&self, user: &str, now: SystemTime) -> Result<(), String> {
        self.check_holder(Holder::User)?;
        self.check_time(now)?;
        if self.principals.is_empty() || self.principals.iter().any(|name| name == user) {
            return Ok(());
        }
        Err(format!("it is for {}, not for {user}", self.principals.join(", ")))
    }

    fn check_holder(&self, wanted: Holder) -> Result<(), String> {
        match (self.holder, wanted) {
            (Some(holder), wanted) if holder == wanted => Ok(()),
            (_, Holder::Host) => Err("it is not a host certificate".to_owned()),
            (_, Holder::User) => Err("it is not a user certificate".to_owned()),
        }
    }

    /// `valid after <= now < valid before`.
    fn check_time(&self, now: SystemTime) -> Result<(), String> {
        let now = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        if now < self.after {
            return Err(format!("it is not valid before {}", date(self.after)));
        }
        if now >= self.before {
            return Err(format!("it expired at {}", date(self.before)));
        }
        Ok(())
    }
}

fn date(seconds: u64) -> String {
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(LAST_DATE));
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Checks a signature in SSH's form (RFC 8032, RFC 5656, RFC 8332; never SHA-1) by a key of an authority.
fn verify(authority: &KeyData, signed: &[u8], signature: &[u8]) -> Result<(), String> {
    let wrong = || "its signature is not that of its authority".to_owned();
    let mut wire = Wire(signature);
    let (algorithm, raw) = (wire.text().ok_or_else(wrong)?, wire.string().ok_or_else(wrong)?);
    let by = |method: &'static dyn VerificationAlgorithm, key: &[u8], raw: &[u8]| {
        UnparsedPublicKey::new(method, key).verify(signed, raw).map_err(|_| wrong())
    };
    match (authority, algorithm) {
        (KeyData::Ed25519(key), "ssh-ed25519") => by(&signature::ED25519, key.as_ref(), raw),
        (KeyData::Ecdsa(key), "ecdsa-sha2-nistp256") => {
            by(&signature::ECDSA_P256_SHA256_FIXED, key.as_sec1_bytes(), &fixed(raw, 32).ok_or_else(wrong)?)
        }
        (KeyData::Ecdsa(key), "ecdsa-sha2-nistp384") => {
            by(&signature::ECDSA_P384_SHA384_FIXED, key.as_sec1_bytes(), &fixed(raw, 48).ok_or_else(wrong)?)
        }
        (KeyData::Rsa(key), "rsa-sha2-256" | "rsa-sha2-512") => {
            let method = match algorithm {
                "rsa-sha2-256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                _ => &signature::RSA_PKCS1_2048_8192_SHA512,
            };
            let number = |number: &ssh_key::Mpint| number.as_positive_bytes().map(<[u8]>::to_vec);
            let (n, e) = (number(&key.n).ok_or_else(wrong)?, number(&key.e).ok_or_else(wrong)?);
            RsaPublicKeyComponents { n, e }.verify(method, signed, raw).map_err(|_| wrong())
        }
        _ => Err(format!(
            "a signature `{}` of a key `{}` cannot be checked here, only those of Ed25519, RSA (SHA-2) and ECDSA P-256 and \
             P-384 keys",
            algorithm.escape_debug(),
            authority.algorithm()
        )),
    }
}

/// An ECDSA signature as two numbers of `size` bytes (RFC 5656, 3.1.2, has two mpints).
fn fixed(raw: &[u8], size: usize) -> Option<Vec<u8>> {
    let mut wire = Wire(raw);
    let mut out = Vec::with_capacity(2 * size);
    for number in [wire.unsigned()?, wire.unsigned()?] {
        out.extend(std::iter::repeat_n(0, size.checked_sub(number.len())?));
        out.extend(number);
    }
    Some(out)
}
