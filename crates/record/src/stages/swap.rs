//! What `swap-release --fleet` adds to a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Details, Release, ReleaseId, Undone};

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
    /// Every host serves the release, or as many as the quorum asks for and the others were left out before anybody
    /// switched.
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
    /// Was not ready, and the quorum let the others go without it; `converge` brings it to them.
    LeftOut,
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
    /// The batch it switched in, counted from 1; null if it did not switch.
    pub batch: Option<u32>,
    /// Milliseconds from the first switch of the fleet to this host's; null if it did not switch.
    pub switched_after_ms: Option<f64>,
    /// What the health probe saw, e.g. "200 with `r2`, 12 ms"; null if it was not asked.
    pub health: Option<String>,
    /// What it saw of the former release, when that was back; null if it was not asked again.
    #[serde(default)]
    pub former_health: Option<String>,
    /// True if the release is marked as failed there.
    #[serde(default)]
    pub marked_failed: bool,
    /// What failed.
    pub error: Option<String>,
}

/// One run of a hook on one host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookRun {
    /// `before-switch`, `after-switch`, `before-commit`, `after-commit` or `after-revert`.
    pub phase: String,
    /// The hook.
    pub name: String,
    /// The host.
    pub host: String,
    /// Whether it did its work.
    pub ok: bool,
    /// How long it took.
    pub seconds: f64,
    /// The end of what it said; why it failed, if it did.
    pub output: String,
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
    /// What a failed health check says of the release; null if none failed.
    #[serde(default)]
    pub judgement: Option<String>,
    /// Milliseconds between the first and the last switch; null if fewer than two hosts switched.
    pub spread_ms: Option<f64>,
    /// The hooks that were run, in the order of their ends.
    pub hooks: Vec<HookRun>,
    /// Every host, in the order of the inventory.
    pub hosts: Vec<SwappedHost>,
    /// How long the site was closed to visitors, in seconds, all together; null if it was not.
    #[serde(default)]
    pub closed_seconds: Option<f64>,
    /// What was done about what the release did to the shared database; null where there is no Drupal preset, or it went well.
    #[serde(default)]
    pub undone: Option<Undone>,
}

impl Swap {
    /// `3 hosts`, or `2 of 3 hosts` where a quorum was enough.
    fn committed(&self) -> String {
        let (all, serve) = (
            self.hosts.len(),
            self.hosts.iter().filter(|host| host.outcome == HostOutcome::Committed).count(),
        );
        match (serve, all) {
            (1, 1) => "1 host".to_owned(),
            _ if serve == all => format!("{all} hosts"),
            _ => format!("{serve} of {all} hosts"),
        }
    }
}

impl Details for Swap {
    const SCHEMA: &'static str = "swap/1";
    const FILE: &'static str = "swap.json";

    fn summary(&self, _: &Release) -> String {
        match (self.outcome, self.verb) {
            (Outcome::Committed, Verb::Activate) => format!("live on {}", self.committed()),
            (Outcome::Committed, Verb::Rollback) => format!("live again on {}", self.committed()),
            (Outcome::RolledBack, _) => "failed, every host is back on its former release".to_owned(),
            (Outcome::Refused, _) => "refused, nothing was switched".to_owned(),
            (Outcome::Mixed, _) => "HOSTS ARE LEFT ON DIFFERENT RELEASES".to_owned(),
        }
    }
}
