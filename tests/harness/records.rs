//! The records as their readers see them: written from the documentation, not from the writer's types, so that a
//! field that is renamed or slips in is noticed.

use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The envelope of every record.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "the field names are the documentation under test")]
pub struct Record<D> {
    pub schema: String,
    pub tool: Tool,
    pub written_at: String,
    pub build: Option<Build>,
    pub input: Option<NamedFile>,
    pub aborted: bool,
    pub release: Release,
    pub details: D,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Tool {
    pub name: String,
    pub version: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Build {
    pub number: Option<u64>,
    pub id: Option<String>,
    pub tag: Option<String>,
    pub url: Option<String>,
    pub display_name: Option<String>,
    pub job: Option<String>,
    pub job_base: Option<String>,
    pub job_url: Option<String>,
    pub jenkins_url: Option<String>,
    pub node: Option<String>,
    pub executor: Option<u64>,
    pub workspace: Option<String>,
    pub workspace_tmp: Option<String>,
    pub stage: Option<String>,
    pub ci: Option<bool>,
    pub branch: Option<String>,
    pub git_branch: Option<String>,
    pub git_tag: Option<String>,
    pub change: Option<String>,
    pub change_target: Option<String>,
    pub change_branch: Option<String>,
    pub change_author: Option<String>,
    pub commit: Option<String>,
    pub previous_commit: Option<String>,
    pub git_url: Option<String>,
    pub upstream_job: Option<String>,
    pub upstream_build: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct NamedFile {
    pub file: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Release {
    pub id: String,
    pub infohash: String,
    pub tree_digest: String,
    pub layout: String,
    pub payload: Payload,
    pub torrent: NamedFile,
    pub manifest: NamedFile,
    pub piece_length: u32,
    pub files: u64,
    pub bytes: u64,
    pub private: bool,
    pub source: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Payload {
    pub file: String,
    pub bytes: u64,
    pub sha256: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Pack {
    pub directories: u64,
    pub links: u64,
    pub excluded: u64,
    pub release_time: i64,
    pub base: Option<String>,
    pub level: Option<i32>,
    pub pieces: u64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Publish {
    pub mode: String,
    pub announce: Option<String>,
    pub seeder: Option<Seeder>,
    pub push_seeds: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Seeder {
    pub peer: String,
    pub bytes_done: u64,
    pub complete: bool,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Push {
    pub seeder: Option<PushSeeder>,
    pub seeder_may_leave: Option<SeederSpared>,
    pub hosts: Vec<PushedHost>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct SeederSpared {
    pub copies: u32,
    pub seconds: f64,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct PushSeeder {
    pub peer: String,
    pub uploaded: u64,
    pub max_upload: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct PushedHost {
    pub name: String,
    pub address: String,
    pub state: String,
    pub already: bool,
    pub engine: String,
    pub bytes: u64,
    pub uploaded: Option<u64>,
    pub from_seeder: Option<u64>,
    pub from_fleet: Option<u64>,
    pub seconds: StepSeconds,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct StepSeconds {
    pub connect: Option<f64>,
    pub push: Option<f64>,
    pub download: Option<f64>,
    pub stage: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Swap {
    pub verb: String,
    pub to: String,
    pub outcome: String,
    pub judgement: Option<String>,
    pub spread_ms: Option<f64>,
    pub hooks: Vec<HookRun>,
    pub hosts: Vec<SwappedHost>,
    pub closed_seconds: Option<f64>,
    pub undone: Option<Undone>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Undone {
    pub caches: String,
    pub by: Option<String>,
    pub seconds: Option<f64>,
    pub errors: Vec<String>,
    pub remains: Option<serde_json::Value>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct HookRun {
    pub phase: String,
    pub name: String,
    pub host: String,
    pub ok: bool,
    pub seconds: f64,
    pub output: String,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct SwappedHost {
    pub name: String,
    pub address: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub outcome: String,
    pub batch: Option<u32>,
    pub switched_after_ms: Option<f64>,
    pub health: Option<String>,
    pub former_health: Option<String>,
    pub marked_failed: bool,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct Converge {
    pub seeder: Option<PushSeeder>,
    pub hosts: Vec<ConvergedHost>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs, reason = "see Record")]
pub struct ConvergedHost {
    pub name: String,
    pub address: String,
    pub before: Option<String>,
    pub after: Option<String>,
    pub outcome: String,
    pub push: Option<PushedHost>,
    pub health: Option<String>,
    pub error: Option<String>,
}

/// Reads `pack.json` and its like from a records folder.
///
/// # Panics
/// When it is not there, or not exactly this shape.
#[must_use]
#[track_caller]
pub fn read<D: DeserializeOwned>(records: &Path, file: &str) -> Record<D> {
    let path = records.join(file);
    let text = fs::read_to_string(&path).unwrap_or_else(|e| panic!("read `{}`: {e}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|e| panic!("`{}`: {e}\n{text}", path.display()))
}

/// SHA-256 of a file, as records write it.
///
/// # Panics
/// When it cannot be read.
#[must_use]
#[track_caller]
pub fn sha256(path: &Path) -> String {
    let bytes = fs::read(path).unwrap_or_else(|e| panic!("read `{}`: {e}", path.display()));
    hex::encode(Sha256::digest(&bytes))
}
