//! What can go wrong with a swap, each with the object it is about.
//!
//! What a caller tells apart is a variant of [`Error`]. All else is [`Error::Refused`], made by a function of its own, where
//! message, exit code and hint stand together:
//!
//! - `data_loss`: what visitors would lose;
//! - `release`: of releases and what `current` leads to; `shared`: of shared paths; `receive`: of the verb receive;
//!   `of_fleet`: of a whole fleet;
//! - `ending`: exit codes and hints;
//! - `remedy`: what helps when something cannot be written.

mod data_loss;
mod ending;
mod of_fleet;
mod receive;
mod release;
pub(crate) mod remedy;
mod shared;
#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};

use record::{ExitCode, ReleaseId};

pub(crate) use self::data_loss::{DataLoss, Lacks, MOST_COUNTED};

/// An error of `swap-release`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
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
    /// `current` is a directory or file.
    #[error("`{path}` is not a symlink")]
    CurrentNotALink {
        /// current.
        path: PathBuf,
    },
    /// `current` points somewhere else.
    #[error("`{path}` points to `{target}`, not into releases/")]
    ForeignCurrent {
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
    /// An adoption would not go through.
    #[error("`{path}` is not taken in: {}", in_the_way(obstacles))]
    InTheWay {
        /// current.
        path: PathBuf,
        /// All of it, with what helps.
        obstacles: Vec<record::host::Obstacle>,
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
    /// A manifest or tree that cannot be read for verification.
    #[error("cannot verify release `{release}`: {source}")]
    CannotVerify {
        /// The release.
        release: ReleaseId,
        /// What is wrong.
        source: payload::Error,
    },
    /// The word to switch did not come; nothing was changed.
    #[error("release `{release}` was not switched to: {why}")]
    NoGo {
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
    /// The work of a fleet verb failed on hosts.
    #[error("{failed} of {all} hosts failed")]
    FleetVerb {
        /// How many failed.
        failed: usize,
        /// Of how many.
        all: usize,
    },
    /// Anything else that no caller tells apart.
    #[error("{what}")]
    Refused {
        /// The fact, and the object it is about.
        what: String,
        /// How to end.
        code: ExitCode,
        /// What helps.
        hint: Option<String>,
    },
    /// Wrong flags that clap cannot tell.
    #[error("{0}")]
    Usage(String),
    /// A record.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// The inventory.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// The passphrase of a key.
    #[error(transparent)]
    KeyFile(#[from] remote::KeyFileError),
    /// The embedded peer could not start, or gave up.
    #[error(transparent)]
    Peer(#[from] swarm_peer::Error),
    /// SIGTERM.
    #[error("terminated")]
    Aborted,
}

impl Error {
    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// Input, a state or a request that is not good.
    fn bad(what: String, hint: impl Into<String>) -> Self {
        Self::refused(ExitCode::BadInput, what, hint)
    }

    fn refused(code: ExitCode, what: String, hint: impl Into<String>) -> Self {
        Self::Refused { what, code, hint: Some(hint.into()) }
    }
}

impl From<cli::Aborted> for Error {
    fn from(_: cli::Aborted) -> Self {
        Self::Aborted
    }
}

/// What an error says of obstacles.
fn in_the_way(obstacles: &[record::host::Obstacle]) -> String {
    match obstacles {
        [] => String::new(),
        [only] => only.found.clone(),
        [first, ..] => format!("{} things are in the way, the first: {}", obstacles.len(), first.found),
    }
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "none".into() } else { names.join(", ") }
}
