//! What the controller orders from a host that holds its lock for a switch: one JSON object a line on standard input,
//! beside the plain words `go`, `renew`, `ping`, `commit` and `revert`. Both ends are this program.

use std::path::PathBuf;
use std::time::Duration;

use fleet::{Core, DatabaseMode, Drupal, Phase};
use record::host::DatabaseUpdate;
use serde::{Deserialize, Serialize};

/// A hook to be run now; one of the phase after-revert is kept until the release is put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookOrder {
    pub(crate) name: String,
    pub(crate) phase: Phase,
    /// The time it may take, in milliseconds.
    pub(crate) timeout_ms: u64,
    pub(crate) action: Action,
}

impl HookOrder {
    /// The time it may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }
}

/// What a hook does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Action {
    /// Runs a command.
    Command { argv: Vec<String> },
    /// opcache_reset() in this php-fpm.
    OpcacheReset { fpm: String },
    /// SIGUSR2 to the process in this file.
    FpmReload { pid_file: PathBuf },
    /// Checks settings and permissions, and makes the release's own directory for compiled templates.
    DrupalPrepare { drupal: DrupalOrder },
    /// Maintenance mode on, where it is not; off again by itself however this ends.
    DrupalMaintenance { drupal: DrupalOrder },
    /// Maintenance mode as it was.
    DrupalNormal,
    /// Database updates and what belongs to them, by drush.
    DrupalUpdate { drupal: DrupalOrder },
    /// Caches rebuilt, after a rollback.
    DrupalRebuild { drupal: DrupalOrder },
    /// Another host has updated the database that all share.
    DatabaseUpdated { update: DatabaseUpdate },
}

/// The Drupal preset as a host needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrupalOrder {
    pub(crate) core: Core,
    pub(crate) docroot: String,
    /// Directories below `sites/`, each with its URI.
    pub(crate) sites: Vec<(String, String)>,
    pub(crate) drush: Vec<String>,
    pub(crate) database: DatabaseMode,
    pub(crate) dump: bool,
    pub(crate) retries: u32,
    /// For drush when nobody else sets a limit, as in a later run that ends maintenance mode; milliseconds.
    pub(crate) timeout_ms: u64,
}

impl From<&Drupal> for DrupalOrder {
    fn from(drupal: &Drupal) -> Self {
        Self {
            core: drupal.core,
            docroot: drupal.docroot.clone(),
            sites: drupal.sites.clone(),
            drush: drupal.drush.clone(),
            database: drupal.database,
            dump: drupal.dump,
            retries: drupal.retries,
            timeout_ms: u64::try_from(drupal.timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
