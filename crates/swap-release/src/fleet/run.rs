//! The name of one run on a fleet: its hosts tell by it whether two of them are in one directory.

use inventory::Host;
use remote::Argv;

/// One run of a verb.
pub(super) struct Run(String);

impl Run {
    pub(super) fn new(verb: &str) -> Self {
        Self(format!("{verb}.{}.{}", record::now().as_second(), std::process::id()))
    }

    /// The command of a verb that locks the site, as part of this run.
    pub(super) fn with(&self, argv: Argv, host: &Host) -> Argv {
        argv.args(["--part-of".to_owned(), format!("{}/{}", self.0, host.name)])
    }
}
