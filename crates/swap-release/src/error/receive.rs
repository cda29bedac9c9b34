//! Of the verb receive. None of them says what the opening line held: it has a secret.

use std::path::Path;
use std::time::Duration;

use record::ExitCode;

use super::Error;

impl Error {
    /// Standard input does not begin as it must.
    pub(crate) fn opening(what: &str) -> Self {
        Self::bad(
            format!("standard input does not open with what is to be received: {what}"),
            "it is meant to be started by fleet-push, of the same version",
        )
    }

    /// The torrent is not the one that the record is about: the field `what` differs.
    pub(crate) fn other_torrent(what: &str, found: &str, expected: &str) -> Self {
        Self::bad(
            format!("the torrent has {what} {found}, but the record says {expected}"),
            "give the record and the torrent of one release",
        )
    }

    /// A receiver of another push is at work.
    pub(crate) fn receiving(path: &Path, owner: &str) -> Self {
        let what = format!("`{}` is locked by another push: {owner}", path.display());
        Self::refused(ExitCode::Busy, what, "wait until that push has ended")
    }

    /// No new byte for so long.
    pub(crate) fn stalled(bytes: u64, size: u64, peers: usize, after: Duration) -> Self {
        let after = humantime::format_duration(after);
        Self::refused(
            ExitCode::Unreachable,
            format!("stalled at {bytes} of {size} bytes with {peers} peers, after {after}"),
            "can this host reach the seeder and the other hosts on their peer ports? push again, it continues",
        )
    }

    /// The thread that unpacks panicked.
    pub(crate) fn unpacking_defect() -> Self {
        let what = "unpacking met a defect of its own and has ended".to_owned();
        Self::refused(ExitCode::Unexpected, what, "push again; and report the panic above")
    }

    /// The same push or swap has come here before by another name.
    pub(crate) fn same_site(deploy_to: &Path, other: &str) -> Self {
        Self::bad(
            format!("`{}` is the directory of host `{other}` of this run, too", deploy_to.display()),
            format!(
                "one server under two names, or two servers on one network file system: keep `{other}` or this one in fleet.toml, or \
                 give each a deploy_to of its own"
            ),
        )
    }

    /// Another receiver of the same push wants the place.
    pub(crate) fn taken_over() -> Self {
        let what = "another receiver takes over".to_owned();
        Self::Refused { what, code: ExitCode::Terminated, hint: None }
    }
}
