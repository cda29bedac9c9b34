//! SSH keys, made per run by OpenSSH itself, and the known_hosts file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::peers;

/// Makes an ed25519 pair without passphrase at `path` and `path.pub`.
///
/// # Panics
/// When ssh-keygen fails.
pub fn generate(path: &Path) {
    let status = Command::new(peers::need("ssh-keygen"))
        .args(["-q", "-t", "ed25519", "-N", "", "-C", "e2e", "-f"])
        .arg(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("ssh-keygen starts");
    assert!(status.success(), "ssh-keygen failed for `{}`", path.display());
}

/// The public half of the pair at `path`: `ssh-ed25519 AAAA...`, without the comment.
///
/// # Panics
/// When it cannot be read.
#[must_use]
pub fn public(path: &Path) -> String {
    let file = with_pub(path);
    let text = fs::read_to_string(&file).unwrap_or_else(|e| panic!("read `{}`: {e}", file.display()));
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// `path.pub`.
#[must_use]
pub fn with_pub(path: &Path) -> PathBuf {
    path.with_extension("pub")
}

/// A line of known_hosts for a host on a port of its own.
#[must_use]
pub fn known_host(address: &str, port: u16, public: &str) -> String {
    format!("[{address}]:{port} {public}\n")
}
