//! What `fleet-push` adds to a record.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Details, Release};

/// Where a host stands after the push.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PushState {
    /// The release is staged and the host has proved its tree digest.
    Staged,
    /// See `error`.
    Failed,
    /// Not begun (the push was aborted).
    Skipped,
}

/// Seconds that each step took; null if it was not reached.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepSeconds {
    /// TCP, host key, authentication, and the question what the host has.
    pub connect: Option<f64>,
    /// Until the client knows the torrent (rtorrent), or its peers (embedded, which waits until all listen).
    pub push: Option<f64>,
    /// Until the client had every piece.
    pub download: Option<f64>,
    /// `swap-release stage` on the host.
    pub stage: Option<f64>,
}

/// One host's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushedHost {
    /// Its name in the inventory.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Where it stands.
    pub state: PushState,
    /// True if it had the release staged before this push.
    pub already: bool,
    /// What carried the payload there: `embedded` or `rtorrent`.
    pub engine: String,
    /// Bytes of payload its client has.
    pub bytes: u64,
    /// Bytes of payload it sent to others; null where the client was not asked.
    pub uploaded: Option<u64>,
    /// Bytes of payload that came from the seeder, as far as its client says; null where it was not asked.
    pub from_seeder: Option<u64>,
    /// Bytes of payload that came from the others, by the same account.
    pub from_fleet: Option<u64>,
    /// How long each step took.
    pub seconds: StepSeconds,
    /// Why it failed.
    pub error: Option<String>,
}

/// The seeder that ran inside `fleet-push`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushSeeder {
    /// What the hosts dialled.
    #[schemars(with = "String")]
    pub peer: SocketAddr,
    /// Bytes of payload that it sent; divided by the payload's size, the copies.
    pub uploaded: u64,
    /// The most it might send, bytes a second; null for no limit.
    pub max_upload: Option<u64>,
}

/// When the seeder was needed no more: hosts that lacked pieces got the rest from other hosts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeederSpared {
    /// Complete copies in the swarm by then, the seeder's not counted.
    pub copies: u32,
    /// Seconds since the push began.
    pub seconds: f64,
}

/// Details of `push/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Push {
    /// The seeder of this push; null if somebody else seeded.
    pub seeder: Option<PushSeeder>,
    /// Since when the seeder might have left; null if it was needed until nobody lacked anything.
    pub seeder_may_leave: Option<SeederSpared>,
    /// Every host of the inventory that was selected, in its order.
    pub hosts: Vec<PushedHost>,
}

impl Push {
    /// True if every host has staged and proved the release.
    #[must_use]
    pub fn all_staged(&self) -> bool {
        !self.hosts.is_empty() && self.hosts.iter().all(|host| host.state == PushState::Staged)
    }
}

impl Details for Push {
    const SCHEMA: &'static str = "push/1";
    const FILE: &'static str = "push.json";

    fn summary(&self, _: &Release) -> String {
        let staged = self.hosts.iter().filter(|host| host.state == PushState::Staged).count();
        format!("staged on {staged} of {} hosts", self.hosts.len())
    }
}
