//! What can go wrong while receiving.

use std::path::PathBuf;
use std::time::Duration;

use cli::Cause;
use record::ExitCode;
use swarm_peer::Error as Peer;

use super::remedy;

/// An error of `receive`. None of them says what the opening line held: it has a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiveError {
    /// The peer could not start, or gave up.
    #[error(transparent)]
    Peer(#[from] swarm_peer::Error),
    /// Standard input does not begin as it must.
    #[error("standard input does not open with what is to be received: {what}")]
    Opening {
        /// What is wrong.
        what: String,
    },
    /// The torrent is not the one that the record is about.
    #[error("the torrent has {what} {found}, but the record says {expected}")]
    OtherTorrent {
        /// The field.
        what: &'static str,
        /// Its value.
        found: String,
        /// The record's value.
        expected: String,
    },
    /// A receiver of another push is at work.
    #[error("`{}` is locked by another push: {owner}", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// Who holds it.
        owner: String,
    },
    /// No new byte.
    #[error("stalled at {bytes} of {size} bytes with {peers} peers, after {}", humantime::format_duration(*.after))]
    Stalled {
        /// Bytes there.
        bytes: u64,
        /// Bytes of the payload.
        size: u64,
        /// Connected peers.
        peers: usize,
        /// How long.
        after: Duration,
    },
    /// The thread that unpacks panicked.
    #[error("unpacking met a defect of its own and has ended")]
    Defect,
    /// The same push or swap has come here before by another name.
    #[error("`{}` is the directory of host `{other}` of this run, too", path.display())]
    SameSite {
        /// deploy_to.
        path: PathBuf,
        /// The name that came first.
        other: String,
    },
    /// Another receiver of the same push wants the place.
    #[error("another receiver takes over")]
    TakenOver,
}

impl ReceiveError {
    /// How to end.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Peer(error) => peer_code(error),
            Self::Opening { .. } | Self::OtherTorrent { .. } | Self::SameSite { .. } => ExitCode::BadInput,
            Self::Busy { .. } => ExitCode::Busy,
            Self::Stalled { .. } => ExitCode::Unreachable,
            Self::Defect => ExitCode::Unexpected,
            Self::TakenOver => ExitCode::Terminated,
        }
    }

    /// The remedy, if one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Peer(Peer::Open { path, source } | Peer::Write { path, source })
                if Cause::of(source).is_some_and(|cause| cause != Cause::Links) =>
            {
                format!("{}; then push again: what has come is kept", remedy::for_write(path, source))
            }
            Self::Peer(error) => return error.hint(),
            Self::Opening { .. } => "it is meant to be started by fleet-push, of the same version".into(),
            Self::OtherTorrent { .. } => "give the record and the torrent of one release".into(),
            Self::Busy { .. } => "wait until that push has ended".into(),
            Self::SameSite { other, .. } => format!(
                "one server under two names, or two servers on one network file system: keep `{other}` or this one in fleet.toml, or \
                 give each a deploy_to of its own"
            ),
            Self::Stalled { .. } => {
                "can this host reach the seeder and the other hosts on their peer ports? push again, it continues".into()
            }
            Self::Defect => "push again; and report the panic above".into(),
            Self::TakenOver => return None,
        })
    }
}

fn peer_code(error: &swarm_peer::Error) -> ExitCode {
    match error {
        Peer::Open { .. } | Peer::NotAFile { .. } | Peer::Write { .. } => ExitCode::CannotWrite,
        Peer::Read { .. } => ExitCode::CannotVerify,
        Peer::NotComplete { .. } => ExitCode::Mismatch,
        Peer::TooManyPieces { .. } => ExitCode::BadInput,
        Peer::Listen { .. } | Peer::Start { .. } | Peer::Defect { .. } => ExitCode::Unexpected,
    }
}
