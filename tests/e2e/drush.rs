//! What stands in for drush and its database: a file that all hosts share, and `vendor/bin/drush` of a release.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use e2e::Fleet;
use serde_json::{Value, json};

/// The "database", with a `log` of drush's calls.
pub(crate) struct Database(PathBuf);

impl Database {
    pub(crate) fn of(fleet: &Fleet) -> Self {
        Self(fleet.scratch().join("database.json"))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(&self.0).unwrap()).unwrap()
    }

    pub(crate) fn write(&self, state: &Value) {
        fs::write(&self.0, state.to_string()).unwrap();
    }

    /// What drush was asked since the last time.
    pub(crate) fn calls(&self) -> Vec<String> {
        let mut state = self.state();
        let log = std::mem::replace(&mut state["log"], json!([]));
        self.write(&state);
        log.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    }
}

/// Delivers release `number`, whose code wants `schema`, with this drush and this front page.
pub(crate) fn deliver(fleet: &Fleet, number: u32, schema: u32, drush: &str, page: &str) {
    let site = fleet.site(number);
    fs::create_dir_all(site.join("vendor/bin")).unwrap();
    fs::write(site.join("vendor/bin/drush"), drush).unwrap();
    fs::set_permissions(site.join("vendor/bin/drush"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(site.join("index.php"), page).unwrap();
    fs::write(site.join("schema.txt"), schema.to_string()).unwrap();
    fleet.deliver(number);
}
