//! What kind of failure an [`Error`] is.

use crate::Error;
use crate::handshake_fault::HandshakeFault;

impl Error {
    /// Whether the way to the host failed, so that the same step may succeed over a new connection. Refusals (keys,
    /// permissions, missing files) are not: they would only be repeated.
    pub fn is_connection_loss(&self) -> bool {
        use HandshakeFault::{Full, Other};
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::Handshake { fault: Full | Other, .. }
                | Self::TimedOut { .. }
                | Self::Lost { .. }
                | Self::Resolve { .. }
        )
    }

    /// Whether the inventory, a key or a known_hosts file on this machine is at fault, not a host.
    pub fn is_configuration(&self) -> bool {
        matches!(
            self,
            Self::ReadInventory { .. }
                | Self::ParseInventory { .. }
                | Self::UnknownKey { .. }
                | Self::InventoryValue { .. }
                | Self::SamePeerAddress { .. }
                | Self::SshConfig { .. }
                | Self::Ansible { .. }
                | Self::Twice { .. }
                | Self::NotAnEndpoint { .. }
                | Self::NobodyLeft { .. }
                | Self::NoSuchHost { .. }
                | Self::ReadSecret { .. }
                | Self::NoPasskey { .. }
                | Self::SharedPasskey { .. }
                | Self::NoIdentity { .. }
                | Self::ReadIdentity { .. }
                | Self::IdentityExposed { .. }
                | Self::IdentityLocked { .. }
                | Self::NotAnIdentity { .. }
                | Self::ReadPassphrase { .. }
                | Self::NoKnownHosts { .. }
                | Self::ReadKnownHosts { .. }
        )
    }
}
