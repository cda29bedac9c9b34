//! What is needed from this machine to connect: keys and known_hosts.

use std::path::PathBuf;

use inventory::Host;

use super::auth::Credentials;
use super::host_key;
use super::known_hosts::KnownKeys;
use super::options::SshOptions;
use crate::HostError;

/// What this machine must have before it makes sense to dial.
pub(super) struct LocalFiles {
    pub(super) known_hosts: Vec<PathBuf>,
    pub(super) keys: KnownKeys,
    pub(super) credentials: Credentials,
}

/// Reads it.
pub(super) fn local_files(host: &Host, options: &SshOptions) -> Result<LocalFiles, HostError> {
    let known_hosts = host_key::known_hosts_files(host, options).map_err(|error| error.at(&host.name))?;
    let (name, port) = host.known_as();
    let keys = KnownKeys::read(&known_hosts, name, port).map_err(|error| error.at(&host.name))?;
    let credentials = Credentials::load(host, options)?;
    Ok(LocalFiles { known_hosts, keys, credentials })
}

impl SshOptions {
    /// Reads what is needed from this machine to connect to `host` (private key, known_hosts) without connecting, so
    /// that a wrong path is told once and not by every host.
    ///
    /// # Errors
    /// Those for which [`HostError::is_configuration`] holds.
    pub fn check(&self, host: &Host) -> Result<(), HostError> {
        local_files(host, self)?;
        match host.before() {
            Some(jump) => self.check(&jump),
            None => Ok(()),
        }
    }
}
