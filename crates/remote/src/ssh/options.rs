//! How to connect, whatever the host.

use std::path::PathBuf;
use std::time::Duration;

use super::noise::WarnedHosts;
use super::passphrase::Passphrase;
use super::starts::Starts;
use crate::{Interrupt, KeyFileError};

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// From dialling to an authenticated session.
    pub connect: Duration,
    /// One answer of the server: opening a channel, writing a file, a read on a socket.
    pub step: Duration,
    /// Silence after which TCP asks whether the other side is still there (SO_KEEPALIVE); an unanswered one breaks the
    /// connection after twice this time (TCP_USER_TIMEOUT).
    pub keepalive: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(15),
            step: Duration::from_secs(30),
            keepalive: Duration::from_secs(15),
        }
    }
}

/// What the command line and the environment say about SSH; it goes before what the inventory says.
///
/// Make it once and clone it for every host: of the connections that share it no more than 7 are starting at one sshd at
/// the same time, which keeps them below its MaxStartups.
#[derive(Clone, Debug, Default)]
pub struct SshOptions {
    pub(crate) identity: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) passphrase: Option<Passphrase>,
    pub(crate) timeouts: Timeouts,
    pub(crate) interrupt: Interrupt,
    /// Shared by all clones, and so by all connections of a run.
    pub(crate) starts: Starts,
    /// The same: which hosts were warned of.
    pub(super) warned: WarnedHosts,
}

impl SshOptions {
    /// Keys and known_hosts of the inventory, no passphrase, default timeouts, never interrupted.
    pub fn new() -> Self {
        Self::default()
    }

    /// The private key file for all hosts, if given; else a host's own, else the agent is asked.
    #[must_use]
    pub fn identity(mut self, file: Option<PathBuf>) -> Self {
        self.identity = file;
        self
    }

    /// The known_hosts file for all hosts, if given; else a host's own, else `~/.ssh/known_hosts`.
    #[must_use]
    pub fn known_hosts(mut self, file: Option<PathBuf>) -> Self {
        self.known_hosts = file;
        self
    }

    /// The passphrase of the private key.
    #[must_use]
    pub fn passphrase(mut self, passphrase: Option<Passphrase>) -> Self {
        self.passphrase = passphrase;
        self
    }

    /// The passphrase from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE names, if set.
    ///
    /// # Errors
    /// [`KeyFileError::ReadPassphrase`](crate::KeyFileError::ReadPassphrase).
    pub fn passphrase_from_env(self) -> Result<Self, KeyFileError> {
        let passphrase = Passphrase::from_env()?;
        Ok(self.passphrase(passphrase))
    }

    /// Other timeouts.
    #[must_use]
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Ends waits when raised (except those of a [`Process`](crate::Process)).
    #[must_use]
    pub fn interrupt(mut self, interrupt: Interrupt) -> Self {
        self.interrupt = interrupt;
        self
    }
}
