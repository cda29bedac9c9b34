//! What can go wrong with records, each with the object it is about.

use std::io;
use std::path::PathBuf;

use crate::ExitCode;

/// An error about a record or a file that a record names.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such record.
    #[error("record `{path}` does not exist")]
    Missing {
        /// The path that was looked at.
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
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A record larger than any stage writes.
    #[error("record `{path}` has {bytes} bytes, more than the {limit} that a record may have")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The bound.
        limit: u64,
    },
    /// Not JSON, or not of this shape.
    #[error("`{path}` is not a valid `{schema}` record: {source}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The schema it should have.
        schema: &'static str,
        /// What the parser said, with line and column.
        source: serde_json::Error,
    },
    /// A record of another stage or version.
    #[error("`{path}` is a `{found}` record, not `{expected}`")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it says it is.
        found: String,
        /// What was wanted.
        expected: &'static str,
    },
    /// A file that a record names is not the file that the record was written for.
    #[error("`{path}` has sha256 {found}, but {named_by} says {expected}")]
    Mixed {
        /// The file.
        path: PathBuf,
        /// Its digest now.
        found: String,
        /// The digest in the record.
        expected: String,
        /// Who says so, e.g. "record `publish.json`".
        named_by: String,
    },
    /// Two records of one chain that are about different releases.
    #[error("`{path}` is about release `{found}`, but `{other}` is about `{expected}`")]
    OtherRelease {
        /// The record.
        path: PathBuf,
        /// Its release.
        found: String,
        /// The record it was compared with.
        other: String,
        /// That record's release.
        expected: String,
    },
}

impl Error {
    /// How a binary ends on this error.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Missing { .. }
            | Self::Read { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::Foreign { .. }
            | Self::Mixed { .. }
            | Self::OtherRelease { .. } => ExitCode::BadInput,
            Self::Write { .. } => ExitCode::CannotWrite,
        }
    }

    /// The remedy, for the `hint:` line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Missing { .. } => {
                "run the stage before this one, or name the folder of its records with --records".into()
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { .. } => "check that the folder exists, is writable and has space".into(),
            Self::TooLarge { .. } | Self::Malformed { .. } => {
                "the file was damaged or edited; run the stage that writes it again".into()
            }
            Self::Foreign { .. } => {
                "use the same version of all four binaries, and the record of the stage before this one".into()
            }
            Self::Mixed { .. } | Self::OtherRelease { .. } => {
                "records of two builds were mixed; run the stages again from mkt-pack, or restore the folder of one build"
                    .into()
            }
        })
    }
}
