//! A path that releases share.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Deserialize;

/// The longest name of a directory entry, in bytes (NAME_MAX of every file system in use).
const LONGEST_NAME: usize = 255;

/// A path below `shared/` to which every release is linked (Capistrano's linked_files and linked_dirs).
///
/// A trailing `/` says directory: it is created when missing. Anything else is a file, which must exist. A `?` after that
/// says *linked when there*: `settings.local.php?`, `private/?`. Where `shared/` lacks it nothing is linked and nothing made.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub struct SharedPath {
    path: String,
    directory: bool,
    when_there: bool,
}

impl SharedPath {
    /// The path relative to the release's root, without the marks at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Whether a directory is meant.
    pub fn is_directory(&self) -> bool {
        self.directory
    }

    /// Whether a release is linked to it only where it is in `shared/`.
    pub fn is_when_there(&self) -> bool {
        self.when_there
    }
}

impl FromStr for SharedPath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(format!("`{}` {why}", text.escape_debug()));
        let (path, when_there) = text.strip_suffix('?').map_or((text, false), |path| (path, true));
        let (path, directory) = path.strip_suffix('/').map_or((path, false), |path| (path, true));
        if text.starts_with('/') {
            return refuse("must be relative to the release");
        }
        if text.len() > 4095 || text.chars().any(char::is_control) {
            return refuse("is too long or holds a control character");
        }
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return refuse("holds an empty, `.` or `..` component");
        }
        if path.split('/').any(|part| part.len() > LONGEST_NAME) {
            return refuse("holds a name of more than 255 bytes");
        }
        if path.ends_with('?') {
            return refuse(
                "has its `?` (linked when there) in another place than once at the end, after the `/` of a directory",
            );
        }
        Ok(Self { path: path.to_owned(), directory, when_there })
    }
}

impl TryFrom<String> for SharedPath {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl fmt::Display for SharedPath {
    /// As it was written: with the marks at its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = |is: bool, mark| if is { mark } else { "" };
        write!(f, "{}{}{}", self.path, mark(self.directory, "/"), mark(self.when_there, "?"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_marks_at_the_end_say_directory_and_when_there() {
        for (text, path, directory, when_there) in [
            ("sites/default/files/", "sites/default/files", true, false),
            ("sites/default/settings.php", "sites/default/settings.php", false, false),
            (".env?", ".env", false, true),
            ("private/?", "private", true, true),
            ("what?/x", "what?/x", false, false),
        ] {
            let parsed: SharedPath = text.parse().unwrap();
            assert_eq!((parsed.path(), parsed.is_directory()), (path, directory));
            assert_eq!(parsed.is_when_there(), when_there);
            assert_eq!(parsed.to_string(), text);
        }
    }

    #[test]
    fn refuses_paths_that_leave_the_release_and_other_writings_of_one_path() {
        for text in [
            "",
            "/",
            "/etc/passwd",
            "../x",
            "a/../../b",
            "a//b",
            "a//",
            "./a",
            "a/.",
            "a/./b",
            "a/./",
            "a/..",
            "a\n",
            "?",
            "/?",
            "a//?",
            "a??",
            "a?/",
            "a?/?",
            "./?",
            &"x".repeat(256),
            "a\0",
        ] {
            assert!(text.parse::<SharedPath>().is_err(), "{text:?}");
        }
    }
}
