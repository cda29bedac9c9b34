//! `fleet-push keys scan --json`: the keys that the hosts' sshds show, and what is known of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostKeys {
    /// `host-keys/1`.
    pub schema: String,
    /// Jump hosts before those behind them, else in the order of the inventory.
    pub hosts: Vec<ScannedHost>,
}

impl HostKeys {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "host-keys/1";
}

/// One sshd.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScannedHost {
    /// What reports call it; of a jump host its address.
    pub name: String,
    /// What SSH dials.
    pub address: String,
    /// The SSH port.
    pub port: u16,
    /// Hosts on the way, the first one first: `user@address:port`.
    pub jump: Vec<String>,
    /// The file to which its keys are added.
    pub known_hosts: String,
    /// A connection would be made: its key is known, or was added.
    pub trusted: bool,
    /// The keys it shows, the one that a connection uses first; empty if it cannot be reached.
    pub keys: Vec<ScannedKey>,
    /// Why it is not trusted.
    pub problem: Option<String>,
    /// What to do about that.
    pub hint: Option<String>,
}

/// One key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScannedKey {
    /// The type, such as `ssh-ed25519`.
    pub algorithm: String,
    /// SHA-256, as `ssh-keygen -lf` shows it.
    pub fingerprint: String,
    /// Whether it was shown inside a certificate.
    pub certified: bool,
    /// What was known of it before.
    pub standing: KeyStanding,
    /// It was added to known_hosts now.
    pub added: bool,
}

/// What known_hosts says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyStanding {
    /// It is known, or a trusted authority has signed it.
    Known,
    /// Nothing is known of it.
    New,
    /// Another one is known.
    Changed,
    /// It is marked `@revoked`, or who signed it is.
    Revoked,
    /// A trusted authority signed it, but the certificate does not hold.
    BadCertificate,
}
