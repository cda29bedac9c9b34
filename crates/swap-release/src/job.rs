//! What was asked for, free of the command line's form.

use std::path::PathBuf;
use std::time::Duration;

use cli::Chosen;
use fleet::{Quota, SharedPath};
use record::{FileName, ReleaseId};

use crate::lint;
use crate::verbs::apache;

/// Where the work is done.
pub(crate) enum Place {
    Server(ServerJob),
    /// On this server, as standard input says.
    Receive(PathBuf),
    Fleet(FleetJob),
    /// Configuration of a web server, wherever it is.
    Lint(lint::Ask),
    /// The Apache of this server.
    Apache(apache::Ask),
    /// An event that is only written down, for somebody who may do more.
    Spool {
        spool: PathBuf,
        infohash: String,
        place: PathBuf,
    },
    /// The events that were written down.
    Unspool {
        spool: PathBuf,
        deploy_to: PathBuf,
    },
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
        /// As of a [`Lease`].
        part_of: Option<(FileName, String)>,
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

/// How long a switch may stay without a word.
#[derive(Debug, Clone)]
pub(crate) struct Lease {
    pub(crate) within: Duration,
    /// The swap that this is part of, and what that calls this host: no other host of it may be in the same directory.
    pub(crate) swap: Option<(FileName, String)>,
    /// Locked and checked, wait for `go` before switching.
    pub(crate) in_step: bool,
}

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
