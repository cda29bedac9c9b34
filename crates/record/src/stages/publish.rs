//! What `tracker-publish` adds to a record.

use std::net::SocketAddr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Details, Release};

/// How peers find each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TrackerMode {
    /// No tracker: `fleet-push` introduces the peers.
    None,
    /// A tracker that needs no registration.
    Announce,
    /// opentracker, by its whitelist.
    Opentracker,
    /// Ocelot, by its update protocol.
    Ocelot,
    /// Gazelle of 2016, by its upload form.
    Gazelle,
    /// The OPS line of Gazelle, by its API.
    GazelleOps,
}

/// The first seeder, as it was proved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Seeder {
    /// The address that hosts dial.
    #[schemars(with = "String")]
    pub peer: SocketAddr,
    /// Bytes of the payload that its client has hash-checked.
    pub bytes_done: u64,
    /// All pieces are there, by the client's hash check and by its own bitfield.
    pub complete: bool,
}

/// Details of `publish/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Publish {
    /// How peers find each other.
    pub mode: TrackerMode,
    /// The announce URL that goes into every `.torrent`; null in mode `none`. Where each client has a passkey of its
    /// own, the text `{passkey}` stands in its place.
    pub announce: Option<String>,
    /// The first seeder; null if the stage ended before it was proved, or if none is needed (`push_seeds`).
    pub seeder: Option<Seeder>,
    /// True if no client seeds: `fleet-push` does, for as long as it runs.
    pub push_seeds: bool,
}

impl Details for Publish {
    const SCHEMA: &'static str = "publish/1";
    const FILE: &'static str = "publish.json";

    fn summary(&self, _: &Release) -> String {
        if self.seeder.is_some() { "published" } else { "not published" }.to_owned()
    }
}
