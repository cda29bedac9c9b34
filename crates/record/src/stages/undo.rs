//! What a deployment of a Drupal site does to the database that all hosts share, and what is left of it once the code is back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ReleaseId;

/// What the steps of the Drupal preset found and did, as the host on which drush runs tells it. Sites are named by their URI.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DrupalFacts {
    /// Sites that were open to visitors before: those that may be closed, and are opened again.
    pub open: Vec<String>,
    /// Sites whose database lacks updates of the release.
    pub pending: Vec<String>,
    /// Sites whose database updates were begun.
    pub updated: Vec<String>,
    /// Sites whose configuration may have been imported.
    pub configured: Vec<String>,
    /// Dumps made before, on the host on which drush runs.
    pub dumps: Vec<String>,
    /// How long the sites were closed to visitors by the step, in seconds; null as long as they are, or were not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub closed_seconds: Option<f64>,
}

/// What a deployment that was taken back left in the database: no rebuilding of caches undoes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remains {
    /// The release whose code did it.
    pub release: ReleaseId,
    /// When that deployment began, RFC 3339.
    pub at: String,
    /// The host on which drush ran, in the inventory's words; null where it is not known.
    pub host: Option<String>,
    /// URIs of sites whose database updates were begun; they may be half done.
    pub updates: Vec<String>,
    /// URIs of sites whose configuration may have been imported.
    pub configuration: Vec<String>,
    /// Dumps from before, on the host on which drush ran.
    pub dumps: Vec<String>,
    /// Commands that help, in this order.
    pub help: Vec<String>,
}

/// How it stands with the caches that the release filled and all releases share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Caches {
    /// No code of the release ran.
    Untouched,
    /// The former release has rebuilt them.
    Rebuilt,
    /// Not yet: nobody could; or the hosts do it by themselves. `swap-release status` says when it is done.
    Owed,
}

/// The undoing of what the release did to the shared database, in `swap/1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undone {
    /// The shared caches.
    pub caches: Caches,
    /// The host that rebuilt them.
    pub by: Option<String>,
    /// How long that took.
    pub seconds: Option<f64>,
    /// Why those that tried could not.
    pub errors: Vec<String>,
    /// What cannot be undone without a person; null if there is nothing.
    pub remains: Option<Remains>,
}

/// What the host's `status` says of a deployment that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Owed {
    /// The release that was taken back.
    pub release: ReleaseId,
    /// Since when the caches are to be rebuilt, RFC 3339.
    pub since: String,
    /// Before this time it is another host's turn, RFC 3339.
    pub not_before: String,
    /// Why it could not be done so far.
    pub error: Option<String>,
}

/// A hook of after-revert that has failed on the host: what it is for, such as a web server, may be as the release left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookOwed {
    /// The hook.
    pub name: String,
    /// The release that was taken back.
    pub release: ReleaseId,
    /// The command, as it is typed in a shell; null for a hook that is none.
    pub command: Option<String>,
    /// Since when it fails, RFC 3339.
    pub since: String,
    /// What it said last.
    pub error: String,
}
