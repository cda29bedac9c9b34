//! Why one host has not got the release. The text goes into the table and the record, beside the host's name.

use std::time::Duration;

use agent::AgentError;
use record::{ExitCode, ReleaseId, Sha256};

/// A host's failure.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Fault {
    /// No way to the host, or to its rtorrent.
    #[error("{0}")]
    Connection(remote::HostError),
    /// rtorrent does not answer, or refuses.
    #[error("{0}")]
    Client(rtorrent_rpc::Error),
    /// A command on the host failed.
    #[error("`{command}` failed: {reason}")]
    Command {
        /// What was run, in short.
        command: String,
        /// The last thing it said.
        reason: String,
        /// What it said to do.
        hint: Option<String>,
    },
    /// Another deployment holds the host's lock.
    #[error("`swap-release` is busy: {reason}")]
    Busy {
        /// The last thing it said.
        reason: String,
    },
    /// The payload on the host's disk is not what was packed, or cannot be read.
    #[error("the payload was refused by `swap-release stage`: {reason}")]
    Payload {
        /// The last thing it said.
        reason: String,
    },
    /// The answer is not what this version understands.
    #[error("`swap-release {verb}` answered `{answer}`: {what}")]
    Answer {
        /// The verb.
        verb: String,
        /// The beginning of the answer.
        answer: String,
        /// What is wrong with it.
        what: String,
    },
    /// Visitors would lose what `shared/` lacks.
    #[error("{found}")]
    AtStake {
        /// What.
        found: String,
        /// The command that helps, on the host.
        command: Option<String>,
    },
    /// The id is taken.
    #[error("the host has another release `{release}`, with tree {found}")]
    OtherTree {
        /// The id.
        release: ReleaseId,
        /// The tree there.
        found: Sha256,
    },
    /// The proof does not fit.
    #[error("the host staged the tree {found}, not {expected}")]
    OtherProof {
        /// The digest it computed.
        found: Sha256,
        /// The digest of the record.
        expected: Sha256,
    },
    /// The torrent cannot be put before rtorrent.
    #[error("the watch directory `{path}` cannot be used: {reason}")]
    WatchDirectory {
        /// The directory, as fleet.toml has it.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nothing is heard of a download on a host whose rtorrent cannot be asked.
    #[error("stalled at {bytes} of {size} bytes, unasked: there is no RPC socket `{socket}`{said}")]
    Unasked {
        /// Bytes on its disk.
        bytes: u64,
        /// Bytes of the payload.
        size: u64,
        /// Where the socket ought to be.
        socket: String,
        /// What `swap-release stage` said, with a separator before; may be empty.
        said: String,
    },
    /// rtorrent ignores the torrent.
    #[error("rtorrent did not load `{torrent}` within {}", humantime::format_duration(*.after))]
    NotLoaded {
        /// The file.
        torrent: String,
        /// How long it had.
        after: Duration,
    },
    /// `swap-release receive` does not say that it can be dialled.
    #[error("`swap-release receive` does not listen after {}", humantime::format_duration(*.after))]
    NotListening {
        /// How long it had.
        after: Duration,
    },
    /// Nothing is heard of the receiver.
    #[error("nothing was heard of `swap-release receive` for {}", humantime::format_duration(*.after))]
    Silent {
        /// How long.
        after: Duration,
    },
    /// A signal ended the receiver.
    #[error("`swap-release receive` was ended by {reason}")]
    Killed {
        /// Which.
        reason: String,
    },
    /// The receiver gave up.
    #[error("`swap-release receive` failed: {reason}")]
    Receiver {
        /// The last thing it said.
        reason: String,
        /// Its exit code, if it is one of ours.
        code: Option<ExitCode>,
        /// What it said to do.
        hint: Option<String>,
    },
    /// rtorrent will not download.
    #[error("rtorrent does not go on: {message}")]
    Stopped {
        /// Its own words.
        message: String,
    },
    /// Somebody erased it.
    #[error("the download vanished from rtorrent more than once")]
    Vanished,
    /// No new byte.
    #[error("stalled at {bytes} of {size} bytes, {peers} peers{}{tracker}", if tracker.is_empty() { "" } else { "; " })]
    Stalled {
        /// Bytes it has.
        bytes: u64,
        /// Bytes of the payload.
        size: u64,
        /// Connected peers.
        peers: u64,
        /// What the client says about the tracker; may be empty.
        tracker: String,
    },
    /// rtorrent names a place that cannot be used.
    #[error("rtorrent says that the payload is at `{}`", path.escape_debug())]
    Place {
        /// Its answer.
        path: String,
    },
    /// The host's settings do not fit.
    #[error("{0}")]
    Settings(String),
    /// The whole push took too long.
    #[error("not done after {}, the time for the whole push", humantime::format_duration(*.0))]
    TimedOut(Duration),
    /// SIGTERM.
    #[error("terminated")]
    Terminated,
}

impl From<AgentError> for Fault {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Connection(error) => error.into(),
            AgentError::Failed { verb, reason, hint, .. } => {
                Self::Command { command: format!("swap-release {verb}"), reason, hint }
            }
            AgentError::Answer { verb, answer, what } => Self::Answer { verb, answer, what },
        }
    }
}

impl From<remote::HostError> for Fault {
    fn from(error: remote::HostError) -> Self {
        match error {
            remote::HostError { kind: remote::HostFault::Interrupted { .. }, .. } => Self::Terminated,
            error => Self::Connection(error),
        }
    }
}

impl From<rtorrent_rpc::Error> for Fault {
    fn from(error: rtorrent_rpc::Error) -> Self {
        use rtorrent_rpc::Error as Rpc;
        match error {
            Rpc::Cancelled { .. } => Self::Terminated,
            Rpc::Connect { source, endpoint } => match source.downcast::<remote::HostError>() {
                Ok(error) => error.into(),
                Err(source) => Self::Client(Rpc::Connect { source, endpoint }),
            },
            Rpc::Stream { source, endpoint, method } => match source.downcast::<remote::HostError>() {
                Ok(error) => error.into(),
                Err(source) => Self::Client(Rpc::Stream { source, endpoint, method }),
            },
            error => Self::Client(error),
        }
    }
}

impl Fault {
    /// The text where the host's name stands beside it.
    pub(crate) fn beside(&self) -> String {
        match self {
            Self::Connection(error) => error.kind.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether the way to the host broke: worth a new connection.
    pub(crate) fn is_connection_loss(&self) -> bool {
        match self {
            Self::Connection(error) => error.is_connection_loss(),
            Self::Silent { .. } => true,
            _ => false,
        }
    }

    /// Whether the host is there but its rtorrent does not answer, as while it restarts.
    pub(crate) fn is_client_down(&self) -> bool {
        match self {
            Self::Connection(error) => {
                matches!(error, remote::HostError { kind: remote::HostFault::Socket { .. }, .. })
            }
            // An rtorrent that ends in the middle of a call sends half a reply, or none.
            Self::Client(error) => {
                error.is_unreachable() || matches!(error, rtorrent_rpc::Error::Reply { .. })
            }
            _ => false,
        }
    }

    /// The remedy, if one is known.
    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Connection(error) => return error.hint(),
            // The shell, of a program that is not there.
            Self::Command { reason, .. } | Self::Receiver { reason, .. }
                if reason.ends_with("not found") || reason.contains("(command not found)") =>
            {
                "install swap-release there, or set `swap_release` in fleet.toml to its path".into()
            }
            Self::AtStake { command: Some(command), .. } => format!("let both be one, or copy; there: {command}"),
            Self::Stopped { message } if message.contains("diskspace") => {
                "make room there and push again; how much rtorrent keeps free is `close_low_diskspace` of its configuration"
                    .into()
            }
            Self::WatchDirectory { .. } => {
                "make the directory, writable for the deploy account, let its rtorrent watch it, and restart that; or \
                 correct `watch_dir` in fleet.toml"
                    .into()
            }
            Self::Unasked { .. } => {
                "is its rtorrent running, does it watch `watch_dir` and download into `incoming` of the site? with an RPC \
                 socket (`rpc_socket`) it can be asked"
                    .into()
            }
            Self::NotLoaded { .. } => {
                "is `watch_dir` in fleet.toml the directory that its rtorrent watches? see rtorrent's log"
                    .into()
            }
            Self::Payload { .. } => "it was checked and fetched again, in vain: check the disk".into(),
            Self::Receiver { code: Some(ExitCode::Usage), reason, .. } if reason.contains("receive") => {
                "install swap-release of the same version there: its own is too old for the embedded engine"
                    .into()
            }
            // The host has looked at what the cause was.
            Self::Command { hint: Some(hint), .. } | Self::Receiver { hint: Some(hint), .. } => hint.clone(),
            Self::Receiver { code: Some(ExitCode::Unreachable), .. } | Self::Stalled { peers: 0, .. } => {
                "can the host reach the seeder and the other hosts on their peer ports?".into()
            }
            Self::OtherTree { .. } => {
                "release ids must be unique: build again with another --release-id".into()
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    fn through_rpc(error: remote::HostError) -> Fault {
        let source = io::Error::other(error);
        rtorrent_rpc::Error::Stream { endpoint: "web1:/r".into(), method: "d.hash".into(), source }.into()
    }

    #[test]
    fn a_broken_connection_is_seen_through_an_rpc_call() {
        let host = || "web1".parse().unwrap();
        let lost = remote::HostError {
            host: host(),
            kind: remote::HostFault::Lost { step: "x".into(), detail: "reset".into() },
        };
        assert!(through_rpc(lost).is_connection_loss());
        let socket = remote::HostError {
            host: host(),
            kind: remote::HostFault::Socket { path: "/r".into(), detail: "refused".into() },
        };
        let fault = through_rpc(socket);
        assert_eq!(fault.beside(), "cannot open the socket `/r`: refused");
        assert!(fault.is_client_down() && !fault.is_connection_loss());
        let interrupted =
            remote::HostError { host: host(), kind: remote::HostFault::Interrupted { step: "x".into() } };
        assert!(matches!(through_rpc(interrupted), Fault::Terminated));
    }

    #[test]
    fn other_rpc_failures_stay_what_they_are() {
        let plain =
            rtorrent_rpc::Error::Connect { endpoint: "/r".into(), source: io::ErrorKind::NotFound.into() };
        assert!(matches!(Fault::from(plain), Fault::Client(rtorrent_rpc::Error::Connect { .. })));
        let cancelled = rtorrent_rpc::Error::Cancelled { endpoint: "/r".into(), method: "x".into() };
        assert!(matches!(Fault::from(cancelled), Fault::Terminated));
    }
}
