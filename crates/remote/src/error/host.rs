//! The failure of a host.

use std::fmt;

use inventory::HostName;

use super::{HostFault, KeyFileError};

/// What went wrong with one host.
#[derive(Debug)]
pub struct HostError {
    /// The host.
    pub host: HostName,
    /// What it is; callers that act on it match this.
    pub kind: HostFault,
}

impl HostError {
    /// Whether the way to the host failed, so that the same step may succeed over a new connection. Refusals (keys,
    /// permissions, missing files) are not: they would only be repeated.
    pub fn is_connection_loss(&self) -> bool {
        self.kind.is_connection_loss()
    }

    /// Whether a key or a known_hosts file on this machine is at fault, not the host.
    pub fn is_configuration(&self) -> bool {
        match &self.kind {
            HostFault::KeyFile(error) => error.is_configuration(),
            HostFault::NoIdentity => true,
            _ => false,
        }
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            // The file is the object; it is the same for every host.
            HostFault::KeyFile(error) => error.fmt(f),
            kind => write!(f, "host `{}`: {kind}", self.host),
        }
    }
}

impl std::error::Error for HostError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.kind.source()
    }
}

impl HostFault {
    /// The same as the failure of `host`.
    #[must_use]
    pub fn at(self, host: &HostName) -> HostError {
        HostError { host: host.clone(), kind: self }
    }
}

impl KeyFileError {
    /// The same as the reason why `host` is not connected to.
    #[must_use]
    pub fn at(self, host: &HostName) -> HostError {
        HostFault::KeyFile(self).at(host)
    }
}
