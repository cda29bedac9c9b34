//! A path that releases share.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// A path below `shared/` to which every release is linked (Capistrano's linked_files and linked_dirs).
///
/// A trailing `/` says directory: it is created when missing. Anything else is a file, which must exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct SharedPath {
    path: String,
    directory: bool,
}

impl SharedPath {
    /// The path relative to the release's root, without a trailing `/`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a directory is meant.
    pub fn is_directory(&self) -> bool {
        self.directory
    }
}

impl FromStr for SharedPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("`{}` {why}", text.escape_debug()));
        let (path, directory) = match text.strip_suffix('/') {
            Some(path) => (path, true),
            None => (text, false),
        };
        if text.starts_with('/') {
            return refuse("must be relative to the release");
        }
        if text.len() > 4095 || text.chars().any(char::is_control) {
            return refuse("is too long or holds a control character");
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse("holds an empty, `.` or `..` component");
        }
        Ok(Self { path: path.to_owned(), directory })
    }
}

impl TryFrom<String> for SharedPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for SharedPath {
    /// As it was written: with the trailing `/` of a directory.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.path, if self.directory { "/" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailing_slash_says_directory() {
        let files: SharedPath = "sites/default/files/".parse().unwrap();
        assert_eq!((files.path(), files.is_directory()), ("sites/default/files", true));
        assert_eq!(files.to_string(), "sites/default/files/");
        let settings: SharedPath = "sites/default/settings.php".parse().unwrap();
        assert!(!settings.is_directory());
        assert_eq!(settings.to_string(), "sites/default/settings.php");
    }

    #[test]
    fn refuses_paths_that_leave_the_release() {
        for text in ["", "/", "/etc/passwd", "../x", "a/../../b", "a//b", "./a", "a\n"] {
            assert!(text.parse::<SharedPath>().is_err(), "{text:?}");
        }
    }
}
