//! `fleet-push doctor --json`: what hosts have and lack of what a deployment needs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every chosen host, examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FleetDoctor {
    /// `fleet-doctor/1`.
    pub schema: String,
    /// In the order of the inventory.
    pub hosts: Vec<ExaminedHost>,
}

impl FleetDoctor {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "fleet-doctor/1";
}

/// One host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExaminedHost {
    /// Its name in the inventory.
    pub name: String,
    /// Its group.
    pub group: Option<String>,
    /// What carries the payload there: `embedded` or `rtorrent`.
    pub engine: String,
    /// True if no check found a fault.
    pub healthy: bool,
    /// In the order in which they were made; those that an earlier fault made pointless are missing.
    pub checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Its name, such as `free-space`: stable, for programs.
    pub check: String,
    /// What came of it.
    pub verdict: Verdict,
    /// What was found, in words.
    pub found: String,
    /// What to do about it, in words; null if there is nothing to do.
    pub remedy: Option<String>,
    /// The commands that do it, in order.
    pub commands: Vec<RemedyCommand>,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Odd, but a deployment goes on all the same.
    Warning,
    /// A deployment would fail.
    Fault,
    /// It cannot be told.
    Unknown,
}

/// A command to copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RemedyCommand {
    /// Where it is to be run, and as whom.
    pub place: RemedyPlace,
    /// For a POSIX shell.
    pub command: String,
}

/// Where a command is to be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RemedyPlace {
    /// On the machine that runs `fleet-push`.
    Here,
    /// On the host, as the account that deploys.
    Host,
    /// On the host, as root.
    Root,
}
