//! The judgement on the key a server shows.

use std::path::{Path, PathBuf};

use ssh_key::{HashAlg, PublicKey};
use ssh2::Session;

use super::known_hosts::{KnownKeys, Verdict};
use super::options::SshOptions;
use crate::{Error, Host};

/// The known_hosts files for `host`: of the command line, else its own, else `~/.ssh/known_hosts`; at least one.
pub(super) fn known_hosts_files(host: &Host, options: &SshOptions) -> Result<Vec<PathBuf>, Error> {
    let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".ssh/known_hosts"));
    match &options.known_hosts {
        Some(file) => Ok(vec![file.clone()]),
        None if !host.known_hosts.is_empty() => Ok(host.known_hosts.clone()),
        None => home().map(|file| vec![file]).ok_or_else(|| Error::NoKnownHosts { host: host.name.clone() }),
    }
}

/// Lets the session pass only if `keys` has the key it presented.
pub(super) fn check(host: &Host, session: &Session, keys: &KnownKeys, file: PathBuf) -> Result<(), Error> {
    let unreadable = |detail: &str| Error::Handshake {
        host: host.name.clone(),
        address: host.address.clone(),
        port: host.port,
        detail: detail.to_owned(),
    };
    let (blob, _) = session.host_key().ok_or_else(|| unreadable("the server showed no host key"))?;
    let key = PublicKey::from_bytes(blob).map_err(|_| unreadable("the server's host key is malformed"))?;
    let fingerprint = format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256));
    let (name, address, port, known_hosts) = (host.name.clone(), host.address.clone(), host.port, file);
    match keys.judge(key.key_data()) {
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
    }
}
