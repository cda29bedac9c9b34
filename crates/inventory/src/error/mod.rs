//! What is wrong with an inventory.

mod hint;

use std::io;
use std::path::PathBuf;

use crate::value::{Address, HostName};

/// An expected failure. Every variant names its object; [`Error::hint`] gives the remedy where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inventory could not be read.
    #[error("cannot read the inventory `{}`: {source}", path.display())]
    ReadInventory {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The inventory is not TOML, or a value is not what its key asks for.
    ///
    /// Without the line's text, which may be an announce URL with its passkey.
    #[error("line {line}, column {column} of the inventory `{}`: {reason}", path.display())]
    ParseInventory {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A key nobody reads.
    #[error("unknown key `{key}` in the inventory `{}`", path.display())]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// The key with its tables, `hosts.web1.adress`.
        key: String,
        /// The known key it resembles.
        nearest: Option<String>,
    },
    /// A value that fits its type but not its place.
    #[error("`{key}` in the inventory `{}`: {reason}", path.display())]
    InventoryValue {
        /// The file.
        path: PathBuf,
        /// The key with its tables.
        key: String,
        /// Why not.
        reason: String,
    },
    /// Two hosts dialled at one address.
    #[error("the hosts `{first}` and `{second}` of the inventory `{}` have the same peer address `{address}`", path.display())]
    SamePeerAddress {
        /// The file.
        path: PathBuf,
        /// The host that came first.
        first: HostName,
        /// The one that repeats it.
        second: HostName,
        /// The shared address.
        address: Address,
    },
    /// What an ssh_config says cannot be used.
    #[error("`{}` cannot be used: {reason}", path.display())]
    SshConfig {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// What Ansible says of the hosts cannot be used.
    #[error("`{}` is not what `ansible-inventory --list` prints: {reason}", path.display())]
    Ansible {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// A host was named beside the inventory that is in it.
    #[error("the host `{name}` is in the inventory `{}` already", path.display())]
    Twice {
        /// The file.
        path: PathBuf,
        /// Its name there.
        name: HostName,
    },
    /// A host was named beside the inventory by something else than a place to dial.
    #[error("{reason}")]
    NotAnEndpoint {
        /// What was typed, and why it is not.
        reason: String,
    },
    /// Every host was left out.
    #[error("no host of the inventory `{}` is left", path.display())]
    NobodyLeft {
        /// The file.
        path: PathBuf,
    },
    /// A host or group was asked for that the inventory does not have.
    #[error("no {what} `{}` in the inventory `{}`", name.escape_debug(), path.display())]
    NoSuchHost {
        /// The file.
        path: PathBuf,
        /// A host, a group, or either.
        what: &'static str,
        /// The name asked for.
        name: String,
        /// The host's name it resembles.
        nearest: Option<String>,
    },

    /// A secret that the inventory names is not there, or is none.
    #[error("cannot use `{key}` from {place}: {reason}")]
    ReadSecret {
        /// The key with its tables.
        key: String,
        /// The file or variable.
        place: String,
        /// Why not; never the secret.
        reason: String,
    },
    /// The announce URL wants a passkey of every host.
    #[error("host `{host}` of the inventory `{}` has no passkey, and the announce URL needs one", path.display())]
    NoPasskey {
        /// The file.
        path: PathBuf,
        /// The host.
        host: HostName,
    },
    /// Two clients with one passkey.
    #[error("{first} and {second} of the inventory `{}` have the same passkey", path.display())]
    SharedPasskey {
        /// The file.
        path: PathBuf,
        /// Who came first.
        first: String,
        /// Who repeats it.
        second: String,
    },
}
