//! What ends the stage. What goes wrong with one host is a [`Fault`](crate::fault::Fault).

use std::io;
use std::path::PathBuf;

use record::ExitCode;

/// An error that ends `fleet-push`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inventory, a key or a known_hosts file.
    #[error(transparent)]
    Fleet(#[from] fleet::Error),
    /// A record.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// The `.torrent`.
    #[error(transparent)]
    Torrent(#[from] metainfo::Error),
    /// The `.torrent` is not the one that the record is about.
    #[error("`{path}` has {what} {found}, but the record says {expected}")]
    OtherTorrent {
        /// The torrent.
        path: PathBuf,
        /// The field.
        what: &'static str,
        /// Its value.
        found: String,
        /// The record's value.
        expected: String,
    },
    /// The stage before did not reach its end.
    #[error("`{path}` says that {what}")]
    NotPublished {
        /// The record.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// A file could not be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The JUnit report could not be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Hosts failed; the table and the record say which and why.
    #[error("{failed} of {all} hosts failed: {}", names.join(", "))]
    HostsFailed {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names.
        names: Vec<String>,
    },
    /// SIGTERM.
    #[error("terminated")]
    Aborted,
}

impl cli::Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Fleet(_) => ExitCode::Usage,
            Self::Record(error) => error.exit_code(),
            Self::Torrent(_) | Self::OtherTorrent { .. } | Self::NotPublished { .. } | Self::Read { .. } => {
                ExitCode::BadInput
            }
            Self::Write { .. } => ExitCode::CannotWrite,
            Self::HostsFailed { failed, all, .. } if failed == all => ExitCode::NoHostSucceeded,
            Self::HostsFailed { .. } => ExitCode::SomeHostsFailed,
            Self::Aborted => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Fleet(error) => return error.hint(),
            Self::Record(error) => return error.hint(),
            Self::Torrent(_) | Self::OtherTorrent { .. } => {
                "records of two builds were mixed; run the stages again from mkt-pack".into()
            }
            Self::NotPublished { .. } => "run tracker-publish again until it succeeds".into(),
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { .. } => "check that the folder exists, is writable and has space".into(),
            Self::HostsFailed { .. } => {
                "nothing was switched; see the table, then run fleet-push again: hosts that are done are skipped".into()
            }
            Self::Aborted => return None,
        })
    }
}
