//! The directory in which one test keeps everything: servers' state, keys, sites, records.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

/// A directory that is removed on drop. `E2E_KEEP=1` keeps it and prints where it is.
#[derive(Debug)]
pub struct Scratch {
    dir: Option<TempDir>,
    path: PathBuf,
}

/// The longest base directory: a unix socket's path is at most 107 bytes, and ours hang a few levels below.
const LONGEST_BASE: usize = 40;

/// How often, and how far apart, the directory is tried to be removed.
const ATTEMPTS: u32 = 50;
const PAUSE: Duration = Duration::from_millis(100);

impl Scratch {
    /// A fresh directory below `TMPDIR`, or below `/tmp` when that is too long for a socket or holds a space, which
    /// rtorrent's configuration cannot carry.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let mut base = std::env::temp_dir();
        let text = base.to_string_lossy();
        if text.len() > LONGEST_BASE || text.contains(char::is_whitespace) {
            base = PathBuf::from("/tmp");
        }
        let dir = tempfile::Builder::new().prefix("e2e-").tempdir_in(&base).expect("scratch directory");
        let path = dir.path().canonicalize().expect("canonical scratch directory");
        Self { dir: Some(dir), path }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `name` below it, made as a directory with its parents.
    ///
    /// # Panics
    /// When it cannot be made.
    #[must_use]
    pub fn dir(&self, name: &str) -> PathBuf {
        let path = self.path.join(name);
        std::fs::create_dir_all(&path).unwrap_or_else(|e| panic!("mkdir `{}`: {e}", path.display()));
        path
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let Some(path) = self.dir.take().map(TempDir::keep) else { return };
        if std::env::var_os("E2E_KEEP").is_some() {
            eprintln!("kept: {}", path.display());
            return;
        }
        // What a test has aborted may still write for a moment, or remove something itself: either ends an attempt.
        for _ in 0..ATTEMPTS {
            if std::fs::remove_dir_all(&path).is_ok() || !path.exists() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        eprintln!("left behind: {}", path.display());
    }
}
