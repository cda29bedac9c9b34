//! What `swap-release --fleet` adds to a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Details, ReleaseId};

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// Make the pushed release live.
    Activate,
    /// Put a former release back.
    Rollback,
}

/// How the fleet stands after the swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Every host serves the release.
    Committed,
    /// A host could not switch to the release or was not healthy on it; every host is on the release it had before.
    RolledBack,
    /// A host was not ready; no host switched.
    Refused,
    /// Hosts serve different releases.
    Mixed,
}

/// How one host stands after the swap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostOutcome {
    /// Serves the release, confirmed.
    Committed,
    /// Switched, then put back.
    Reverted,
    /// Was never switched.
    Untouched,
    /// Not known: the host could not be asked any more. It puts itself back when the lease ends.
    Unknown,
}

/// One host's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwappedHost {
    /// Its name in the inventory.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The release it had live before; null if none.
    pub before: Option<ReleaseId>,
    /// The release it has live now; null if none or not known.
    pub after: Option<ReleaseId>,
    /// How it stands.
    pub outcome: HostOutcome,
    /// Milliseconds from the first switch of the fleet to this host's; null if it did not switch.
    pub switched_after_ms: Option<f64>,
    /// What the health probe saw, e.g. "200 with `r2`, 12 ms"; null if it was not asked.
    pub health: Option<String>,
    /// What failed.
    pub error: Option<String>,
}

/// Details of `swap/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Swap {
    /// What was asked.
    pub verb: Verb,
    /// The release that every host should have after a commit.
    pub to: ReleaseId,
    /// How the fleet stands.
    pub outcome: Outcome,
    /// Milliseconds between the first and the last switch; null if fewer than two hosts switched.
    pub spread_ms: Option<f64>,
    /// Every host, in the order of the inventory.
    pub hosts: Vec<SwappedHost>,
}

impl Details for Swap {
    const SCHEMA: &'static str = "swap/1";
    const FILE: &'static str = "swap.json";
}
