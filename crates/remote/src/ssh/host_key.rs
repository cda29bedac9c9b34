//! The judgement on the key a server shows.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use inventory::{GLOBAL_KNOWN_HOSTS, Host, USER_KNOWN_HOSTS};
use ssh2::Session;

use super::known_hosts::{KnownKeys, Verdict};
use super::options::SshOptions;
use super::presented::Presented;
use crate::{HandshakeFault, HostError, HostFault, KeyFileError};

/// The known_hosts files for `host`: of the command line, else its own, else those that ssh reads; at least one.
pub(super) fn known_hosts_files(host: &Host, options: &SshOptions) -> Result<Vec<PathBuf>, KeyFileError> {
    let usual = || {
        let home = std::env::var_os("HOME")?;
        let own = USER_KNOWN_HOSTS.iter().filter_map(|file| file.strip_prefix("~/"));
        let own = own.map(|file| Path::new(&home).join(file));
        Some(own.chain(GLOBAL_KNOWN_HOSTS.map(PathBuf::from)).collect())
    };
    match &options.known_hosts {
        Some(file) => Ok(vec![file.clone()]),
        None if !host.known_hosts.is_empty() => Ok(host.known_hosts.clone()),
        None => usual().ok_or_else(|| KeyFileError::NoKnownHosts { host: host.name.clone() }),
    }
}

/// What the server showed in the handshake.
pub(super) fn presented(host: &Host, session: &Session) -> Result<Presented, HostError> {
    let unreadable = |detail: &str| {
        HostFault::Handshake {
            address: host.address.clone(),
            port: host.port,
            detail: detail.to_owned(),
            fault: HandshakeFault::Other,
        }
        .at(&host.name)
    };
    let (blob, _) = session.host_key().ok_or_else(|| unreadable("the server showed no host key"))?;
    Presented::from_bytes(blob).ok_or_else(|| unreadable("the server's host key is malformed"))
}

/// Lets the session pass only if `keys` has the key it presented, or the authority that signed it.
pub(super) fn check(
    host: &Host,
    presented: &Presented,
    keys: &KnownKeys,
    file: PathBuf,
) -> Result<(), HostError> {
    let fingerprint = presented.fingerprint();
    let (name, address, port, known_hosts) = (host.name.clone(), host.address.clone(), host.port, file);
    match keys.judge(presented, SystemTime::now()) {
        Verdict::Known => Ok(()),
        Verdict::Unknown => Err(HostError {
            host: name,
            kind: HostFault::UnknownHostKey { address, port, fingerprint, known_hosts },
        }),
        Verdict::Changed => Err(HostError {
            host: name,
            kind: HostFault::ChangedHostKey { address, port, fingerprint, known_hosts },
        }),
        Verdict::Revoked => Err(HostError {
            host: name,
            kind: HostFault::RevokedHostKey { address, port, fingerprint, known_hosts },
        }),
        Verdict::BadCertificate(why) => Err(HostError {
            host: name,
            kind: HostFault::HostCertificate { address, port, fingerprint, why },
        }),
    }
}
