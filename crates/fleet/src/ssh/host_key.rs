//! The judgement on the key a server shows.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use ssh2::Session;

use super::known_hosts::{KnownKeys, Verdict};
use super::options::SshOptions;
use super::presented::Presented;
use crate::inventory::{GLOBAL_KNOWN_HOSTS, USER_KNOWN_HOSTS};
use crate::{Error, HandshakeFault, Host};

/// The known_hosts files for `host`: of the command line, else its own, else those that ssh reads; at least one.
pub(super) fn known_hosts_files(host: &Host, options: &SshOptions) -> Result<Vec<PathBuf>, Error> {
    let usual = || {
        let home = std::env::var_os("HOME")?;
        let own = USER_KNOWN_HOSTS.iter().filter_map(|file| file.strip_prefix("~/"));
        let own = own.map(|file| Path::new(&home).join(file));
        Some(own.chain(GLOBAL_KNOWN_HOSTS.map(PathBuf::from)).collect())
    };
    match &options.known_hosts {
        Some(file) => Ok(vec![file.clone()]),
        None if !host.known_hosts.is_empty() => Ok(host.known_hosts.clone()),
        None => usual().ok_or_else(|| Error::NoKnownHosts { host: host.name.clone() }),
    }
}

/// What the server showed in the handshake.
pub(super) fn presented(host: &Host, session: &Session) -> Result<Presented, Error> {
    let unreadable = |detail: &str| Error::Handshake {
        host: host.name.clone(),
        address: host.address.clone(),
        port: host.port,
        detail: detail.to_owned(),
        fault: HandshakeFault::Other,
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
) -> Result<(), Error> {
    let fingerprint = presented.fingerprint();
    let (name, address, port, known_hosts) = (host.name.clone(), host.address.clone(), host.port, file);
    match keys.judge(presented, SystemTime::now()) {
        Verdict::Known => Ok(()),
        Verdict::Unknown => {
            Err(Error::UnknownHostKey { host: name, address, port, fingerprint, known_hosts })
        }
        Verdict::Changed => {
            Err(Error::ChangedHostKey { host: name, address, port, fingerprint, known_hosts })
        }
        Verdict::Revoked => {
            Err(Error::RevokedHostKey { host: name, address, port, fingerprint, known_hosts })
        }
        Verdict::BadCertificate(why) => {
            Err(Error::HostCertificate { host: name, address, port, fingerprint, why })
        }
    }
}
