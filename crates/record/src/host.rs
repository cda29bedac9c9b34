//! What `swap-release` on a host says on its standard output to whoever started it there (a person, `fleet-push`, or
//! `swap-release --fleet`). One JSON object a line.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Build, DrupalFacts, HookOwed, Owed, Release, ReleaseId, Remains, RemedyCommand, Sha256};

/// The state of a release on a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// Being unpacked.
    Staging,
    /// Complete, proved and durable; never live yet.
    Staged,
    /// Live, waiting for `commit`.
    Unconfirmed,
    /// Live.
    Active,
    /// Was live, can be rolled back to.
    Retired,
    /// Was live and was put back because it was found to be bad.
    Failed,
}

impl fmt::Display for ReleaseState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Staging => "staging",
            Self::Staged => "staged",
            Self::Unconfirmed => "unconfirmed",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Failed => "failed",
        })
    }
}

/// `stage --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StageReply {
    /// The release.
    pub release: ReleaseId,
    /// Its state now.
    pub state: ReleaseState,
    /// The digest of the tree as this host hashed it.
    pub tree_digest: Sha256,
    /// Regular files.
    pub files: u64,
    /// Sum of their sizes.
    pub bytes: u64,
    /// True if nothing had to be done.
    pub already: bool,
    /// How long it took.
    pub seconds: f64,
}

/// Database updates that a release brought, as far as this host knows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatabaseUpdate {
    /// When it was begun, RFC 3339.
    pub at: String,
    /// False from before the first change until all went well.
    pub complete: bool,
    /// Former releases work with the updated database, by the site's own rule (expand, contract later).
    pub expand_only: bool,
    /// Dumps made before, on the host that made the update.
    pub dumps: Vec<String>,
}

/// How a release came to a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Origin {
    /// It was built, pushed and staged; its tree is that of its manifest.
    #[default]
    Built,
    /// It was served here before, and was taken over as it was. It has no manifest, its digests say nothing, and it knows
    /// itself by the name of its directory, if by any.
    Adopted {
        /// Where it lies: what `current` led to.
        directory: String,
    },
}

impl Origin {
    /// Whether it was built, and so can be proved.
    #[must_use]
    pub fn is_built(&self) -> bool {
        matches!(self, Self::Built)
    }
}

/// One release in `status --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseStatus {
    /// The release as it was built, from the record that it was staged by; so a rollback needs no record.
    pub release: Release,
    /// Its state.
    pub state: ReleaseState,
    /// Kept by every prune.
    pub pinned: bool,
    /// The build that made it; null outside Jenkins.
    pub build: Option<Build>,
    /// When the state was written, RFC 3339.
    pub since: String,
    /// The database updates that it brought; null if it brought none.
    pub database: Option<DatabaseUpdate>,
    /// How it came here.
    #[serde(default, skip_serializing_if = "Origin::is_built")]
    pub origin: Origin,
    /// True if it was never live and would be linked to other shared paths today, by those that were asked about: a push stages
    /// it again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_links: bool,
}

/// `status --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostStatus {
    /// `status/1`.
    pub schema: String,
    /// Version of `swap-release` on the host.
    pub version: String,
    /// The release that `current` leads to, in whatever way; null if it leads to none, or there is no `current`.
    pub current: Option<ReleaseId>,
    /// What `current` leads to where that is no release: a directory that was never taken over, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
    /// The release that `rollback` would go to.
    pub previous: Option<ReleaseId>,
    /// Who holds the lock; null if nobody does.
    pub busy: Option<String>,
    /// All releases, oldest first.
    pub releases: Vec<ReleaseStatus>,
    /// Releases that are known, and whose directories somebody removed: a push brings them back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<ReleaseId>,
    /// Caches in the shared database that are still to be rebuilt, after a deployment that was taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owed: Option<Owed>,
    /// Hooks of after-revert that have failed here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hooks: Vec<HookOwed>,
    /// What such a deployment left in the database, until `settle` or a later activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remains: Option<Remains>,
    /// How it stands with the shared paths that were asked about.
    #[serde(default, skip_serializing_if = "SharedStatus::is_empty")]
    pub shared: SharedStatus,
}

/// A part of `status --json` with `--shared`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedStatus {
    /// What lies in `shared/` and none of those paths names. A directory has a `/` at its end. At most 50.
    pub unlinked: Vec<String>,
    /// What visitors find at one of those paths today and would not find after a switch.
    pub at_stake: Vec<Obstacle>,
}

impl SharedStatus {
    /// Whether there is nothing to tell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.unlinked.is_empty() && self.at_stake.is_empty()
    }
}

/// Something in the way, with what helps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Obstacle {
    /// What was found, in words.
    pub found: String,
    /// What to do about it, in words; null if nothing is known.
    pub remedy: Option<String>,
    /// The commands that do it, in order.
    pub commands: Vec<RemedyCommand>,
}

/// What is served where an adoption is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Served {
    /// There is no `current`.
    Nothing,
    /// A release, built or taken over.
    Release,
    /// `current` is a directory.
    Directory,
    /// `current` leads to a directory that is no release.
    Link,
    /// `current` leads nowhere.
    Dangling,
}

/// `adopt --dry-run --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptReply {
    /// `adopt/1`.
    pub schema: String,
    /// What is served.
    pub serves: Served,
    /// The release that is live; null if none is.
    pub release: Option<ReleaseId>,
    /// Shared paths that would move to `shared/`.
    pub moves: Vec<String>,
    /// What is in the way; nothing is changed as long as anything is.
    pub obstacles: Vec<Obstacle>,
}

impl AdoptReply {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "adopt/1";
}

impl HostStatus {
    /// The schema of this version.
    pub const SCHEMA: &'static str = "status/1";

    /// The release with this id.
    #[must_use]
    pub fn release(&self, id: &ReleaseId) -> Option<&ReleaseStatus> {
        self.releases.iter().find(|known| known.release.id == *id)
    }

    /// True if this host has the release whole and proved, live or not, with exactly this tree and the links that were asked about.
    /// One that was taken over has a tree of its own on each host.
    #[must_use]
    pub fn has(&self, id: &ReleaseId, tree_digest: &Sha256) -> bool {
        self.release(id).is_some_and(|known| {
            (known.release.tree_digest == *tree_digest || !known.origin.is_built())
                && !known.other_links
                && match known.state {
                    ReleaseState::Staged
                    | ReleaseState::Unconfirmed
                    | ReleaseState::Active
                    | ReleaseState::Retired => true,
                    ReleaseState::Staging | ReleaseState::Failed => false,
                }
        })
    }
}

/// `verify --json`. Lists hold at most [`VerifyReply::LISTED`] paths each; the counts are whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyReply {
    /// The release.
    pub release: ReleaseId,
    /// The digest that its manifest has.
    pub tree_digest: Sha256,
    /// True if the tree is exactly the manifest; of a release that was taken over, which has none, if it is there.
    pub ok: bool,
    /// True of a release that was taken over: there is nothing to compare it with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopted: bool,
    /// Number of differences.
    pub differences: u64,
    /// In the manifest, not on disk.
    pub missing: Vec<String>,
    /// On disk, not in the manifest.
    pub extra: Vec<String>,
    /// Other content, type, mode or link target, each with what differs.
    pub changed: Vec<String>,
}

impl VerifyReply {
    /// The most paths in one list.
    pub const LISTED: usize = 100;
}

/// `prune --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PruneReply {
    /// True if nothing was changed: the rest says what would be.
    pub dry_run: bool,
    /// Releases whose trees are gone.
    pub removed: Vec<ReleaseId>,
    /// Releases that were taken over where they lie: nothing is known of them any more, and they lie there still.
    pub forgotten: Vec<ReleaseId>,
    /// Payloads in `incoming/` that are gone.
    pub payloads: Vec<String>,
    /// What was to go and is there still.
    pub left: Vec<Left>,
}

/// What a prune left, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Left {
    /// Where it is.
    pub path: String,
    /// Why it stays.
    pub why: String,
}

impl PruneReply {
    /// What was done, one line each; what was left is apart.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let (removed, forgot) =
            if self.dry_run { ("would remove", "would forget") } else { ("removed", "forgot") };
        let mut lines: Vec<String> = self.removed.iter().map(|id| format!("{removed} `{id}`")).collect();
        lines.extend(self.forgotten.iter().map(|id| format!("{forgot} `{id}`, which stays where it lies")));
        lines.extend(self.payloads.iter().map(|name| format!("{removed} `incoming/{name}`")));
        lines
    }

    /// What was to go and is there still, one line each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        self.left.iter().map(|Left { path, why }| format!("`{path}` stays: {why}")).collect()
    }
}

/// The most that is kept of a hook's output, in bytes: beginning and end of a longer one.
pub const HOOK_OUTPUT: usize = 32 * 1024;

/// Lines of `activate` and `rollback` with `--confirm-within`, and with `--in-step` before that.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum SwitchEvent {
    /// The site is locked and the release can go live; now waiting for `go` on standard input.
    Ready {
        /// The live release; null if there is none.
        from: Option<ReleaseId>,
        /// The release that will be live.
        to: ReleaseId,
    },
    /// `current` points to `to`; now waiting for `commit` or `revert` on standard input.
    Switched {
        /// The release before; null if there was none.
        from: Option<ReleaseId>,
        /// The release now.
        to: ReleaseId,
    },
    /// A hook that was asked for on standard input has ended.
    Hook {
        /// Its name.
        name: String,
        /// Whether it did its work.
        ok: bool,
        /// How long it took.
        seconds: f64,
        /// What it said, at most [`HOOK_OUTPUT`] bytes: first why it failed, if it did.
        output: String,
        /// The database updates that it made, or began, if there were any.
        database: Option<DatabaseUpdate>,
        /// What the steps of the Drupal preset found and did so far.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drupal: Option<DrupalFacts>,
    },
    /// After `reverted`, or instead of it where nothing was switched: the caches that all hosts share are to be rebuilt by one of
    /// them; now waiting to be told by whom.
    Owes {
        /// The live release.
        live: Option<ReleaseId>,
        /// What rebuilding caches does not undo, as far as this host knows.
        remains: Option<Remains>,
    },
    /// The answer to `ping`: still there, still waiting.
    Waiting {
        /// The live release.
        to: ReleaseId,
    },
    /// Confirmed.
    Committed {
        /// The live release.
        to: ReleaseId,
    },
    /// Put back.
    Reverted {
        /// The live release; null if there is none.
        to: Option<ReleaseId>,
        /// `asked`, `end of input`, `no confirmation within 60s`, `terminated`.
        why: String,
    },
}
