//! What all records have in common.
//!
//! Within one schema version (`pack/1`) no field is added, removed or given another meaning, and readers refuse fields
//! that they do not know. A change needs a new version, and a note in the changelog on which reader takes which record.
//! One frozen record of each released version is loaded by a test.

use std::path::PathBuf;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Build, FileName, Release, Sha256};

/// The stage's own part of a record.
pub trait Details: Serialize + DeserializeOwned + JsonSchema {
    /// Schema and version, e.g. `pack/1`.
    const SCHEMA: &'static str;
    /// The record's file name in the records folder, e.g. `pack.json`.
    const FILE: &'static str;

    /// How the stage ended, in a few words that follow the release id: `staged on 3 of 3 hosts`. Never text from a
    /// host or a person.
    fn summary(&self, release: &Release) -> String;
}

/// The binary that wrote a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    /// Name of the binary.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// The record that a stage started from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Its file name.
    pub file: FileName,
    /// The SHA-256 of its bytes.
    pub sha256: Sha256,
}

/// One stage's record. Written by temporary file, fsync and rename, also when the stage fails part-way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record<D> {
    /// `pack/1`, `publish/1`, `push/1`, `swap/1`, `converge/1`.
    pub schema: String,
    /// Who wrote it.
    pub tool: Tool,
    /// When, in UTC (RFC 3339). The only clock reading in a record; nothing that is hashed depends on it.
    #[schemars(with = "String")]
    pub written_at: Timestamp,
    /// What Jenkins or git said of the build; null when neither is there.
    pub build: Option<Build>,
    /// The record before this one; null for the first stage.
    pub input: Option<Input>,
    /// True if the stage was ended by a signal before it was done.
    pub aborted: bool,
    /// The release, unchanged through all stages.
    pub release: Release,
    /// The stage's own part.
    pub details: D,
}

/// The time for `written_at`: now, to the second.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

impl<D: Details> Record<D> {
    /// A record of this process's environment; `tool` is the binary's name and version.
    #[must_use]
    pub fn new(tool: Tool, input: Option<Input>, release: Release, details: D) -> Self {
        Self {
            schema: D::SCHEMA.to_owned(),
            tool,
            written_at: now(),
            build: Build::from_process(),
            input,
            aborted: false,
            release,
            details,
        }
    }
}

/// A record as it was read, with what the next stage needs to name it as its input.
#[derive(Debug, Clone)]
pub struct Loaded<D> {
    /// The record.
    pub record: Record<D>,
    /// Where it was read from.
    pub path: PathBuf,
    /// Its bytes, as they were hashed.
    pub bytes: Vec<u8>,
    /// Name and digest, for the next record's `input`.
    pub input: Input,
}
