//! Which peers the embedded engine talks to in one push.

use std::net::IpAddr;
use std::time::Duration;

use swarm_peer::PushKey;

/// What the receivers and the seeder of one push have in common.
#[derive(Clone, Debug)]
pub(crate) struct PeerPolicy {
    /// The name of the push, for receivers that make way to each other.
    pub(crate) push: String,
    /// The secret of the push; none when somebody takes part who cannot prove it.
    pub(crate) key: Option<PushKey>,
    /// Who may connect.
    pub(crate) admit: Vec<IpAddr>,
    /// How long receivers go on without us.
    pub(crate) grace: Duration,
}
