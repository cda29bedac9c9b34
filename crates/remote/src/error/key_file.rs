//! Files of this machine: keys, passphrases, known_hosts.

use std::io;
use std::path::PathBuf;

use inventory::HostName;

/// What is wrong with a private key, a passphrase file or a known_hosts file on this machine.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The private key could not be read.
    #[error("cannot read the private key `{}`: {source}", path.display())]
    ReadIdentity {
        /// The key file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Others than its owner may read the private key.
    #[error("the private key `{}` can be read by others than its owner (mode {mode:04o})", path.display())]
    IdentityExposed {
        /// The key file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The private key is encrypted and no passphrase was given, or the wrong one.
    #[error("the private key `{}` is encrypted and {}", path.display(), if *.given { "the passphrase does not open it" } else { "no passphrase was given" })]
    IdentityLocked {
        /// The key file.
        path: PathBuf,
        /// Whether a passphrase was given.
        given: bool,
    },
    /// The file is no private key that can be used.
    #[error("`{}` is not a private key in OpenSSH or PEM form", path.display())]
    NotAnIdentity {
        /// The key file.
        path: PathBuf,
    },
    /// The file named by MKT_IDENTITY_PASSPHRASE_FILE could not be read.
    #[error("cannot read the passphrase file `{}`: {source}", path.display())]
    ReadPassphrase {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// No known_hosts file was named and HOME is not set.
    #[error("no known_hosts file for host `{host}`: none is configured and HOME is not set")]
    NoKnownHosts {
        /// The host.
        host: HostName,
    },
    /// The known_hosts file could not be read.
    #[error("cannot read the known_hosts file `{}`: {source}", path.display())]
    ReadKnownHosts {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The known_hosts file could not be written.
    #[error("cannot add to the known_hosts file `{}`: {source}", path.display())]
    WriteKnownHosts {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

impl KeyFileError {
    /// Whether it is the configuration that is at fault, not the disk of this machine.
    pub fn is_configuration(&self) -> bool {
        !matches!(self, Self::WriteKnownHosts { .. })
    }
}
