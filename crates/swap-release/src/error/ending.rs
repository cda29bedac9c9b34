//! How the program ends with an error, and what helps.

use std::path::Path;

use record::ExitCode;
use record::host::ReleaseState;

use super::{Error, list, remedy};

impl cli::Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::NoDeployTo { .. } | Self::Usage(_) | Self::Fleet(_) => ExitCode::Usage,
            Self::Read { .. } | Self::Owed { .. } => ExitCode::Unexpected,
            Self::CannotVerify { .. } => ExitCode::CannotVerify,
            Self::Write { .. } | Self::NoSpace { .. } => ExitCode::CannotWrite,
            Self::State { .. }
            | Self::UnknownRelease { .. }
            | Self::NotReady { .. }
            | Self::NotMarked { .. }
            | Self::Older { .. }
            | Self::DatabaseUpdated { .. }
            | Self::OtherTree { .. }
            | Self::NothingBefore { .. }
            | Self::NothingLive { .. }
            | Self::CurrentNotALink { .. }
            | Self::CurrentMounted { .. }
            | Self::ForeignCurrent { .. }
            | Self::DanglingCurrent { .. }
            | Self::CannotAdopt { .. }
            | Self::InTheWay { .. }
            | Self::Gone { .. }
            | Self::Needed { .. }
            | Self::Occupied { .. }
            | Self::Apache { .. }
            | Self::Lint { .. }
            | Self::OtherHosts { .. } => ExitCode::BadInput,
            Self::Payload { source, .. } => payload_code(source),
            Self::Drift { .. } | Self::FleetDrift { .. } => ExitCode::Mismatch,
            Self::Busy { .. } | Self::Fenced { .. } => ExitCode::Busy,
            Self::Reverted { .. } | Self::NoGo { .. } => ExitCode::RolledBack,
            Self::Record(error) => error.exit_code(),
            Self::Receive(error) => error.exit_code(),
            Self::Shared(fault) => fault.exit_code(),
            Self::PushIncomplete { .. } => ExitCode::SomeHostsFailed,
            Self::FleetVerb { failed, all } if failed == all => ExitCode::NoHostSucceeded,
            Self::FleetVerb { .. } => ExitCode::SomeHostsFailed,
            Self::FleetSwap { code, .. } => *code,
            Self::Aborted => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NoDeployTo { path } => {
                format!("make it for the account that deploys, as root: install -d -o {} -m 755 {}", remedy::user(), path.display())
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { path, source } => format!("{}; nothing live was changed", remedy::for_write(path, source)),
            Self::NoSpace { .. } => "free space, e.g. with swap-release prune; nothing was changed".into(),
            Self::State { .. } => "restore the file, or remove it to forget that release".into(),
            Self::Busy { .. } => "wait for the other deployment, or see what it does".into(),
            Self::UnknownRelease { .. } => "push the release first, or name one of those listed".into(),
            Self::NotReady { state: ReleaseState::Failed, .. } => {
                "pass --retry-failed, which proves its tree first; or stage it again: fleet-push, or swap-release stage".into()
            }
            Self::NotReady { .. } => "stage the release again: fleet-push, or swap-release stage".into(),
            Self::NotMarked { .. } => "what was confirmed once is what a rollback may need; prune removes it".into(),
            Self::Older { .. } => "a newer build went live meanwhile; pass --allow-older if the older one is meant".into(),
            Self::DatabaseUpdated { dumps, .. } => {
                let dumps = if dumps.is_empty() { String::new() } else { format!(", e.g. {}", list(dumps)) };
                format!("restore a dump from before that update{dumps}, then pass --force; or stage a new release with the old code")
            }
            Self::OtherTree { .. } => "release ids must be unique: build again with another --release-id".into(),
            Self::NothingBefore { .. } => "name a release: swap-release rollback RELEASE (see swap-release status)".into(),
            Self::CurrentNotALink { path } => {
                format!("take it in as a release, without an outage: swap-release adopt --deploy-to {}", path.parent().unwrap_or(path).display())
            }
            Self::NothingLive { .. } => "name a release (see swap-release status), or take in what is served: swap-release adopt".into(),
            Self::CurrentMounted { path, release } => {
                let path = path.display();
                format!("make it a link, in a quiet moment: umount {path} && rmdir {path} && ln -s releases/{release} {path}")
            }
            Self::ForeignCurrent { .. } => "take it in as a release (swap-release adopt), point it to one in releases/, or remove it".into(),
            Self::DanglingCurrent { .. } => "bring back (or mount) what it points to; or activate with --adopt, which moves that link out of the way".into(),
            Self::Apache { .. } => "run it as root, or by the line for sudo that crates/swap-release/WEBSERVERS.md has; apache2ctl configtest says more".into(),
            Self::CannotAdopt { .. } => "nothing was changed; see crates/swap-release/README.md, Taking over a site that is served".into(),
            Self::Gone { path, .. } => format!("bring back (or mount) {}; or push the release again, if it was built; or name another: see swap-release status", path.display()),
            Self::Needed { .. } => "let what needs it lead elsewhere, or unmount what is mounted there; then run it again".into(),
            Self::Occupied { .. } => "build with another --release-id, or move that directory out of releases/".into(),
            Self::InTheWay { .. } => "nothing was changed; do what helps with each, and run it again".into(),
            Self::Fenced { .. } => "never remove the lock file: the kernel frees it when its owner ends; run again".into(),
            Self::Lint { .. } => "correct the lines named above and reload the web server".into(),
            Self::Payload { path, source: payload::Error::Write { source, path: file }, .. } => {
                let place = if Path::new(file).is_absolute() { Path::new(file) } else { path.as_path() };
                format!("{}; nothing was changed", remedy::for_write(place, source))
            }
            Self::Payload { .. } => {
                "have the client check and fetch it again (fleet-push does), or copy it again; nothing was changed".into()
            }
            Self::Drift { release, .. } => {
                format!("somebody changed files of the release on the server; swap-release verify --repair {release} puts them right from its payload")
            }
            Self::FleetDrift { fleet, release, .. } => {
                let release = release.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
                format!("swap-release verify{release} --repair --fleet {} puts it right from the payloads there", fleet.display())
            }
            Self::CannotVerify { .. } => "check permissions in the release directory".into(),
            Self::Owed { .. } => "mend that, or have drush of the live release rebuild caches, and run it again".into(),
            Self::NoGo { .. } | Self::Reverted { .. } => "see why in the log of the deployment; the former release is live".into(),
            Self::PushIncomplete { .. } => "run fleet-push again until every host has staged the release".into(),
            Self::OtherHosts { .. } => "push with the same fleet.toml, then swap".into(),
            Self::FleetSwap { hint: Some(hint), .. } => (*hint).into(),
            Self::FleetSwap { code: ExitCode::Mixed, .. } => {
                "see the table; run swap-release status --fleet, then activate or rollback again".into()
            }
            Self::FleetSwap { .. } => "see the table and swap.json for each host's reason".into(),
            Self::FleetVerb { .. } => "each host's reason stands above; do what helps with it, and run it again".into(),
            Self::Record(error) => return error.hint(),
            Self::Receive(error) => return error.hint(),
            Self::Shared(fault) => fault.hint(),
            Self::Fleet(error) => return error.hint(),
            Self::Usage(_) | Self::Aborted => return None,
        };
        Some(text)
    }
}

/// A payload that cannot be read or written for lack of space or rights is not a corrupt one.
fn payload_code(error: &payload::Error) -> ExitCode {
    if error.is_aborted() {
        ExitCode::Terminated
    } else if error.is_mismatch() {
        ExitCode::Mismatch
    } else {
        match error {
            payload::Error::Write { .. } | payload::Error::Occupied { .. } => ExitCode::CannotWrite,
            _ => ExitCode::Unexpected,
        }
    }
}
