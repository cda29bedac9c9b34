//! One host with its complete settings.

mod jump;
mod way;

use std::net::IpAddr;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

pub use self::jump::Jump;
pub(crate) use self::jump::Jumps;
pub use self::way::{AgentSocket, Family, GLOBAL_KNOWN_HOSTS, USER_KNOWN_HOSTS, Way};
use crate::secret::SecretSource;
use crate::{Address, HostName, PortRange, Program, Rate, RemotePath, UserName};

/// A server of the fleet: `[hosts.<name>]` over `[defaults]` over the built-in values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// What reports call it.
    pub name: HostName,
    /// Where SSH dials.
    pub address: Address,
    /// The IP address other peers dial, when it is not `address`.
    pub peer_address: Option<IpAddr>,
    /// Where its rtorrent listens.
    pub peer_port: u16,
    /// Where its embedded peer listens: the first free one.
    pub peer_ports: PortRange,
    /// The address its embedded peer binds, when it is not the one that others dial (behind NAT).
    pub peer_listen: Option<IpAddr>,
    /// The most it sends of a payload.
    pub max_upload: Option<Rate>,
    /// Its group, if any: whose quorum counts, and whom peers prefer.
    pub group: Option<HostName>,
    /// Every group by which it can be chosen; `group` is one of them.
    pub groups: Vec<HostName>,
    /// The SSH port.
    pub port: u16,
    /// The account.
    pub user: UserName,
    /// The private key file configured for it, on this machine.
    pub identity: Option<PathBuf>,
    /// The known_hosts files configured for it, on this machine; none: the user's own.
    pub known_hosts: Vec<PathBuf>,
    /// What else an ssh_config says of the way to it.
    pub way: Way,
    /// Hosts on the way to it, the first one first.
    pub jump: Vec<Jump>,
    /// Commands run on this machine instead of over SSH.
    pub local: bool,
    /// Where releases live on this host.
    pub deploy_to: RemotePath,
    /// The directory its rtorrent loads torrents from.
    pub watch_dir: RemotePath,
    /// The SCGI socket of its rtorrent.
    pub rpc_socket: RemotePath,
    /// swap-release on this host.
    pub swap_release: Program,
    /// What carries the payload there.
    pub engine: Engine,
    /// Its own passkey for the tracker.
    pub passkey: Option<SecretSource>,
}

impl Host {
    /// What known_hosts calls it: its address and port, or its alias.
    pub fn known_as(&self) -> (&Address, u16) {
        match &self.way.host_key_alias {
            Some(alias) => (alias, 22),
            None => (&self.address, self.port),
        }
    }

    /// Whether it is one of a group.
    #[must_use]
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|own| own.as_str() == group)
    }

    /// The last host on the way to this one, as a host to connect to; errors still name this one.
    #[must_use]
    pub fn before(&self) -> Option<Self> {
        let (last, way) = self.jump.split_last()?;
        Some(Self {
            user: last.user.clone(),
            address: last.address.clone(),
            port: last.port,
            identity: last.identity.clone(),
            known_hosts: last.known_hosts.clone(),
            way: last.way.clone(),
            jump: way.to_vec(),
            ..self.clone()
        })
    }

    /// The hosts on the way to this one as hosts to connect to, the first one first; all have this one's name.
    #[must_use]
    pub fn way(&self) -> Vec<Self> {
        let mut way: Vec<Self> = std::iter::successors(self.before(), Self::before).collect();
        way.reverse();
        way
    }
}

/// What carries a payload to a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Our own peer, there for the length of one push.
    #[default]
    Embedded,
    /// The host's standing rtorrent.
    Rtorrent,
}
