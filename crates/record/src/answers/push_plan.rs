//! `fleet-push plan --json`: what a push would do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ReleaseId;

/// What would be done on every host, and how long it would take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushPlan {
    /// `push-plan/1`.
    pub schema: String,
    /// The release.
    pub release: ReleaseId,
    /// Bytes that the torrent carries.
    pub payload_bytes: u64,
    /// Bytes of the unpacked tree.
    pub tree_bytes: u64,
    /// Regular files in it.
    pub files: u64,
    /// In the order of the inventory.
    pub hosts: Vec<PlannedHost>,
    /// For the hosts that would get the payload.
    pub estimate: Estimate,
}

impl PushPlan {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "push-plan/1";
}

/// What would be done on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanAction {
    /// It gets the payload and stages it.
    Push,
    /// It has the release, proved.
    Nothing,
    /// It would fail, for the reasons in `problems`.
    Fail,
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlannedHost {
    /// Its name in the inventory.
    pub name: String,
    /// Its group.
    pub group: Option<String>,
    /// What would be done.
    pub action: PlanAction,
    /// What would carry the payload there: `embedded` or `rtorrent`.
    pub engine: String,
    /// Bytes it would get, at most: what an earlier push left there is used.
    pub bytes: u64,
    /// Bytes of disk it would need.
    pub needs_bytes: u64,
    /// Bytes free where releases live; null if not known.
    pub free_bytes: Option<u64>,
    /// Inodes free there; null if not known, or without a limit.
    pub free_inodes: Option<u64>,
    /// How far its clock is ahead of this machine's, in milliseconds; null if not known.
    pub clock_ahead_ms: Option<i64>,
    /// Version of swap-release there.
    pub swap_release: Option<String>,
    /// Version of rtorrent there; null for the embedded engine.
    pub rtorrent: Option<String>,
    /// The release that is live.
    pub live: Option<ReleaseId>,
    /// Why it would fail.
    pub problems: Vec<String>,
    /// What is odd, but would not stop it.
    pub warnings: Vec<String>,
}

/// The expected time of the distribution, by two formulas; without SSH, hashing and unpacking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// N: hosts that get the payload.
    pub hosts: u64,
    /// F: bytes for each.
    pub bytes: u64,
    /// u_s: what the seeder sends, bytes a second.
    pub seeder_upload: u64,
    /// What a host receives, and sends unless `max_upload` says less, bytes a second: assumed, by `--link`.
    pub link: u64,
    /// The sum of u_i: what all hosts send together, bytes a second.
    pub hosts_upload: u64,
    /// Seconds if the seeder sends every copy.
    pub star_seconds: f64,
    /// The formula of it.
    pub star_formula: String,
    /// Seconds that no swarm can beat.
    pub swarm_seconds: f64,
    /// The formula of it.
    pub swarm_formula: String,
}
