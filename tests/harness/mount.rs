//! File systems that are full or read-only, for root: permission bits do not stop it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A tmpfs on a directory; unmounted on drop.
#[derive(Debug)]
pub struct Tmpfs {
    at: PathBuf,
}

impl Tmpfs {
    /// Mounts one with `options` (`size=4m`, `ro`) at `at`, or says why not: that needs root and a kernel that lets it.
    ///
    /// # Errors
    /// What mount(8) said.
    pub fn mount(at: &Path, options: &str) -> Result<Self, String> {
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(at)
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("mount: {e}"))?;
        if output.status.success() {
            Ok(Self { at: at.to_owned() })
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    /// Changes its options in place.
    ///
    /// # Panics
    /// When mount(8) fails.
    pub fn remount(&self, options: &str) {
        let status = Command::new("mount")
            .args(["-o", &format!("remount,{options}")])
            .arg(&self.at)
            .stdin(Stdio::null())
            .status()
            .expect("mount starts");
        assert!(status.success(), "remount of `{}` failed", self.at.display());
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: a server that is being stopped may still hold a file on it.
        let _ = Command::new("umount").arg("-l").arg(&self.at).stdin(Stdio::null()).status();
    }
}
