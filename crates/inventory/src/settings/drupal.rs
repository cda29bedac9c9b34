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
    /// runs before anybody switches, and code may be rolled back across it.
    Expand,
    /// Updates are made elsewhere; only caches are rebuilt.
    None,
}

/// When the database is dumped before an update: `true` and `"pending"` say when updates are pending, `false` and `"never"` never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "DumpValue", into = "DumpValue")]
pub enum Dump {
    /// Not at all.
    Never,
    /// When updates are pending, the databases that they are for.
    Pending,
    /// Before every activation, every site's database.
    Always,
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum DumpValue {
    Flag(bool),
    Word(DumpWord),
}

#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum DumpWord {
    Never,
    Pending,
    Always,
}

impl From<DumpValue> for Dump {
    fn from(value: DumpValue) -> Self {
        match value {
            DumpValue::Flag(false) | DumpValue::Word(DumpWord::Never) => Self::Never,
            DumpValue::Flag(true) | DumpValue::Word(DumpWord::Pending) => Self::Pending,
            DumpValue::Word(DumpWord::Always) => Self::Always,
        }
    }
}

impl From<Dump> for DumpValue {
    fn from(dump: Dump) -> Self {
        Self::Word(match dump {
            Dump::Never => DumpWord::Never,
            Dump::Pending => DumpWord::Pending,
            Dump::Always => DumpWord::Always,
        })
    }
}

/// Whether configuration that a release brings is imported; Drupal 7 has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Config {
    /// Where there is any: drush is asked where it lies.
    #[default]
    Auto,
    /// Always, by `drush deploy`.
    Import,
    /// Never: database updates, caches and deploy hooks only.
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
    /// Whether configuration is imported.
    pub config: Config,
    /// When the database is dumped before an update.
    pub dump: Dump,
    /// Whether the caches that all releases share are rebuilt when code is switched and nothing else is done. Without
    /// it, and with [`DatabaseMode::None`], drush is never run.
    pub rebuild: bool,
    /// How often `drush deploy` is tried again: config imports may need a second one.
    pub retries: u32,
    /// The host on which drush runs; without it the first that switches.
    pub host: Option<HostName>,
    /// The time all of an update may take.
    pub timeout: Duration,
}

impl Drupal {
    /// Whether drush is run around a switch at all.
    #[must_use]
    pub fn runs_drush(&self) -> bool {
        self.rebuild || self.database != DatabaseMode::None
    }

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
