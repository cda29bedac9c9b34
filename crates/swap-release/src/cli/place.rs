//! Where a job is done.

use std::path::PathBuf;

use crate::fleet::job::FleetJob;
use crate::host::job::ServerJob;
use crate::host::lint;
use crate::host::verbs::apache;

/// Where the work is done.
pub(super) enum Place {
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
