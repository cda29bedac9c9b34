//! What every verb of a fleet needs to know.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::sync::Arc;

use cli::{Abort, Console};
use inventory::{Host, Inventory};
use remote::{Argv, Remote};

/// Connections that are opened at the same time. sshd's default MaxStartups begins to drop at 10 unauthenticated
/// ones, but that is per server; this bounds what the controller does at once.
pub(super) const AT_ONCE: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// The way to a host: SSH for real, a recording in tests.
pub(crate) type Dial = Arc<dyn Fn(&Host) -> Result<Box<dyn Remote>, remote::HostError> + Send + Sync>;

/// What every phase needs to know.
#[derive(Clone)]
pub(crate) struct Controller<'a> {
    pub(super) inventory: Inventory,
    pub(super) hosts: Vec<Host>,
    /// Gives up when the process is asked to end.
    pub(super) dial: Dial,
    /// Does not: a fleet that is half-way is brought to one release first.
    pub(super) dial_on: Dial,
    pub(super) owner: Option<String>,
    /// The arguments by which a second process finishes a commit, without release and hosts; none in tests.
    pub(super) successor: Option<Vec<OsString>>,
    pub(super) console: &'a Console,
    pub(super) abort: &'a Abort,
}

impl Controller<'_> {
    /// `swap-release VERB --deploy-to DIR` as it is run on a host.
    pub(super) fn argv(&self, host: &Host, verb: &str) -> Argv {
        argv(host, verb, self.owner.as_deref())
    }
}

/// The command of a verb on a host; `owner` tells it who asks.
pub(super) fn argv(host: &Host, verb: &str, owner: Option<&str>) -> Argv {
    let argv = agent::command(host, verb);
    match self::owner(owner) {
        Some(owner) => argv.args(["--owner", owner.as_str()]),
        None => argv,
    }
}

/// Who asks: as given, else the build.
pub(super) fn owner(given: Option<&str>) -> Option<String> {
    given.map(str::to_owned).or_else(|| std::env::var("BUILD_TAG").ok())
}
