//! The file being resolved: what its errors name, and where its relative paths begin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::file::local_path;
use crate::{Engine, Error, Host, SecretSource};

/// Longest path of a unix socket: sun_path has 108 bytes with its NUL (unix(7)).
pub(super) const SOCKET_PATH_MAX: usize = 107;

/// The file being resolved, for its errors and relative paths.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
}

impl Place<'_> {
    pub(crate) fn refuse(&self, key: &str, reason: impl Into<String>) -> Error {
        Error::InventoryValue { path: self.path.to_owned(), key: key.to_owned(), reason: reason.into() }
    }

    /// The configured value, or the built-in text parsed like one.
    pub(crate) fn built_in<T: std::str::FromStr<Err = String>>(
        &self,
        value: Result<T, &str>,
    ) -> Result<T, Error> {
        value.or_else(|text| text.parse().map_err(|reason: String| self.refuse("defaults", reason)))
    }

    pub(crate) fn port(&self, key: &str, port: u16) -> Result<u16, Error> {
        if port == 0 { Err(self.refuse(key, "0 is not a port")) } else { Ok(port) }
    }

    /// A path on this machine: relative to the inventory's directory, `~/` is HOME.
    pub(crate) fn local_path(&self, file: &Path) -> PathBuf {
        local_path(self.path, file)
    }

    /// A secret that is given as `<key>_file` or as `<key>_env`.
    pub(crate) fn secret(
        &self,
        key: &str,
        file: Option<PathBuf>,
        env: Option<String>,
    ) -> Result<Option<SecretSource>, Error> {
        match (file, env) {
            (Some(_), Some(_)) => {
                Err(self.refuse(&format!("{key}_env"), format!("`{key}_file` is given, too")))
            }
            (Some(file), None) => Ok(Some(SecretSource::File(self.local_path(&file)))),
            (None, env) => Ok(env.map(SecretSource::Env)),
        }
    }

    /// rtorrent keeps one connection per address; embedded peers are told apart by their ports.
    pub(crate) fn one_peer_per_address(&self, hosts: &[Host]) -> Result<(), Error> {
        let mut seen: BTreeMap<String, &Host> = BTreeMap::new();
        for host in hosts {
            let peer = host.peer_address.map_or_else(|| host.address.to_string(), |ip| ip.to_string());
            let Some(first) = seen.insert(peer.clone(), host) else { continue };
            if [first.engine, host.engine].contains(&Engine::Rtorrent) {
                return Err(Error::SamePeerAddress {
                    path: self.path.to_owned(),
                    first: first.name.clone(),
                    second: host.name.clone(),
                    address: peer.parse().unwrap_or_else(|_| host.address.clone()),
                });
            }
        }
        Ok(())
    }
}
