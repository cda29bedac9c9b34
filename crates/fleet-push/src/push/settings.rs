//! What bringing a release to hosts needs to know, whether for a push or for `converge`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use inventory::Rate;

use crate::hosts::reach::Reach;

/// Every setting that is not about the release itself.
#[derive(Debug)]
pub(crate) struct PushSettings {
    pub(crate) reach: Reach,
    /// The folder of records.
    pub(crate) records: PathBuf,
    /// The longest time for all of it.
    pub(crate) timeout: Duration,
    /// A host that gets no new byte for so long has failed.
    pub(crate) stall_timeout: Duration,
    /// The payload to seed from here, if it is not in the folder of records.
    pub(crate) payload: Option<PathBuf>,
    /// Clients of another kind that take part.
    pub(crate) allow_peer: Vec<SocketAddr>,
    /// The most that this machine and each host may send.
    pub(crate) max_upload: Option<Rate>,
    /// How long hosts go on without us.
    pub(crate) grace: Duration,
    /// The JUnit XML.
    pub(crate) junit: PathBuf,
    /// The file of events.
    pub(crate) events: Option<PathBuf>,
    /// The file of metrics.
    pub(crate) metrics: Option<PathBuf>,
}
