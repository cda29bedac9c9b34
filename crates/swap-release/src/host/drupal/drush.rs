//! Calling drush of a release for one site.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::words;
use crate::host::process::{Command, Stop, run};
use crate::order::DrupalOrder;

/// So wide that no text is wrapped. Both kinds of drush ask the environment before they ask a terminal.
const COLUMNS: &str = "300";

/// drush of the release at `tree`.
pub(super) struct Drush<'a> {
    pub(super) order: &'a DrupalOrder,
    /// The release's directory.
    pub(super) tree: PathBuf,
    pub(super) until: Instant,
    /// Where it is written down that it runs; none for somebody without the lock.
    pub(super) note: Option<PathBuf>,
}

impl Drush<'_> {
    /// `drush --root=... --uri=URI ARGUMENTS`, to be asked something: its standard output.
    pub(super) fn call(&self, uri: &str, arguments: &[&str], stop: &mut Stop<'_>) -> Result<String, String> {
        self.run(uri, arguments, true, stop)
    }

    /// The same to have something done: all that it said.
    pub(super) fn order(&self, uri: &str, arguments: &[&str], stop: &mut Stop<'_>) -> Result<String, String> {
        self.run(uri, arguments, false, stop)
    }

    /// The error begins with what was wrong, in one line; what drush said is quoted behind it.
    fn run(&self, uri: &str, arguments: &[&str], apart: bool, stop: &mut Stop<'_>) -> Result<String, String> {
        let argv = self.argv(uri, arguments);
        let env = [("COLUMNS", OsString::from(COLUMNS))];
        let command = Command {
            argv: &argv,
            dir: &self.tree,
            env: &env,
            until: self.until,
            apart,
            note: self.note.as_deref(),
        };
        run(&command, stop).map_err(|why| {
            // The last line is ours: how it ended.
            let (said, end) = why.rsplit_once('\n').unwrap_or(("", &why));
            let cause = if said.trim().is_empty() { end.to_owned() } else { words::cause(said) };
            let what = arguments.first().map_or_else(String::new, |what| format!(" {what}"));
            words::quoted(&format!("drush{what} for `{uri}`: {cause}"), &why)
        })
    }

    /// Where `index.php` is.
    pub(super) fn root(&self) -> PathBuf {
        if self.order.docroot.is_empty() { self.tree.clone() } else { self.tree.join(&self.order.docroot) }
    }

    fn argv(&self, uri: &str, arguments: &[&str]) -> Vec<String> {
        let root = self.root();
        let mut argv = self.order.drush.clone();
        if let Some(program) = argv.first_mut()
            && program.contains('/')
            && !Path::new(program).is_absolute()
        {
            *program = self.tree.join(&*program).to_string_lossy().into_owned();
        }
        argv.push(format!("--root={}", root.display()));
        argv.push(format!("--uri={uri}"));
        argv.extend(arguments.iter().map(|&argument| argument.to_owned()));
        argv
    }
}

#[cfg(test)]
pub(super) mod testing {
    use inventory::{Core, DatabaseMode};

    use super::*;

    pub(in crate::host::drupal) fn order(core: Core) -> DrupalOrder {
        DrupalOrder {
            core,
            docroot: "web".into(),
            sites: vec![
                ("default".into(), "https://a.example".into()),
                ("shop".into(), "https://b.example".into()),
            ],
            drush: vec!["vendor/bin/drush".into()],
            database: DatabaseMode::Maintenance,
            config: inventory::Config::Import,
            dump: inventory::Dump::Never,
            retries: 0,
            timeout_ms: 1000,
        }
    }
}

#[cfg(test)]
mod tests {
    use inventory::Core;

    use super::*;

    #[test]
    fn drush_of_the_release_is_told_root_and_site() {
        let mut order = testing::order(Core::EightUp);
        let argv = |order: &DrupalOrder| {
            Drush { order, tree: "/srv/releases/r1".into(), until: Instant::now(), note: None }
                .argv("https://a", &["deploy", "-y"])
        };
        assert_eq!(
            argv(&order),
            [
                "/srv/releases/r1/vendor/bin/drush",
                "--root=/srv/releases/r1/web",
                "--uri=https://a",
                "deploy",
                "-y"
            ]
        );
        order.docroot = String::new();
        order.drush = vec!["drush".into(), "--no-ansi".into()];
        assert_eq!(argv(&order)[..4], ["drush", "--no-ansi", "--root=/srv/releases/r1", "--uri=https://a"]);
    }
}
