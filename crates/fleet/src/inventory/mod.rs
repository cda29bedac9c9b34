//! `fleet.toml`, read once, checked, and resolved so that every host carries its own complete settings.

mod announce;
mod file;
mod health;
mod host;
mod keys;
mod own_seeder;
mod resolve;
mod resolve_tracker;
mod template;
mod tracker;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use announce::Announce;
pub use health::{Health, HealthCheck};
pub use host::{Engine, Host};
pub use own_seeder::OwnSeeder;
pub use template::Template;
pub use tracker::{Passkeys, Reload, Tracker, TrackerMode};

use crate::nearest::nearest;
use crate::secret::SecretSource;
use crate::{Error, RemotePath, SharedPath};

/// A resolved `fleet.toml`.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The file it came from, for messages.
    pub path: PathBuf,
    /// What is common to all hosts.
    pub site: Site,
    /// The rtorrent that seeds, if `[seeder]` names one.
    pub seeder: Option<Seeder>,
    /// Who seeds during a push when no rtorrent does.
    pub own_seeder: OwnSeeder,
    /// How peers find each other.
    pub tracker: Tracker,
    /// What a live release must answer, if `[health]` is there.
    pub health: Option<Health>,
    /// The hosts in the order of the file; at least one.
    pub hosts: Vec<Host>,
}

/// `[site]`: where releases live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Capistrano's deploy_to. A host may override it: use [`Host::deploy_to`].
    pub deploy_to: RemotePath,
    /// What every release is linked to.
    pub shared: Vec<SharedPath>,
    /// How many releases stay on a host, at least 1.
    pub keep: u32,
}

/// `[seeder]`: the rtorrent that has the payload first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeder {
    /// Its SCGI socket, on the machine where tracker-publish runs.
    pub rpc_socket: PathBuf,
    /// Where payload and torrent are kept for it.
    pub directory: PathBuf,
    /// What the hosts dial.
    pub peer: SocketAddr,
    /// Its own passkey.
    pub passkey: Option<SecretSource>,
}

impl Inventory {
    /// Reads and resolves `path`. Relative paths in it are relative to its directory.
    ///
    /// # Errors
    /// Unreadable, not TOML, an unknown key, or a value that is not valid; see the first variants of [`Error`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        file::read(path).and_then(|file| resolve::resolve(path, file))
    }

    /// The hosts named by `only`, in the order of the file; all when it is empty.
    ///
    /// # Errors
    /// [`Error::NoSuchHost`] for a name that is not in the inventory.
    pub fn select<S: AsRef<str>>(&self, only: &[S]) -> Result<Vec<Host>, Error> {
        for name in only.iter().map(AsRef::as_ref) {
            if !self.hosts.iter().any(|host| host.name.as_str() == name) {
                let names = self.hosts.iter().map(|host| host.name.as_str());
                return Err(Error::NoSuchHost {
                    path: self.path.clone(),
                    name: name.to_owned(),
                    nearest: nearest(name, names).map(str::to_owned),
                });
            }
        }
        let wanted =
            |host: &&Host| only.is_empty() || only.iter().any(|name| name.as_ref() == host.name.as_str());
        Ok(self.hosts.iter().filter(wanted).cloned().collect())
    }
}

#[cfg(test)]
mod tests;
