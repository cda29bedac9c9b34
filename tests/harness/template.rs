//! The servers' configuration files, shared with scripts/: one text for the demo, the tests and a real web node.

use std::fs;
use std::path::{Path, PathBuf};

/// Root of the workspace.
///
/// # Panics
/// Never: the package lies directly below it.
#[must_use]
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the workspace").to_owned()
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
