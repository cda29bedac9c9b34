//! What a peer is told before it starts.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::PushKey;

/// Settings of one [`Peer`](crate::Peer).
#[derive(Clone, Debug)]
pub struct Config {
    /// The address to listen on and to dial from. `0.0.0.0` means every IPv4 address of the host, `::` every address of both
    /// families.
    pub address: IpAddr,
    /// The ports to try, in ascending order; `0..=0` leaves the choice to the system.
    pub ports: RangeInclusive<u16>,
    /// Who may connect. Those who may not are disconnected without an answer.
    pub allow: Allow,
    /// The key of this push. With one, nobody gets a byte before he has proved that he knows it, and foreign clients
    /// cannot take part.
    pub key: Option<PushKey>,
    /// Most payload bytes a second that are sent, all peers together; without one, as many as the network takes.
    pub upload_ceiling: Option<NonZeroU64>,
    /// Most connected peers. Nobody below it is ever choked.
    pub peer_ceiling: usize,
    /// What is expected of the payload's place.
    pub role: Role,
    /// After so long without a new byte, a download that is not complete counts as stalled.
    pub stalled_after: Duration,
}

/// Who may connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allow {
    /// The addresses that were introduced, from any port.
    Introduced,
    /// These as well.
    Also(Vec<IpAddr>),
    /// Everybody who knows the infohash (and the key, if there is one).
    Anyone,
}

/// What is expected of the payload's place when a peer starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Create what is missing, hash what is there, fetch the rest, and give away all of it.
    Download,
    /// The payload is there in full: anything else is an error, and nothing is ever written.
    Seed,
}

impl Config {
    /// The usual settings: introduced peers only, no key, no ceiling on uploads, 200 peers, stalled after 10 s.
    #[must_use]
    pub fn new(address: IpAddr, ports: RangeInclusive<u16>, role: Role) -> Self {
        Self {
            address,
            ports,
            allow: Allow::Introduced,
            key: None,
            upload_ceiling: None,
            peer_ceiling: 200,
            role,
            stalled_after: Duration::from_secs(10),
        }
    }
}
