//! `fleet.toml`, read once, checked, and resolved so that every host carries its own complete settings.

mod alone;
mod announce;
mod ansible;
mod drupal;
mod file;
mod health;
mod hook;
mod host;
mod jump;
mod keys;
mod own_seeder;
mod resolve;
mod resolve_health;
mod resolve_hooks;
mod resolve_shared;
mod resolve_tracker;
mod rollout;
mod schema;
mod selection;
mod ssh_config;
mod template;
mod tracker;
mod way;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

pub use announce::Announce;
pub use drupal::{Config, Core, DatabaseMode, Drupal, Dump};
pub use health::{Health, HealthCheck};
pub use hook::{Hook, HookAction, Phase, RunsOn};
pub use host::{Engine, Host};
pub use jump::Jump;
use jump::Jumps;
pub use own_seeder::OwnSeeder;
pub use rollout::{Canary, Quota, Rollout};
pub use schema::schema;
pub use selection::Selection;
pub use template::Template;
pub use tracker::{Passkeys, Reload, Tracker, TrackerMode};
pub use way::{AgentSocket, Family, Way};
pub(crate) use way::{GLOBAL_KNOWN_HOSTS, USER_KNOWN_HOSTS};

use crate::secret::SecretSource;
use crate::{Error, RemotePath, SharedPaths};

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
    /// What a Drupal site needs around a switch, if `site.drupal` is there.
    pub drupal: Option<Drupal>,
    /// Who goes first, how many at a time, how many must be there.
    pub rollout: Rollout,
    /// What is run around a switch, in the order of the file.
    pub hooks: Vec<Hook>,
    /// The hosts in the order of the file; at least one.
    pub hosts: Vec<Host>,
    /// `[defaults]`, for hosts that are named beside the file.
    defaults: file::HostTable,
}

/// `[site]`: where releases live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Capistrano's deploy_to. A host may override it: use [`Host::deploy_to`].
    pub deploy_to: RemotePath,
    /// What every release is linked to; that of the Drupal preset included.
    pub shared: SharedPaths,
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
}

#[cfg(test)]
mod health_tests;
#[cfg(test)]
mod outside_tests;
#[cfg(test)]
mod reference_tests;
#[cfg(test)]
mod tests;
