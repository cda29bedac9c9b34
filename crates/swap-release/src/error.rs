//! What can go wrong with a swap, each with the object it is about.

use std::io;
use std::path::{Path, PathBuf};

use record::host::ReleaseState;
use record::{ExitCode, ReleaseId, Sha256};

use crate::remedy;

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
    #[error("`{path}` is not taken in: {}", crate::verbs::adopt::in_the_way(obstacles))]
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
    Shared(#[from] crate::SharedFault),
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
    Receive(#[from] crate::ReceiveError),
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

impl cli::Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoDeployTo { .. } | Self::Usage(_) | Self::Fleet(_) => ExitCode::Usage,
            Self::Read { .. } | Self::Owed { .. } => ExitCode::Unexpected,
            Self::CannotVerify { .. } => ExitCode::CannotVerify,
            Self::Write { .. } | Self::NoSpace { .. } => ExitCode::CannotWrite,
            Self::State { .. }
            | Self::UnknownRelease { .. }
            | Self::NotReady { .. }
            | Self::NotMarked { .. }
            | Self::Older { .. }
            | Self::DatabaseUpdated { .. }
            | Self::OtherTree { .. }
            | Self::NothingBefore { .. }
            | Self::NothingLive { .. }
            | Self::CurrentNotALink { .. }
            | Self::CurrentMounted { .. }
            | Self::ForeignCurrent { .. }
            | Self::DanglingCurrent { .. }
            | Self::CannotAdopt { .. }
            | Self::InTheWay { .. }
            | Self::Gone { .. }
            | Self::Needed { .. }
            | Self::Occupied { .. }
            | Self::Apache { .. }
            | Self::Lint { .. }
            | Self::OtherHosts { .. } => ExitCode::BadInput,
            Self::Payload { source, .. } => payload_code(source),
            Self::Drift { .. } | Self::FleetDrift { .. } => ExitCode::Mismatch,
            Self::Busy { .. } | Self::Fenced { .. } => ExitCode::Busy,
            Self::Reverted { .. } | Self::NoGo { .. } => ExitCode::RolledBack,
            Self::Record(error) => error.exit_code(),
            Self::Receive(error) => error.exit_code(),
            Self::Shared(fault) => fault.exit_code(),
            Self::PushIncomplete { .. } => ExitCode::SomeHostsFailed,
            Self::FleetVerb { failed, all } if failed == all => ExitCode::NoHostSucceeded,
            Self::FleetVerb { .. } => ExitCode::SomeHostsFailed,
            Self::FleetSwap { code, .. } => *code,
            Self::Aborted => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoDeployTo { path } => {
                format!("make it for the account that deploys, as root: install -d -o {} -m 755 {}", remedy::user(), path.display())
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { path, source } => format!("{}; nothing live was changed", remedy::for_write(path, source)),
            Self::NoSpace { .. } => "free space, e.g. with swap-release prune; nothing was changed".into(),
            Self::State { .. } => "restore the file, or remove it to forget that release".into(),
            Self::Busy { .. } => "wait for the other deployment, or see what it does".into(),
            Self::UnknownRelease { .. } => "push the release first, or name one of those listed".into(),
            Self::NotReady { state: ReleaseState::Failed, .. } => {
                "pass --retry-failed, which proves its tree first; or stage it again: fleet-push, or swap-release stage".into()
            }
            Self::NotReady { .. } => "stage the release again: fleet-push, or swap-release stage".into(),
            Self::NotMarked { .. } => "what was confirmed once is what a rollback may need; prune removes it".into(),
            Self::Older { .. } => "a newer build went live meanwhile; pass --allow-older if the older one is meant".into(),
            Self::DatabaseUpdated { dumps, .. } => {
                let dumps = if dumps.is_empty() { String::new() } else { format!(", e.g. {}", list(dumps)) };
                format!("restore a dump from before that update{dumps}, then pass --force; or stage a new release with the old code")
            }
            Self::OtherTree { .. } => "release ids must be unique: build again with another --release-id".into(),
            Self::NothingBefore { .. } => "name a release: swap-release rollback RELEASE (see swap-release status)".into(),
            Self::CurrentNotALink { path } => {
                format!("take it in as a release, without an outage: swap-release adopt --deploy-to {}", path.parent().unwrap_or(path).display())
            }
            Self::NothingLive { .. } => "name a release (see swap-release status), or take in what is served: swap-release adopt".into(),
            Self::CurrentMounted { path, release } => {
                let path = path.display();
                format!("make it a link, in a quiet moment: umount {path} && rmdir {path} && ln -s releases/{release} {path}")
            }
            Self::ForeignCurrent { .. } => "take it in as a release (swap-release adopt), point it to one in releases/, or remove it".into(),
            Self::DanglingCurrent { .. } => "bring back (or mount) what it points to; or activate with --adopt, which moves that link out of the way".into(),
            Self::Apache { .. } => "run it as root, or by the line for sudo that crates/swap-release/WEBSERVERS.md has; apache2ctl configtest says more".into(),
            Self::CannotAdopt { .. } => "nothing was changed; see crates/swap-release/README.md, Taking over a site that is served".into(),
            Self::Gone { path, .. } => format!("bring back (or mount) {}; or push the release again, if it was built; or name another: see swap-release status", path.display()),
            Self::Needed { .. } => "let what needs it lead elsewhere, or unmount what is mounted there; then run it again".into(),
            Self::Occupied { .. } => "build with another --release-id, or move that directory out of releases/".into(),
            Self::InTheWay { .. } => "nothing was changed; do what helps with each, and run it again".into(),
            Self::Fenced { .. } => "never remove the lock file: the kernel frees it when its owner ends; run again".into(),
            Self::Lint { .. } => "correct the lines named above and reload the web server".into(),
            Self::Payload { path, source: payload::Error::Write { source, path: file }, .. } => {
                let place = if Path::new(file).is_absolute() { Path::new(file) } else { path.as_path() };
                format!("{}; nothing was changed", remedy::for_write(place, source))
            }
            Self::Payload { .. } => {
                "have the client check and fetch it again (fleet-push does), or copy it again; nothing was changed".into()
            }
            Self::Drift { release, .. } => {
                format!("somebody changed files of the release on the server; swap-release verify --repair {release} puts them right from its payload")
            }
            Self::FleetDrift { fleet, release, .. } => {
                let release = release.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
                format!("swap-release verify{release} --repair --fleet {} puts it right from the payloads there", fleet.display())
            }
            Self::CannotVerify { .. } => "check permissions in the release directory".into(),
            Self::Owed { .. } => "mend that, or have drush of the live release rebuild caches, and run it again".into(),
            Self::NoGo { .. } | Self::Reverted { .. } => "see why in the log of the deployment; the former release is live".into(),
            Self::PushIncomplete { .. } => "run fleet-push again until every host has staged the release".into(),
            Self::OtherHosts { .. } => "push with the same fleet.toml, then swap".into(),
            Self::FleetSwap { hint: Some(hint), .. } => (*hint).into(),
            Self::FleetSwap { code: ExitCode::Mixed, .. } => {
                "see the table; run swap-release status --fleet, then activate or rollback again".into()
            }
            Self::FleetSwap { .. } => "see the table and swap.json for each host's reason".into(),
            Self::FleetVerb { .. } => "each host's reason stands above; do what helps with it, and run it again".into(),
            Self::Record(error) => return error.hint(),
            Self::Receive(error) => return error.hint(),
            Self::Shared(fault) => fault.hint(),
            Self::Fleet(error) => return error.hint(),
            Self::Usage(_) | Self::Aborted => return None,
        };
        Some(text)
    }
}

/// A payload that cannot be read or written for lack of space or rights is not a corrupt one.
fn payload_code(error: &payload::Error) -> ExitCode {
    if error.is_aborted() {
        ExitCode::Terminated
    } else if error.is_mismatch() {
        ExitCode::Mismatch
    } else {
        match error {
            payload::Error::Write { .. } | payload::Error::Occupied { .. } => ExitCode::CannotWrite,
            _ => ExitCode::Unexpected,
        }
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
