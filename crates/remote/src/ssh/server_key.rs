//! The public key of a server.

use std::fmt;
use std::str::FromStr;

use ssh_key::PublicKey;
use ssh_key::public::KeyData;

use super::presented::fingerprint;

/// A server's public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerKey(KeyData);

impl ServerKey {
    pub(super) fn new(key: KeyData) -> Self {
        Self(key)
    }

    /// Its type as the protocol calls it, `ssh-ed25519`.
    #[must_use]
    pub fn algorithm(&self) -> String {
        self.0.algorithm().as_str().to_owned()
    }

    /// Its type as `ssh-keygen -lf` calls it, `ED25519`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            KeyData::Ed25519(_) => "ED25519",
            KeyData::Ecdsa(_) => "ECDSA",
            KeyData::Rsa(_) => "RSA",
            KeyData::Dsa(_) => "DSA",
            _ => "other",
        }
    }

    /// Its SHA-256 fingerprint in the form of `ssh-keygen -lf`, `SHA256:` and 43 characters of base64.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.0)
    }
}

/// Type and base64, as in a `.pub` file.
impl fmt::Display for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&PublicKey::from(self.0.clone()).to_openssh().map_err(|_| fmt::Error)?)
    }
}

impl FromStr for ServerKey {
    type Err = String;

    /// Reads type and base64; what comes after them is a comment.
    fn from_str(text: &str) -> Result<Self, String> {
        match PublicKey::from_openssh(text) {
            Ok(key) => Ok(Self(key.key_data().clone())),
            Err(error) => Err(format!("`{}` is not a public key: {error}", text.escape_debug())),
        }
    }
}
