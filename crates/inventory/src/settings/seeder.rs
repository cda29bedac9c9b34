//! `[seeder]`: who has the payload first.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::{HostName, PortRange, Rate, SecretSource};

/// `[seeder]`: the rtorrent that has the payload first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeder {
    /// Its SCGI socket, on the machine where tracker-publish runs.
    pub rpc_socket: PathBuf,
    /// Where payload and torrent are kept for it.
    pub directory: PathBuf,
    /// What the hosts dial.
    pub peer: SocketAddr,
    /// Its own passkey.
    pub passkey: Option<SecretSource>,
}

/// The embedded seeder of a push, in use when `[seeder]` names no rtorrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSeeder {
    /// The host of the fleet that has the payload in `incoming/` and seeds in this machine's place.
    pub host: Option<HostName>,
    /// What the hosts dial; by default the address from which this machine reaches them.
    pub address: Option<IpAddr>,
    /// The address that is bound, when it is not the one that is dialled (behind NAT).
    pub listen: Option<IpAddr>,
    /// Where it listens: the first free one.
    pub ports: PortRange,
    /// The most it sends.
    pub max_upload: Option<Rate>,
}

impl Default for OwnSeeder {
    fn default() -> Self {
        Self { host: None, address: None, listen: None, ports: PortRange::DEFAULT, max_upload: None }
    }
}
