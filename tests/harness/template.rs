//! The servers' configuration files, shared with scripts/: one text for the demo, the tests and a real web node.

use std::fs;
use std::path::{Path, PathBuf};

/// Root of the workspace.
///
/// # Panics
/// When the tests are not run from within it.
#[must_use]
pub fn workspace() -> PathBuf {
    // Asked when the test runs: a compiler cache may have compiled this file in another checkout.
    let package = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let found = Path::new(&package).ancestors().find(|dir| dir.join("Cargo.lock").is_file());
    found.expect("the package lies in the workspace").to_owned()
}

/// Writes `scripts/lib/<template>` to `target` with every `@KEY@` replaced.
///
/// # Panics
/// When a key is left over, or a file cannot be read or written.
pub fn fill(template: &str, target: &Path, values: &[(&str, &str)]) {
    let source = workspace().join("scripts/lib").join(template);
    let mut text = fs::read_to_string(&source).unwrap_or_else(|e| panic!("read `{}`: {e}", source.display()));
    for (key, value) in values {
        text = text.replace(&format!("@{key}@"), value);
    }
    // The comments explain the `@NAME@` form itself.
    let left = text.lines().find(|line| !line.starts_with(['#', ';']) && line.matches('@').count() > 1);
    assert!(left.is_none(), "`{template}`: a key is not filled in: {left:?}");
    fs::write(target, text).unwrap_or_else(|e| panic!("write `{}`: {e}", target.display()));
}
