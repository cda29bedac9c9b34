//! What is left out of a release, and what must not slip in.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::Error;
use crate::listing::keys;

/// Left out unless a later pattern such as `!.git` takes it back.
const DEFAULT_EXCLUDE: &str = ".git";

/// Patterns with the meaning they have in a `.gitignore` at the root of the tree.
#[derive(Debug)]
pub(crate) struct Rules {
    exclude: Gitignore,
    allow: Gitignore,
}

impl Rules {
    pub(crate) fn new(exclude: &[String], allow: &[String]) -> Result<Self, Error> {
        let defaults = [DEFAULT_EXCLUDE.to_owned()];
        Ok(Self { exclude: patterns(defaults.iter().chain(exclude))?, allow: patterns(allow.iter())? })
    }

    /// Whether the path is left out; asked from the root downwards, so a directory takes its content with it.
    pub(crate) fn excludes(&self, path: &str, is_dir: bool) -> bool {
        self.exclude.matched(path, is_dir).is_ignore()
    }

    /// Whether the path or a directory above it is left out.
    pub(crate) fn excludes_at_or_above(&self, path: &str, is_dir: bool) -> bool {
        let above = path.match_indices('/').filter_map(|(end, _)| path.get(..end));
        above.into_iter().any(|dir| self.excludes(dir, true)) || self.excludes(path, is_dir)
    }

    /// Why a file or link would belong to the host, unless it is allowed by name.
    pub(crate) fn host_owned(&self, path: &str) -> Option<&'static str> {
        host_owned(path).or_else(|| keys::by_name(path)).filter(|_| !self.allows(path))
    }

    /// Whether a path that looks like the host's is released all the same.
    pub(crate) fn allows(&self, path: &str) -> bool {
        self.allow.matched_path_or_any_parents(path, false).is_ignore()
    }
}

fn patterns<'a>(patterns: impl Iterator<Item = &'a String>) -> Result<Gitignore, Error> {
    let mut builder = GitignoreBuilder::new("");
    let fault = |pattern: &str, error: ignore::Error| Error::Pattern {
        pattern: crate::error::shown(pattern),
        reason: error.to_string(),
    };
    for pattern in patterns {
        builder.add_line(None, pattern).map_err(|error| fault(pattern, error))?;
    }
    builder.build().map_err(|error| fault("", error))
}

/// Settings with credentials, uploads and `.env` live in shared/ on every host. They are looked for at the root and
/// one directory below it (`web/`, `docroot/`): deeper down, Drupal's own test fixtures have the same names.
fn host_owned(path: &str) -> Option<&'static str> {
    let all: Vec<&str> = path.split('/').collect();
    let below_docroot = all.get(1..).unwrap_or_default();
    [all.as_slice(), below_docroot].into_iter().find_map(|parts| match parts {
        ["sites", _, "settings.php" | "settings.local.php"] => Some("settings of one site, with credentials"),
        ["sites", _, "files", _, ..] => Some("uploaded files of one site"),
        [".env" | ".env.local"] => Some("environment of one host, with credentials"),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(exclude: &[&str], allow: &[&str]) -> Rules {
        let own = |list: &[&str]| list.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        Rules::new(&own(exclude), &own(allow)).unwrap()
    }

    #[test]
    fn git_is_left_out_unless_taken_back() {
        assert!(rules(&[], &[]).excludes(".git", true));
        assert!(rules(&[], &[]).excludes("modules/x/.git", false));
        assert!(!rules(&[], &[]).excludes(".gitignore", false));
        assert!(!rules(&["!.git"], &[]).excludes(".git", true));
    }

    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        let rules = rules(&["node_modules/", "/tmp", "*.log", "!keep.log"], &[]);
        assert!(rules.excludes("themes/x/node_modules", true));
        assert!(!rules.excludes("node_modules", false));
        assert!(rules.excludes("tmp", true) && !rules.excludes("core/tmp", true));
        assert!(rules.excludes("a/b.log", false) && !rules.excludes("a/keep.log", false));
        let error = Rules::new(&["a{b".into()], &[]).unwrap_err().to_string();
        assert!(error.contains("`a{b`"), "{error}");
    }

    #[test]
    fn what_belongs_to_the_host_is_found_at_both_depths() {
        for path in [
            "sites/default/settings.php",
            "sites/default/files/a/b.png",
            "sites/x/settings.local.php",
            ".env",
        ] {
            assert!(host_owned(path).is_some(), "{path}");
            assert!(host_owned(&format!("web/{path}")).is_some(), "{path}");
        }
        for path in [
            "sites/default/default.settings.php",
            "sites/default/files",
            ".env.example",
            "sites/settings.php",
            "core/modules/x/tests/src/d7/files/sites/default/files/cube.jpeg",
            "a/b/.env",
        ] {
            assert!(host_owned(path).is_none(), "{path}");
        }
    }

    #[test]
    fn a_name_can_be_allowed() {
        let rules = rules(&[], &["sites/default/settings.php", "web/sites/*/files"]);
        assert!(rules.host_owned("sites/default/settings.php").is_none());
        assert!(rules.host_owned("sites/other/settings.php").is_some());
        assert!(rules.host_owned("web/sites/default/files/x").is_none());
    }
}
