//! `fleet-push --events FILE`: what happens to every host, one JSON object a line.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far a host is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HostPhase {
    /// Its turn has not come.
    Waiting,
    /// Being connected to.
    Connecting,
    /// Logged in, and asked what it has.
    Connected,
    /// Its client has the torrent, and nothing of the payload yet.
    Pushed,
    /// Its client gets the payload.
    Downloading,
    /// The payload is there, and is unpacked and proved.
    Verifying,
    /// It has the release, proved.
    Staged,
    /// See `error`.
    Failed,
}

impl HostPhase {
    /// All of them, from the first to the last.
    pub const ALL: [Self; 8] = [
        Self::Waiting,
        Self::Connecting,
        Self::Connected,
        Self::Pushed,
        Self::Downloading,
        Self::Verifying,
        Self::Staged,
        Self::Failed,
    ];

    /// The word for it, as in an event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Connecting => "connecting",
            Self::Connected => "connected",
            Self::Pushed => "pushed",
            Self::Downloading => "downloading",
            Self::Verifying => "verifying",
            Self::Staged => "staged",
            Self::Failed => "failed",
        }
    }
}

/// A host got further, or has more bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PushEvent {
    /// When, RFC 3339.
    pub at: String,
    /// The host.
    pub host: String,
    /// Its group.
    pub group: Option<String>,
    /// How far it is.
    pub phase: HostPhase,
    /// Bytes of payload that it has.
    pub bytes: u64,
    /// Bytes of payload of the release.
    pub of: u64,
    /// Bytes a second, if its client says.
    pub rate: Option<u64>,
    /// Peers it is connected to.
    pub peers: u32,
    /// Bytes that came from the seeder, as far as its client says; null before it does.
    pub from_seeder: Option<u64>,
    /// Bytes that came from the other hosts, by the same account. What was there before came from nobody.
    pub from_fleet: Option<u64>,
    /// It had the release before.
    pub already: bool,
    /// Why it failed.
    pub error: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_has_its_word_and_its_place() {
        for phase in HostPhase::ALL {
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
        }
        assert!(HostPhase::ALL.is_sorted());
    }
}
