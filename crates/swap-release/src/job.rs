//! What was asked for, free of the command line's form.

use std::path::PathBuf;
use std::time::Duration;

use fleet::SharedPath;
use record::ReleaseId;

/// Where the work is done.
pub(crate) enum Place {
    Server(ServerJob),
    /// On this server, as standard input says.
    Receive(PathBuf),
    Fleet(FleetJob),
}

/// Work on this server.
pub(crate) struct ServerJob {
    pub(crate) deploy_to: PathBuf,
    pub(crate) owner: Option<String>,
    pub(crate) verb: ServerVerb,
}

/// A verb on this server.
pub(crate) enum ServerVerb {
    Stage {
        payload: PathBuf,
        record: PathBuf,
        manifest: Option<PathBuf>,
        shared: Vec<SharedPath>,
        json: bool,
    },
    Activate {
        release: Option<ReleaseId>,
        lease: Option<Lease>,
        allow_older: bool,
    },
    Rollback {
        release: Option<ReleaseId>,
        lease: Option<Lease>,
    },
    Status {
        json: bool,
    },
    Verify {
        release: Option<ReleaseId>,
        json: bool,
    },
    Prune {
        keep: Option<u32>,
        grace: Option<Duration>,
    },
    Pin {
        release: ReleaseId,
        pinned: bool,
    },
    History {
        json: bool,
    },
    Reconcile,
}

/// How long a switch may stay without a word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) within: Duration,
    /// Locked and checked, wait for `go` before switching.
    pub(crate) in_step: bool,
}

/// Work on the fleet.
pub(crate) struct FleetJob {
    pub(crate) fleet: PathBuf,
    pub(crate) only: Vec<String>,
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
    Prune { keep: Option<u32>, grace: Option<Duration> },
}

/// A switch of the fleet.
pub(crate) struct FleetSwitch {
    pub(crate) release: Option<ReleaseId>,
    pub(crate) confirm_within: Option<Duration>,
    pub(crate) allow_older: bool,
    pub(crate) records: PathBuf,
    pub(crate) junit: Option<PathBuf>,
}
