//! Of releases, and of what `current` leads to.

use std::path::Path;

use record::host::ReleaseState;
use record::{ExitCode, ReleaseId, Sha256};

use super::{Error, list, remedy};

impl Error {
    /// The site's directory is not there.
    pub(crate) fn no_deploy_to(path: &Path) -> Self {
        let make = format!("install -d -o {} -m 755 {}", remedy::user(), path.display());
        let hint = format!("make it for the account that deploys, as root: {make}");
        Self::refused(ExitCode::Usage, format!("`{}` is not a directory", path.display()), hint)
    }

    /// Not enough room for the release below `path`. Bytes for people.
    pub(crate) fn no_space(path: &Path, release: &ReleaseId, free: &str, needed: &str) -> Self {
        let what = format!("`{}` has {free} free, and release `{release}` needs {needed}", path.display());
        let hint = "free space, e.g. with swap-release prune; nothing was changed";
        Self::refused(ExitCode::CannotWrite, what, hint)
    }

    /// A release that this server does not have.
    pub(crate) fn unknown_release(release: &ReleaseId, known: &[String]) -> Self {
        Self::bad(
            format!("release `{release}` is not on this server; it has: {}", list(known)),
            "push the release first, or name one of those listed",
        )
    }

    /// A release that cannot be live.
    pub(crate) fn not_ready(release: &ReleaseId, state: ReleaseState) -> Self {
        let hint = if state == ReleaseState::Failed {
            "pass --retry-failed, which proves its tree first; or stage it again: fleet-push, or swap-release stage"
        } else {
            "stage the release again: fleet-push, or swap-release stage"
        };
        Self::bad(format!("release `{release}` is {state} and cannot be made live"), hint)
    }

    /// A release that was good once.
    pub(crate) fn not_marked(release: &ReleaseId, state: ReleaseState) -> Self {
        Self::bad(
            format!("release `{release}` is {state}, and is not marked as failed"),
            "what was confirmed once is what a rollback may need; prune removes it",
        )
    }

    /// A build that was overtaken by a newer one, with the number of each.
    pub(crate) fn older(release: &ReleaseId, number: u64, live: &ReleaseId, live_number: u64) -> Self {
        let what = format!(
            "release `{release}` is of build {number}, older than build {live_number} of the live release `{live}`"
        );
        Self::bad(what, "a newer build went live meanwhile; pass --allow-older if the older one is meant")
    }

    /// The database is newer than the release's code; `dumps` were made before the update.
    pub(crate) fn database_updated(release: &ReleaseId, by: &ReleaseId, dumps: &[String]) -> Self {
        let dumps = if dumps.is_empty() { String::new() } else { format!(", e.g. {}", list(dumps)) };
        Self::bad(
            format!("release `{by}` has updated the database, and `{release}` is older"),
            format!(
                "restore a dump from before that update{dumps}, then pass --force; or stage a new release with the old code"
            ),
        )
    }

    /// The same id with other content.
    pub(crate) fn other_tree(release: &ReleaseId, found: Sha256, expected: Sha256) -> Self {
        Self::bad(
            format!("release `{release}` is on this server already with tree {found}, not {expected}"),
            "release ids must be unique: build again with another --release-id",
        )
    }

    /// No release to go back to.
    pub(crate) fn nothing_before(why: &str) -> Self {
        Self::bad(
            format!("there is no release to roll back to: {why}"),
            "name a release: swap-release rollback RELEASE (see swap-release status)",
        )
    }

    /// No release is live.
    pub(crate) fn nothing_live(why: &str) -> Self {
        Self::bad(
            format!("no release is live: {why}"),
            "name a release (see swap-release status), or take in what is served: swap-release adopt",
        )
    }

    /// A release is mounted on `current`.
    pub(crate) fn current_mounted(path: &Path, release: &ReleaseId) -> Self {
        let path = path.display();
        Self::bad(
            format!("`{path}` is where release `{release}` is mounted, and no link that could be switched"),
            format!(
                "make it a link, in a quiet moment: umount {path} && rmdir {path} && ln -s releases/{release} {path}"
            ),
        )
    }

    /// `current` points to nothing.
    pub(crate) fn dangling_current(path: &Path, target: &Path) -> Self {
        Self::bad(
            format!("`{}` points to `{}`, where nothing is", path.display(), target.display()),
            "bring back (or mount) what it points to; or activate with --adopt, which moves that link out of the way",
        )
    }

    /// Apache could not be made to serve the release.
    pub(crate) fn apache(why: &str) -> Self {
        Self::bad(
            format!("Apache: {why}"),
            "run it as root, or by the line for sudo that crates/swap-release/WEBSERVERS.md has; apache2ctl configtest says more",
        )
    }

    /// A release whose directory another tool, or a person, has removed; or whose disk is not mounted.
    pub(crate) fn gone(release: &ReleaseId, path: &Path) -> Self {
        let path = path.display();
        Self::bad(
            format!("the directory of release `{release}`, `{path}`, is not there"),
            format!(
                "bring back (or mount) {path}; or push the release again, if it was built; or name another: see swap-release status"
            ),
        )
    }

    /// Something that must not be removed or renamed.
    pub(crate) fn needed(path: &Path, why: &str) -> Self {
        Self::bad(
            format!("`{}` stays where it is: {why}", path.display()),
            "let what needs it lead elsewhere, or unmount what is mounted there; then run it again",
        )
    }

    /// A directory of another tool has the name of a release.
    pub(crate) fn occupied(path: &Path) -> Self {
        Self::bad(
            format!("`{}` is there already, and is no release of this suite", path.display()),
            "build with another --release-id, or move that directory out of releases/",
        )
    }

    /// The lock file was removed under its owner.
    pub(crate) fn fenced(path: &Path, token: u64) -> Self {
        let what = format!(
            "`{}` was removed while this process held it (token {token}); somebody else may be at work",
            path.display()
        );
        let hint = "never remove the lock file: the kernel frees it when its owner ends; run again";
        Self::refused(ExitCode::Busy, what, hint)
    }

    /// Web server configuration that mixes releases, or fails visitors: `what` in so many files.
    pub(crate) fn lint(what: &str, files: usize) -> Self {
        Self::bad(
            format!("{what}, in {}", cli::human::count(files, "file", "files")),
            "correct the lines named above and reload the web server",
        )
    }

    /// A tree that differs from its manifest; `first` of all differences.
    pub(crate) fn drift(release: &ReleaseId, differences: u64, first: &str) -> Self {
        Self::refused(
            ExitCode::Mismatch,
            format!("release `{release}` differs from its manifest in {differences} places, first: {first}"),
            format!(
                "somebody changed files of the release on the server; swap-release verify --repair {release} puts them right from its payload"
            ),
        )
    }

    /// What a release left that was taken back, in caches or web servers, is still there.
    pub(crate) fn owed(release: &ReleaseId, why: &str) -> Self {
        Self::refused(
            ExitCode::Unexpected,
            format!("what release `{release}` left is still there: {why}"),
            "mend that, or have drush of the live release rebuild caches, and run it again",
        )
    }
}
