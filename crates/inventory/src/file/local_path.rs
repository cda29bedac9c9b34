//! Paths on the machine that reads a `fleet.toml`.

use std::env;
use std::path::{Path, PathBuf};

/// `file` of the inventory `inventory`: relative to the inventory's directory, `~/` is HOME.
pub(crate) fn local_path(inventory: &Path, file: &Path) -> PathBuf {
    if let (Ok(below), Some(home)) = (file.strip_prefix("~"), env::var_os("HOME")) {
        return Path::new(&home).join(below);
    }
    inventory.parent().unwrap_or(Path::new("")).join(file)
}
