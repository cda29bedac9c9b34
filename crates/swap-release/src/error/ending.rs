//! How the program ends with an error, and what helps.

use std::path::Path;

use cli::Cause;
use record::ExitCode;
use swarm_peer::Error as Peer;

use super::{Error, remedy};

impl cli::Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Inventory(_) | Self::KeyFile(_) => ExitCode::Usage,
            Self::Read { .. } => ExitCode::Unexpected,
            Self::CannotVerify { .. } => ExitCode::CannotVerify,
            Self::Write { .. } => ExitCode::CannotWrite,
            Self::State { .. }
            | Self::CurrentNotALink { .. }
            | Self::ForeignCurrent { .. }
            | Self::CannotAdopt { .. }
            | Self::InTheWay { .. } => ExitCode::BadInput,
            Self::Payload { source, .. } => payload_code(source),
            Self::Busy { .. } => ExitCode::Busy,
            Self::Reverted { .. } | Self::NoGo { .. } => ExitCode::RolledBack,
            Self::Record(error) => error.exit_code(),
            Self::Peer(error) => peer_code(error),
            Self::FleetVerb { failed, all } if failed == all => ExitCode::NoHostSucceeded,
            Self::FleetVerb { .. } => ExitCode::SomeHostsFailed,
            Self::Refused { code, .. } => *code,
            Self::Aborted => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { path, source } => format!("{}; nothing live was changed", remedy::for_write(path, source)),
            Self::State { .. } => "restore the file, or remove it to forget that release".into(),
            Self::Busy { .. } => "wait for the other deployment, or see what it does".into(),
            Self::CurrentNotALink { path } => {
                format!("take it in as a release, without an outage: swap-release adopt --deploy-to {}", path.parent().unwrap_or(path).display())
            }
            Self::ForeignCurrent { .. } => "take it in as a release (swap-release adopt), point it to one in releases/, or remove it".into(),
            Self::CannotAdopt { .. } => "nothing was changed; see crates/swap-release/README.md, Taking over a site that is served".into(),
            Self::InTheWay { .. } => "nothing was changed; do what helps with each, and run it again".into(),
            Self::Payload { path, source: payload::Error::Write { source, path: file }, .. } => {
                let place = if Path::new(file).is_absolute() { Path::new(file) } else { path.as_path() };
                format!("{}; nothing was changed", remedy::for_write(place, source))
            }
            Self::Payload { .. } => {
                "have the client check and fetch it again (fleet-push does), or copy it again; nothing was changed".into()
            }
            Self::CannotVerify { .. } => "check permissions in the release directory".into(),
            Self::NoGo { .. } | Self::Reverted { .. } => "see why in the log of the deployment; the former release is live".into(),
            Self::FleetVerb { .. } => "each host's reason stands above; do what helps with it, and run it again".into(),
            Self::Peer(Peer::Open { path, source } | Peer::Write { path, source })
                if Cause::of(source).is_some_and(|cause| cause != Cause::Links) =>
            {
                format!("{}; then push again: what has come is kept", remedy::for_write(path, source))
            }
            Self::Peer(error) => return error.hint(),
            Self::Record(error) => return error.hint(),
            Self::Inventory(error) => return error.hint(),
            Self::KeyFile(error) => error.hint(),
            Self::Refused { hint, .. } => return hint.clone(),
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

fn peer_code(error: &Peer) -> ExitCode {
    match error {
        Peer::Open { .. } | Peer::NotAFile { .. } | Peer::Write { .. } => ExitCode::CannotWrite,
        Peer::Read { .. } => ExitCode::CannotVerify,
        Peer::NotComplete { .. } => ExitCode::Mismatch,
        Peer::TooManyPieces { .. } => ExitCode::BadInput,
        Peer::Listen { .. } | Peer::Start { .. } | Peer::Defect { .. } => ExitCode::Unexpected,
    }
}
