//! What was asked of this server, free of the command line's form.

use std::path::PathBuf;
use std::time::Duration;

use inventory::SharedPath;
use record::{FileName, ReleaseId};

/// Work on this server.
pub(crate) struct ServerJob {
    pub(crate) deploy_to: PathBuf,
    pub(crate) owner: Option<String>,
    /// The run that this is part of, and what that calls this host: no other host of it may be in the same directory.
    pub(crate) part_of: Option<(FileName, String)>,
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
        force: bool,
        retry_failed: bool,
        adopt: bool,
        shared: Vec<SharedPath>,
    },
    Rollback {
        release: Option<ReleaseId>,
        lease: Option<Lease>,
        force: bool,
        retry_failed: bool,
    },
    MarkFailed {
        release: ReleaseId,
    },
    Status {
        json: bool,
        shared: Vec<SharedPath>,
    },
    Verify {
        release: Option<ReleaseId>,
        json: bool,
    },
    Manifest {
        release: Option<ReleaseId>,
    },
    Settle,
    Prune(PruneJob),
    Repair {
        release: Option<ReleaseId>,
        payload: Option<PathBuf>,
        json: bool,
    },
    Adopt {
        release: Option<ReleaseId>,
        shared: Vec<SharedPath>,
        from: Option<PathBuf>,
        dry_run: bool,
        json: bool,
    },
    Want {
        record: PathBuf,
        shared: Vec<SharedPath>,
    },
    Finished {
        infohash: String,
        place: PathBuf,
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

/// What a prune keeps, and how it answers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PruneJob {
    pub(crate) keep: Option<u32>,
    pub(crate) grace: Option<Duration>,
    pub(crate) dry_run: bool,
    pub(crate) json: bool,
}

/// How long a switch may stay unconfirmed.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) within: Duration,
    /// Locked and checked, wait for `go` before switching.
    pub(crate) in_step: bool,
}
