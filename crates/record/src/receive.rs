//! What `swap-release receive` hears on its standard input and says on its standard output: JSON, one object a line.
//!
//! The controller opens with [`Order::Receive`], then names peers as they appear, and ends with [`Order::Stop`]. Secrets
//! come this way only, never as arguments. Silence for longer than [`SILENCE`] is taken for a dead controller, and so is
//! the end of input.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU64;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::host::StageReply;

/// The longest opening line in bytes: a torrent of 100,000 pieces, a manifest of 100,000 files.
pub const LONGEST_OPENING: usize = 64 << 20;
/// The longest of the lines after it: the peers of one host.
pub const LONGEST_ORDER: usize = 1 << 20;
/// The controller says something at least this often.
pub const HEARTBEAT: Duration = Duration::from_secs(5);
/// A controller that is silent for so long is not there any more.
pub const SILENCE: Duration = Duration::from_secs(20);

/// A line to the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "order", rename_all = "snake_case", deny_unknown_fields)]
pub enum Order {
    /// What is to be received, and how. The first line, and only that.
    Receive(Box<Receive>),
    /// Peers to dial; those named before stay.
    Peers {
        /// Those that had everything from the beginning.
        #[schemars(with = "Vec<String>")]
        seeders: Vec<SocketAddr>,
        /// The others.
        #[schemars(with = "Vec<String>")]
        others: Vec<SocketAddr>,
    },
    /// The controller is still there.
    Alive,
    /// Nobody needs this host any more: end now, whatever is left undone.
    Stop,
}

/// The opening.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// Names this push, the same for all of its connections to a host: a receiver whose connection broke makes way for
    /// one of the same push.
    pub push: String,
    /// What the controller calls this host: a second one that comes to the same directory in the same push is another name
    /// for the same site. Empty from a controller of before 0.2, which is told of nothing.
    #[serde(default)]
    pub host: String,
    /// The record of the stage before, as it is: release, digests, layout. What is staged is proved against it.
    pub record: String,
    /// The `.torrent` in base64. It must have the record's infohash.
    pub torrent: String,
    /// The manifest in text; only the tree layout has one beside its payload.
    pub manifest: Option<String>,
    /// Paths in the release that are links to `shared/`, as in fleet.toml.
    pub shared: Vec<String>,
    /// Who asks, for the lock and the history.
    pub owner: Option<String>,
    /// The address to bind. One that this host does not have (NAT) stands for any.
    #[schemars(with = "String")]
    pub listen: IpAddr,
    /// The first and the last port among which a free one is taken.
    pub ports: (u16, u16),
    /// Who may come in besides those that are dialled, from any port.
    #[schemars(with = "Vec<String>")]
    pub admit: Vec<IpAddr>,
    /// The secret that peers of this push prove to each other, 32 bytes in hex; null lets in
    /// whoever has an address that was named.
    pub key: Option<String>,
    /// The most that is sent, bytes a second; null for no limit.
    pub max_upload: Option<NonZeroU64>,
    /// Without a new byte for so long, receiving has failed. Milliseconds.
    pub stall_ms: u64,
    /// How long to go on for the others' sake after the controller has gone. Milliseconds.
    pub grace_ms: u64,
    /// True to stage the release once it is complete; false for a host that only seeds.
    pub stage: bool,
}

impl std::fmt::Debug for Receive {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receive")
            .field("push", &self.push)
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// A line from the host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// It can be dialled, and does not dial yet.
    Listening {
        /// The port.
        port: u16,
    },
    /// How it stands; at least once in a second while there is something to tell.
    Progress(Progress),
    /// Every piece is there and was hash-checked.
    Complete {
        /// Bytes that came from elsewhere; less than the payload's size if some were there before.
        received: u64,
    },
    /// A peer sent what is not the payload, or broke the protocol, and is not spoken to any more.
    Banned {
        /// Who.
        #[schemars(with = "String")]
        peer: SocketAddr,
        /// Why.
        why: String,
    },
    /// The release is staged and proved; the host still uploads.
    Staged(StageReply),
    /// It ends.
    Ended {
        /// Bytes of the payload that it has sent.
        uploaded: u64,
    },
}

/// How a download stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// Bytes of the payload that are there and were hash-checked.
    pub bytes: u64,
    /// True while what was there before is hashed.
    pub checking: bool,
    /// Connected peers.
    pub peers: u32,
    /// Bytes of the payload received from peers, in all.
    pub received: u64,
    /// Those of them that came from the seeders.
    pub from_seeders: u64,
    /// Bytes of the payload sent to peers, in all.
    pub uploaded: u64,
}
