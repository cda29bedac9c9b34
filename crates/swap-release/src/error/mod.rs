//! What can go wrong with a swap, each with the object it is about.
//!
//! - `receive`, `shared`: of the verb receive, and of shared paths;
//! - `ending`: exit codes and hints of all;
//! - `remedy`: what helps when something cannot be written.

mod ending;
mod receive;
pub(crate) mod remedy;
mod shared;

use std::io;
use std::path::{Path, PathBuf};

use record::host::ReleaseState;
use record::{ExitCode, ReleaseId, Sha256};

pub use self::receive::ReceiveError;
pub use self::shared::SharedFault;
pub(crate) use self::shared::{DataLoss, Lacks, MOST_COUNTED};

/// An error of `swap-release`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The site's directory is not there.
    #[error("`{path}` is not a directory")]
    NoDeployTo {
        /// deploy_to.
        path: PathBuf,
    },
    /// Reading failed.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Not enough room for the release.
    #[error("`{path}` has {free} free, and release `{release}` needs {needed}")]
    NoSpace {
        /// releases/.
        path: PathBuf,
        /// The release.
        release: ReleaseId,
        /// Bytes free, for people.
        free: String,
        /// Bytes needed, for people.
        needed: String,
    },
    /// A state file that is not ours or was damaged.
    #[error("state file `{path}` is unreadable: {source}")]
    State {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// Somebody else is at work.
    #[error("`{path}` is locked by {owner}")]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// Who holds it.
        owner: String,
    },
    /// A release that this server does not have.
    #[error("release `{release}` is not on this server; it has: {}", list(known))]
    UnknownRelease {
        /// The release.
        release: ReleaseId,
        /// Those it has.
        known: Vec<String>,
    },
    /// A release that cannot be live.
    #[error("release `{release}` is {state} and cannot be made live")]
    NotReady {
        /// The release.
        release: ReleaseId,
        /// Its state.
        state: ReleaseState,
    },
    /// A release that was good once.
    #[error("release `{release}` is {state}, and is not marked as failed")]
    NotMarked {
        /// The release.
        release: ReleaseId,
        /// Its state.
        state: ReleaseState,
    },
    /// A build that was overtaken by a newer one.
    #[error(
        "release `{release}` is of build {number}, older than build {live_number} of the live release `{live}`"
    )]
    Older {
        /// The release.
        release: ReleaseId,
        /// Its build number.
        number: u64,
        /// The live release.
        live: ReleaseId,
        /// Its build number.
        live_number: u64,
    },
    /// The database is newer than the release's code.
    #[error("release `{by}` has updated the database, and `{release}` is older")]
    DatabaseUpdated {
        /// The release.
        release: ReleaseId,
        /// The one that updated.
        by: ReleaseId,
        /// Dumps made before the update.
        dumps: Vec<String>,
    },
    /// The same id with other content.
    #[error("release `{release}` is on this server already with tree {found}, not {expected}")]
    OtherTree {
        /// The release.
        release: ReleaseId,
        /// The tree here.
        found: Sha256,
        /// The tree in the record.
        expected: Sha256,
    },
    /// No release to go back to.
    #[error("there is no release to roll back to: {why}")]
    NothingBefore {
        /// Why.
        why: String,
    },
    /// No release is live.
    #[error("no release is live: {why}")]
    NothingLive {
        /// Why.
        why: String,
    },
    /// `current` is a directory or file.
    #[error("`{path}` is not a symlink")]
    CurrentNotALink {
        /// current.
        path: PathBuf,
    },
    /// A release is mounted on `current`.
    #[error("`{path}` is where release `{release}` is mounted, and no link that could be switched")]
    CurrentMounted {
        /// current.
        path: PathBuf,
        /// What is mounted there.
        release: ReleaseId,
    },
    /// `current` points somewhere else.
    #[error("`{path}` points to `{target}`, not into releases/")]
    ForeignCurrent {
        /// current.
        path: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// Apache could not be made to serve the release.
    #[error("Apache: {why}")]
    Apache {
        /// Why.
        why: String,
    },
    /// `current` points to nothing.
    #[error("`{path}` points to `{target}`, where nothing is")]
    DanglingCurrent {
        /// current.
        path: PathBuf,
        /// Where it points.
        target: PathBuf,
    },
    /// What is served cannot become a release.
    #[error("`{path}` cannot be taken in as a release: {why}")]
    CannotAdopt {
        /// What it is about.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A release whose directory another tool, or a person, has removed; or whose disk is not mounted.
    #[error("the directory of release `{release}`, `{path}`, is not there")]
    Gone {
        /// The release.
        release: ReleaseId,
        /// Its directory.
        path: PathBuf,
    },
    /// Something that must not be removed or renamed.
    #[error("`{path}` stays where it is: {why}")]
    Needed {
        /// What was to go.
        path: PathBuf,
        /// What needs it.
        why: String,
    },
    /// A directory of another tool has the name of a release.
    #[error("`{path}` is there already, and is no release of this suite")]
    Occupied {
        /// The directory.
        path: PathBuf,
    },
    /// An adoption would not go through.
    #[error("`{path}` is not taken in: {}", in_the_way(obstacles))]
    InTheWay {
        /// current.
        path: PathBuf,
        /// All of it, with what helps.
        obstacles: Vec<record::host::Obstacle>,
    },
    /// The lock file was removed under its owner.
    #[error("`{path}` was removed while this process held it (token {token}); somebody else may be at work")]
    Fenced {
        /// The lock file.
        path: PathBuf,
        /// Our token.
        token: u64,
    },
    /// Web server configuration that mixes releases, or fails visitors.
    #[error("{what}, in {files} files")]
    Lint {
        /// How many places of which kind.
        what: String,
        /// Files looked at.
        files: usize,
    },
    /// The payload is not the release.
    #[error("payload `{path}` of release `{release}`: {source}")]
    Payload {
        /// The payload.
        path: PathBuf,
        /// The release.
        release: ReleaseId,
        /// What is wrong with it.
        source: payload::Error,
    },
    /// A tree that differs from its manifest.
    #[error("release `{release}` differs from its manifest in {differences} places, first: {first}")]
    Drift {
        /// The release.
        release: ReleaseId,
        /// How many.
        differences: u64,
        /// The first one.
        first: String,
    },
    /// A manifest or tree that cannot be read for verification.
    #[error("cannot verify release `{release}`: {source}")]
    CannotVerify {
        /// The release.
        release: ReleaseId,
        /// What is wrong.
        source: payload::Error,
    },
    /// What outlives releases.
    #[error(transparent)]
    Shared(#[from] SharedFault),
    /// The word to switch did not come; nothing was changed.
    #[error("release `{release}` was not switched to: {why}")]
    NoGo {
        /// The release.
        release: ReleaseId,
        /// Why.
        why: String,
    },
    /// What a release left that was taken back, in caches or web servers, is still there.
    #[error("what release `{release}` left is still there: {why}")]
    Owed {
        /// The release.
        release: ReleaseId,
        /// Why.
        why: String,
    },
    /// The switch was put back.
    #[error("release `{release}` was not confirmed ({why}); live is {live}")]
    Reverted {
        /// The release.
        release: ReleaseId,
        /// Why.
        why: String,
        /// What is live now.
        live: String,
    },
    /// Wrong flags that clap cannot tell.
    #[error("{0}")]
    Usage(String),
    /// A record.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// The inventory or a connection.
    #[error(transparent)]
    Fleet(#[from] fleet::Error),
    /// Not every host of the push is staged.
    #[error("the push of release `{release}` is not complete on: {}", list(hosts))]
    PushIncomplete {
        /// The release.
        release: ReleaseId,
        /// The hosts.
        hosts: Vec<String>,
    },
    /// The inventory and the push record name different hosts.
    #[error("`{path}` does not cover host {}", list(hosts))]
    OtherHosts {
        /// The record.
        path: PathBuf,
        /// Hosts of the inventory that it lacks.
        hosts: Vec<String>,
    },
    /// The fleet was not switched, or not wholly; the table and the record say more.
    #[error("{summary}")]
    FleetSwap {
        /// What happened.
        summary: String,
        /// How to end.
        code: ExitCode,
        /// What helps, where that is known better than from the code.
        hint: Option<&'static str>,
    },
    /// Trees that differ from what was built.
    #[error(
        "what is on {} of {all} hosts differs from what was built: {}{}",
        hosts.len(),
        list(hosts),
        if *unknown > 0 { format!("; {unknown} could not be looked at") } else { String::new() }
    )]
    FleetDrift {
        /// The hosts.
        hosts: Vec<String>,
        /// How many more could not be asked.
        unknown: usize,
        /// Of how many.
        all: usize,
        /// The inventory, as it was named.
        fleet: PathBuf,
        /// The release, if one was named; else each host's live one.
        release: Option<ReleaseId>,
    },
    /// The work of a fleet verb failed on hosts.
    #[error("{failed} of {all} hosts failed")]
    FleetVerb {
        /// How many failed.
        failed: usize,
        /// Of how many.
        all: usize,
    },
    /// `receive`.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// SIGTERM.
    #[error("terminated")]
    Aborted,
}

impl Error {
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }
}

impl From<cli::Aborted> for Error {
    fn from(_: cli::Aborted) -> Self {
        Self::Aborted
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// What an error says of them.
fn in_the_way(obstacles: &[record::host::Obstacle]) -> String {
    let first = obstacles.first().map(|obstacle| obstacle.found.as_str()).unwrap_or_default();
    match obstacles.len() {
        0 | 1 => first.to_owned(),
        count => format!("{count} things are in the way, the first: {first}"),
    }
}
