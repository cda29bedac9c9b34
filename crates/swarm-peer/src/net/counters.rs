//! What is counted and timed for the caller.

use std::time::Duration;

/// Counters and clocks.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// Something the caller may want to know.
    pub(super) changed: bool,
    pub(super) downloaded: u64,
    pub(super) uploaded: u64,
    pub(super) resumed: u64,
    /// When what was on disk had been hashed.
    pub(super) began: Duration,
    pub(super) completed: Option<Duration>,
    pub(super) failed: Option<String>,
    pub(super) reported: Duration,
    pub(super) verified: u64,
    pub(super) look_at: Duration,
    /// How long nothing had come when that was last said.
    pub(super) stalled: Option<Duration>,
}
