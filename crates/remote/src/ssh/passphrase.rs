//! The secret that opens a private key.

use std::env;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::KeyFileError;

/// A passphrase; it shows itself to nobody.
#[derive(Clone)]
pub struct Passphrase(String);

impl Passphrase {
    /// Takes it as it is.
    pub fn new(secret: impl Into<String>) -> Self {
        Self(secret.into())
    }

    /// MKT_IDENTITY_PASSPHRASE, else the content of the file MKT_IDENTITY_PASSPHRASE_FILE without its last line end.
    ///
    /// # Errors
    /// [`KeyFileError::ReadPassphrase`](crate::KeyFileError::ReadPassphrase).
    pub fn from_env() -> Result<Option<Self>, KeyFileError> {
        // An empty variable is how Jenkins hands over "this key has no passphrase".
        let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        if let Some(secret) = set("MKT_IDENTITY_PASSPHRASE") {
            return Ok(Some(Self(secret.to_string_lossy().into_owned())));
        }
        set("MKT_IDENTITY_PASSPHRASE_FILE").map(|file| Self::from_file(&PathBuf::from(file))).transpose()
    }

    fn from_file(path: &Path) -> Result<Self, KeyFileError> {
        let mut text = String::new();
        File::open(path)
            .and_then(|file| file.take(64 << 10).read_to_string(&mut text))
            .map_err(|source| KeyFileError::ReadPassphrase { path: path.to_owned(), source })?;
        let secret = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Self(secret.strip_suffix('\r').unwrap_or(secret).to_owned()))
    }

    /// The secret, for libssh2.
    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(...)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_s_last_line_end_is_not_part_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pass");
        for (content, secret) in [("a b\n", "a b"), ("a b\r\n", "a b"), ("a\n\n", "a\n"), ("a", "a")] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(Passphrase::from_file(&path).unwrap().expose(), secret);
        }
        assert!(Passphrase::from_file(&dir.path().join("none")).is_err());
    }

    #[test]
    fn it_does_not_show_itself() {
        assert!(!format!("{:?}", Passphrase::new("s3cret")).contains("s3cret"));
    }
}
