//! What was asked of a fleet, free of the command line's form.

use std::path::PathBuf;
use std::time::Duration;

use cli::Chosen;
use inventory::Quota;
use record::ReleaseId;

use crate::host::job::PruneJob;

/// Work on the fleet.
pub(crate) struct FleetJob {
    pub(crate) fleet: PathBuf,
    pub(crate) chosen: Box<Chosen>,
    pub(crate) identity: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) owner: Option<String>,
    pub(crate) verb: FleetVerb,
}

/// A verb on the fleet.
pub(crate) enum FleetVerb {
    Activate(FleetSwitch),
    Rollback(FleetSwitch),
    Status { json: bool },
    Verify { release: Option<ReleaseId>, json: bool },
    Repair { release: Option<ReleaseId>, json: bool },
    Manifest { release: Option<ReleaseId> },
    Adopt { from: Option<PathBuf>, dry_run: bool },
    Converge { switch: FleetSwitch, if_orphaned: bool },
    Settle,
    Prune(PruneJob),
}

/// A switch of the fleet.
#[derive(Clone)]
pub(crate) struct FleetSwitch {
    pub(crate) release: Option<ReleaseId>,
    pub(crate) confirm_within: Option<Duration>,
    pub(crate) allow_older: bool,
    pub(crate) force: bool,
    pub(crate) retry_failed: bool,
    /// What is found to be bad is marked as failed.
    pub(crate) condemns: bool,
    pub(crate) adopt: bool,
    pub(crate) canary: Option<Quota>,
    pub(crate) batch: Option<Quota>,
    pub(crate) pause: Option<Duration>,
    pub(crate) quorum: Option<Quota>,
    pub(crate) dry_run: bool,
    pub(crate) records: PathBuf,
    pub(crate) junit: Option<PathBuf>,
}
