//! What goes wrong with one host of an installation.

use crate::error::Fault;

/// Why a host did not get it.
#[derive(Debug, thiserror::Error)]
pub(super) enum InstallFault {
    /// The way there, or a command on it.
    #[error(transparent)]
    Host(#[from] Fault),
    /// It says what nobody would.
    #[error("it did not say {0}")]
    Silent(&'static str),
    /// The program is for another kind of machine.
    #[error("the program is for {program}, the host is {host}")]
    Machine { program: &'static str, host: String },
    /// The directory is not there.
    #[error("`{folder}` is not there")]
    NoFolder { folder: String, user: String },
    /// It may not be written.
    #[error("`{user}` may not write to `{folder}`")]
    Closed { folder: String, user: String },
    /// What arrived is not what was sent.
    #[error("what arrived has SHA-256 {found}, not {expected}; it was taken away again")]
    Altered { found: String, expected: String },
    /// It does not run there.
    #[error("it does not run there: {reason}; it was taken away again")]
    DoesNotRun { reason: String },
    /// It is another program.
    #[error("it says `{said}` of itself and not its version; it was taken away again")]
    Stranger { said: String },
    /// A step of putting it in place failed.
    #[error("{what}: {reason}")]
    NotPlaced { what: String, reason: String },
    /// There is nothing to go back to.
    #[error("there is no `{path}` to go back to")]
    NothingBefore { path: String },
    /// It is in place, but the account does not find it.
    #[error("it is in `{path}`, but `{program}` is not that: {reason}")]
    NotFound { path: String, program: String, reason: String },
    /// A path that the configuration of rtorrent cannot hold.
    #[error("`{key}` is `{value}`, which rtorrent's configuration cannot hold")]
    Unspeakable { key: &'static str, value: String },
    /// rtorrent must be told the address to listen on.
    #[error("`{address}` is no IPv4 address to listen on")]
    NoAddress { address: String },
    /// The account of rtorrent is not there.
    #[error("there is no user `{user}` there")]
    NoUser { user: String, home: String },
    /// A directory could not be made.
    #[error("cannot make `{path}`: {reason}")]
    Folder { path: String, reason: String },
    /// A file that differs could not be kept.
    #[error("cannot keep what is in `{path}`: {reason}")]
    Keep { path: String, reason: String },
}

impl From<remote::HostError> for InstallFault {
    fn from(error: remote::HostError) -> Self {
        Self::Host(error.into())
    }
}

impl InstallFault {
    /// The text where the host's name stands beside it.
    pub(super) fn beside(&self) -> String {
        match self {
            Self::Host(fault) => fault.beside(),
            other => other.to_string(),
        }
    }

    /// The remedy, if one is known.
    pub(super) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Host(fault) => return fault.hint(),
            Self::Machine { .. } => {
                "build swap-release for that machine, and name it with --binary; --only chooses the hosts".into()
            }
            Self::NoFolder { folder, user } => format!("as root there: install -d -o {user} -m 755 -- {folder}"),
            Self::Closed { folder, user } => format!(
                "log in as an account that may write to {folder}: fleet-push install --as root, with a key that root accepts; or set `swap_release` in fleet.toml to a path below the home of {user}"
            ),
            Self::Altered { .. } => "run it again; if it comes back, look at the disk of that host".into(),
            Self::DoesNotRun { .. } => {
                "it may need a newer C library than is there, or lie where programs may not be run (noexec): build it on the oldest system of the fleet, or for x86_64-unknown-linux-musl, and name it with --binary".into()
            }
            Self::Stranger { .. } => "name swap-release with --binary".into(),
            Self::NothingBefore { .. } => "there was no installation before this one; name a file with --binary".into(),
            Self::NotFound { path, .. } => format!("set `swap_release = \"{path}\"` in fleet.toml"),
            Self::Unspeakable { .. } => {
                "letters, digits and . _ - + @ : / only: set another one in fleet.toml".into()
            }
            Self::NoAddress { .. } => "set `peer_address` of the host in fleet.toml".into(),
            Self::NoUser { user, home } => format!(
                "as root there: useradd --system --home-dir {home} --shell /usr/sbin/nologin {user}; or name another with --rtorrent-user"
            ),
            Self::Folder { .. } | Self::Keep { .. } => {
                "log in as an account that may, with --as root; or put in place by hand what is shown without --write".into()
            }
            Self::Silent(_) | Self::NotPlaced { .. } => return None,
        })
    }
}
