//! What `fleet-push converge` adds to a record.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Details, PushSeeder, PushedHost, Release, ReleaseId};

/// How one host stands after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvergeOutcome {
    /// Served the fleet's release before.
    Already,
    /// Was brought to it.
    Converged,
    /// Does not serve it; see `error`.
    Failed,
    /// Could not be asked, and nothing was done there; see `error`.
    Absent,
}

/// One host's result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConvergedHost {
    /// Its name in the inventory.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The release it had live before; null if none or not known.
    pub before: Option<ReleaseId>,
    /// The release it has live now; null if none or not known.
    pub after: Option<ReleaseId>,
    /// How it stands.
    pub outcome: ConvergeOutcome,
    /// How the release came there; null where it was staged already, or nothing was done.
    pub push: Option<PushedHost>,
    /// What its health check saw before it was left on the release; null if none was asked.
    pub health: Option<String>,
    /// What failed.
    pub error: Option<String>,
}

/// Details of `converge/1`. Its input is publish.json; push.json and swap.json of the build stay as they are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Converge {
    /// The seeder that ran here; null if none was needed or somebody else seeded.
    pub seeder: Option<PushSeeder>,
    /// Every host that was selected, in the order of the inventory.
    pub hosts: Vec<ConvergedHost>,
}

impl ConvergedHost {
    /// Whether it serves the fleet's release.
    #[must_use]
    pub fn serves(&self) -> bool {
        match self.outcome {
            ConvergeOutcome::Already | ConvergeOutcome::Converged => true,
            ConvergeOutcome::Failed | ConvergeOutcome::Absent => false,
        }
    }
}

impl Details for Converge {
    const SCHEMA: &'static str = "converge/1";
    const FILE: &'static str = "converge.json";

    fn summary(&self, _: &Release) -> String {
        let serve = self.hosts.iter().filter(|host| host.serves()).count();
        format!("live on {serve} of {} hosts", self.hosts.len())
    }
}
