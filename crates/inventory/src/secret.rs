//! Secrets of the inventory: named there by file or by variable of the environment, read when they are needed, never
//! shown.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use crate::Error;

/// A longer one is a mistaken file.
const LONGEST: u64 = 4096;

/// A password, token or passkey. `Debug` shows nothing of it, and there is no `Display`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Secret(String);

impl Secret {
    /// The text: for the wire and the `.torrent`, never for a log, a record or an error.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(...)")
    }
}

/// Where a secret is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    /// The first line of a file on this machine.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

impl SecretSource {
    /// Reads it; `key` is what the inventory calls it.
    ///
    /// # Errors
    /// [`Error::ReadSecret`] if it is not there, empty, or not one line of visible ASCII.
    pub fn read(&self, key: &str) -> Result<Secret, Error> {
        let refuse =
            |reason: String| Error::ReadSecret { key: key.to_owned(), place: self.to_string(), reason };
        let text = match self {
            Self::File(path) => {
                let mut text = String::new();
                let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
                read.map_err(|error| refuse(error.to_string()))?;
                text
            }
            Self::Env(name) => std::env::var(name).map_err(|_| refuse("it is not set".to_owned()))?,
        };
        let text = text.trim_end_matches(['\r', '\n']);
        if text.is_empty() {
            return Err(refuse("it is empty".to_owned()));
        }
        if text.chars().any(|c| !(c.is_ascii_graphic() || c == ' ')) {
            return Err(refuse("it is not one line of printable ASCII".to_owned()));
        }
        Ok(Secret(text.to_owned()))
    }
}

impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "file `{}`", path.display()),
            Self::Env(name) => write!(f, "variable `{}`", name.escape_debug()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_is_the_secret_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let source = SecretSource::File(path.clone());
        std::fs::write(&path, "hunter2 hunter2\n").unwrap();
        let secret = source.read("x").unwrap();
        assert_eq!(secret.expose(), "hunter2 hunter2");
        assert!(!format!("{secret:?} {source:?} {source}").contains("hunter2"));
        for bad in ["", "\n", "hunter2\nhunter3\n", "hunter\u{e9}"] {
            std::fs::write(&path, bad).unwrap();
            let error = source.read("hosts.web1.passkey_file").unwrap_err().to_string();
            assert!(error.contains("hosts.web1.passkey_file") && !error.contains("hunter"), "{error}");
        }
        let unset = SecretSource::Env("MKT_TEST_NO_SUCH_VARIABLE".into()).read("x").unwrap_err().to_string();
        assert!(unset.contains("`MKT_TEST_NO_SUCH_VARIABLE`"), "{unset}");
    }
}
