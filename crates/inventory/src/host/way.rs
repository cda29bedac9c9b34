//! What the way to an sshd is like, beyond what `fleet.toml` has keys for: an ssh_config says it.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::Address;

/// The known_hosts files of a user where nobody names others (ssh_config(5)).
pub const USER_KNOWN_HOSTS: [&str; 2] = ["~/.ssh/known_hosts", "~/.ssh/known_hosts2"];
/// The known_hosts files of a machine where nobody names others.
pub const GLOBAL_KNOWN_HOSTS: [&str; 2] = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"];

/// How to get to an sshd, and what to expect there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// Private key files that are offered after the first one, on this machine.
    pub identities: Vec<PathBuf>,
    /// Certificates for the keys, on this machine, beside those that are found beside a key.
    pub certificates: Vec<PathBuf>,
    /// The agent is not asked for other keys than those in the files.
    pub identities_only: bool,
    /// The agent that is asked where there is no file.
    pub agent: AgentSocket,
    /// The addresses that are dialled.
    pub family: Family,
    /// The address of this machine that is dialled from.
    pub bind: Option<IpAddr>,
    /// What known_hosts calls it, instead of its address and port.
    pub host_key_alias: Option<Address>,
    /// The host key algorithms that are accepted, as HostKeyAlgorithms of ssh_config(5) has them.
    pub host_key_algorithms: Option<String>,
    /// The command through which it is reached, with its tokens (ProxyCommand of ssh_config(5)).
    pub proxy_command: Option<String>,
}

impl Way {
    /// `fleet.toml` names the one key.
    pub(crate) fn forget_keys(&mut self) {
        self.identities.clear();
        self.certificates.clear();
    }
}

/// Where an SSH agent listens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AgentSocket {
    /// Where SSH_AUTH_SOCK says.
    #[default]
    Environment,
    /// Here.
    At(PathBuf),
    /// None is asked.
    None,
}

/// A family of addresses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// Whatever there is.
    #[default]
    Any,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Whether `address` is of it.
    pub fn has(self, address: &SocketAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }
}
