//! `[site] drupal` and `[drupal]`: what a Drupal site needs around a switch.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{HostName, SharedPath};

/// Which Drupal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Core {
    /// Drupal 7.
    #[serde(rename = "7")]
    Seven,
    /// Drupal 8 and all after it.
    #[serde(rename = "8+")]
    EightUp,
}

/// How database updates go together with code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseMode {
    /// Maintenance mode, switch, update, normal again: old code never meets the new schema. Rolling back across an update
    /// is refused.
    Maintenance,
    /// The updates are made so that old code works with them (expand now, contract in a later release): the update
    /// runs before anybody switches, without maintenance mode, and code may be rolled back across it.
    Expand,
    /// Updates are made elsewhere.
    None,
}

/// The preset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drupal {
    /// Which Drupal.
    pub core: Core,
    /// Where `index.php` is in the release, without slashes at its ends; empty for the root.
    pub docroot: String,
    /// The sites, directories below `sites/`, each with the URI that drush is told. At least one.
    pub sites: Vec<(String, String)>,
    /// drush: relative to the release if it holds a `/` and does not begin with one.
    pub drush: Vec<String>,
    /// How database updates are made.
    pub database: DatabaseMode,
    /// Whether the database is dumped before.
    pub dump: bool,
    /// How often `drush deploy` is tried again: config imports may need a second one.
    pub retries: u32,
    /// The host on which drush runs; without it the first that switches.
    pub host: Option<HostName>,
    /// The time all of an update may take.
    pub timeout: Duration,
}

impl Drupal {
    /// What outlives releases: files and settings of every site. And what is linked when it is in `shared/`: what the stock
    /// settings.php includes beside itself, private files in their usual places, and the environment that Composer's
    /// templates read.
    pub fn shared(&self) -> Result<Vec<SharedPath>, String> {
        let prefix = if self.docroot.is_empty() { String::new() } else { format!("{}/", self.docroot) };
        let mut shared = Vec::new();
        for (site, _) in &self.sites {
            for name in ["files/", "settings.php", "settings.local.php?", "services.yml?", "private/?"] {
                shared.push(format!("{prefix}sites/{site}/{name}").parse()?);
            }
        }
        for name in [".env?", "private/?"] {
            shared.push(name.parse()?);
        }
        Ok(shared)
    }
}
