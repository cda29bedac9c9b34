//! A path on a host.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// An absolute path on a host, in normal form: no empty, `.` or `..` component, no control character, no trailing `/`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct RemotePath(String);

impl RemotePath {
    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The path for functions of the standard library.
    pub fn as_path(&self) -> &Path {
        Path::new(&self.0)
    }

    /// The path of `relative` below this one.
    ///
    /// # Errors
    /// The joined text is not a path in normal form (`relative` is absolute, holds `..`, ...).
    pub fn join(&self, relative: &str) -> Result<Self, String> {
        format!("{}/{relative}", self.0).parse()
    }

    /// The last component; empty never.
    pub fn file_name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The directory that holds it (`/` for a top-level path).
    pub fn parent(&self) -> &str {
        match self.0.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((parent, _)) => parent,
        }
    }
}

impl FromStr for RemotePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("`{}` {why}", text.escape_debug()));
        let Some(relative) = text.strip_prefix('/') else { return refuse("is not an absolute path") };
        let relative = relative.strip_suffix('/').unwrap_or(relative);
        if relative.is_empty() {
            return refuse("is the root directory, which is never meant here");
        }
        if text.len() > 4095 {
            return refuse("is longer than 4095 bytes");
        }
        if text.chars().any(char::is_control) {
            return refuse("holds a control character");
        }
        if relative.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse("holds an empty, `.` or `..` component");
        }
        Ok(Self(format!("/{relative}")))
    }
}

impl TryFrom<String> for RemotePath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for RemotePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_absolute_paths_and_drops_the_last_slash() {
        let path: RemotePath = "/srv/my site/".parse().unwrap();
        assert_eq!(path.as_str(), "/srv/my site");
        assert_eq!((path.parent(), path.file_name()), ("/srv", "my site"));
        assert_eq!(path.join("a/b").unwrap().as_str(), "/srv/my site/a/b");
        assert_eq!("/srv".parse::<RemotePath>().unwrap().parent(), "/");
    }

    #[test]
    fn refuses_what_could_leave_its_place() {
        for text in ["", "/", "//", "srv", "/srv/../etc", "/srv//x", "/srv/./x", "/a\n", "/a\0"] {
            assert!(text.parse::<RemotePath>().is_err(), "{text:?}");
        }
        let base: RemotePath = "/srv".parse().unwrap();
        assert!(base.join("../etc").is_err());
        assert!(base.join("/etc").is_err());
        assert!(base.join("").unwrap() == base);
    }
}
