//! What the controller orders from a host that holds its lock for a switch: one JSON object a line on standard input,
//! beside the plain words `go`, `renew`, `ping`, `commit` and `revert`. Both ends are this program.

use std::path::PathBuf;
use std::time::Duration;

use inventory::{Config, Core, DatabaseMode, Drupal, Dump, Phase};
use record::host::DatabaseUpdate;
use record::{DrupalFacts, Remains};
use serde::{Deserialize, Serialize};

/// A hook to be run now; one of the phase after-revert is kept until the release is put back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Writes down, before any code of the release is run, what its undoing needs. `swap` tells this deployment from all
    /// others; the host whose `turn` is 0 is the one that runs drush, the others take over in this order; `ran` says that
    /// code of the release may run without an order of ours.
    DrupalArm { drupal: DrupalOrder, swap: String, turn: u32, ran: bool },
    /// Looks which sites are open, and with `updates` which lack database updates of the release. Changes nothing.
    DrupalLook { drupal: DrupalOrder, updates: bool },
    /// What the host that runs drush has found and done.
    DrupalKnow { facts: DrupalFacts },
    /// Dumps the databases.
    DrupalDump { drupal: DrupalOrder },
    /// Maintenance mode on for the sites that were open; off again by itself however this ends.
    DrupalMaintenance {
        drupal: DrupalOrder,
        /// Not if no database updates are pending.
        #[serde(default)]
        if_pending: bool,
    },
    /// Maintenance mode as it was.
    DrupalNormal,
    /// Database updates and what belongs to them, by drush.
    DrupalUpdate {
        drupal: DrupalOrder,
        /// Updates only: neither configuration nor caches.
        #[serde(default)]
        alone: bool,
    },
    /// Caches rebuilt by the code that is live.
    DrupalRebuild {
        drupal: DrupalOrder,
        /// Not if no database updates are pending.
        #[serde(default)]
        if_pending: bool,
    },
    /// After a revert: caches rebuilt by the code that is live again.
    DrupalUndo,
    /// After a revert: what this host kept for it is done with, since a host has rebuilt the caches, or is kept for a later run.
    DrupalSettled { rebuilt: bool, remains: Option<Remains> },
    /// Another host has updated the database that all share.
    DatabaseUpdated { update: DatabaseUpdate },
}

impl Action {
    /// Whether it is a step of the Drupal preset.
    pub(crate) fn is_drupals(&self) -> bool {
        match self {
            Self::Command { .. } | Self::OpcacheReset { .. } | Self::FpmReload { .. } => false,
            Self::DrupalPrepare { .. }
            | Self::DrupalArm { .. }
            | Self::DrupalLook { .. }
            | Self::DrupalKnow { .. }
            | Self::DrupalDump { .. }
            | Self::DrupalMaintenance { .. }
            | Self::DrupalNormal
            | Self::DrupalUpdate { .. }
            | Self::DrupalRebuild { .. }
            | Self::DrupalUndo
            | Self::DrupalSettled { .. }
            | Self::DatabaseUpdated { .. } => true,
        }
    }
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
    #[serde(default)]
    pub(crate) config: Config,
    pub(crate) dump: Dump,
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
            config: drupal.config,
            dump: drupal.dump,
            retries: drupal.retries,
            timeout_ms: u64::try_from(drupal.timeout.as_millis()).unwrap_or(u64::MAX),
        }
    }
}
