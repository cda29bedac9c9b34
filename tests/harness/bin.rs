//! Where the binaries under test are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cargo_metadata::Message;

/// Path of the binary `name`: from `MKT_BIN_DIR` when it is set (a release build tests the very files it ships), else
/// from one `cargo build` per process, whose messages say where the files are; no layout of the target directory is
/// guessed, and a changed source is never tested with yesterday's file.
///
/// # Panics
/// When the build fails or makes no such binary.
#[must_use]
pub fn bin(name: &str) -> PathBuf {
    if let Some(dir) = std::env::var_os("MKT_BIN_DIR") {
        let path = PathBuf::from(dir).join(name);
        assert!(path.is_file(), "MKT_BIN_DIR is set but `{}` is not there", path.display());
        return path;
    }
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let built = BUILT.get_or_init(build);
    built
        .get(name)
        .unwrap_or_else(|| panic!("the workspace builds no binary `{name}`, only {built:?}"))
        .clone()
}

fn build() -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    // What `cargo test` says of this package is not for the build of others: ring looks at it and would be built anew.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    let output = command
        .args([
            "build",
            "--bins",
            "--workspace",
            "--exclude",
            "e2e",
            "--message-format=json-render-diagnostics",
        ])
        .current_dir(crate::template::workspace())
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "cargo build of the binaries failed");
    Message::parse_stream(output.stdout.as_slice())
        .filter_map(|message| match message.expect("cargo's messages are JSON") {
            Message::CompilerArtifact(artifact) => {
                artifact.executable.map(|path| (artifact.target.name, path.into()))
            }
            _ => None,
        })
        .collect()
}
