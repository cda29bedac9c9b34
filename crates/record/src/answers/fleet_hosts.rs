//! `fleet-push hosts --json`: the inventory as it is understood.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The chosen hosts with everything that was resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetHosts {
    /// `fleet-hosts/1`.
    pub schema: String,
    /// In the order of the inventory.
    pub hosts: Vec<ResolvedHost>,
}

impl FleetHosts {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "fleet-hosts/1";
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolvedHost {
    /// What reports call it.
    pub name: String,
    /// The group whose quorum counts for it.
    pub group: Option<String>,
    /// Every group by which it can be chosen.
    pub groups: Vec<String>,
    /// What SSH dials.
    pub address: String,
    /// The SSH port.
    pub port: u16,
    /// The account.
    pub user: String,
    /// Hosts on the way, the first one first: `user@address:port`.
    pub jump: Vec<String>,
    /// The private key file on this machine; null: the SSH agent.
    pub identity: Option<String>,
    /// The known_hosts files on this machine; empty: the user's own.
    pub known_hosts: Vec<String>,
    /// Commands run on this machine.
    pub local: bool,
    /// Where releases live.
    pub deploy_to: String,
    /// What carries the payload there.
    pub engine: String,
    /// The IP address other peers dial, when it is not `address`.
    pub peer_address: Option<String>,
    /// Where its peer listens: a port, or the first free one of a range.
    pub peer_ports: String,
    /// The most its peer sends, in bytes a second.
    pub max_upload: Option<u64>,
    /// swap-release there.
    pub swap_release: String,
}
