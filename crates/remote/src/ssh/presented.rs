//! What a server shows of itself in the handshake.

use ssh_key::public::KeyData;
use ssh_key::{HashAlg, PublicKey};

use super::certificate::Certificate;

/// A host key, plain or inside a certificate. The handshake has proved that the server has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Presented {
    Key(KeyData),
    Certificate(Box<Certificate>),
}

impl Presented {
    /// Reads what came in the handshake; `None` if it is neither.
    pub(super) fn from_bytes(blob: &[u8]) -> Option<Self> {
        if let Ok(key) = PublicKey::from_bytes(blob) {
            return Some(Self::Key(key.key_data().clone()));
        }
        Certificate::from_bytes(blob).map(|certificate| Self::Certificate(Box::new(certificate)))
    }

    /// The key itself.
    pub(super) fn key(&self) -> &KeyData {
        match self {
            Self::Key(key) => key,
            Self::Certificate(certificate) => &certificate.key,
        }
    }

    /// Key type and fingerprint, as `ssh-keygen -lf` shows it; of a certificate that of its key.
    pub(super) fn fingerprint(&self) -> String {
        format!("{} {}", self.key().algorithm(), fingerprint(self.key()))
    }
}

/// `SHA256:...`, as `ssh-keygen -lf` shows it.
pub(super) fn fingerprint(key: &KeyData) -> String {
    key.fingerprint(HashAlg::Sha256).to_string()
}
