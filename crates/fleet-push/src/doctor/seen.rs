//! All that was observed of one host.

use std::net::SocketAddr;

use record::host::HostStatus;

use super::dial::Answer;
use super::look::Look;
use crate::plan::probe::Probe;

/// What the checks judge.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) probe: Probe,
    pub(super) look: Look,
    /// A file that was sent arrived as it was; else what went wrong.
    pub(super) upload: Result<(), String>,
    /// What swap-release knows; `None` if it was not asked.
    pub(super) status: Option<Result<HostStatus, String>>,
    /// What `swap-release lint` found; `None` if it was not asked, or cannot tell.
    pub(super) lint: Option<Vec<String>>,
    /// What came of dialling it as other peers do; `None` if it cannot be.
    pub(super) dialled: Option<(SocketAddr, Answer)>,
    /// Its rtorrent, if that carries the payload.
    pub(super) rtorrent: Option<SeenRtorrent>,
}

/// What was observed of an rtorrent.
#[derive(Debug)]
pub(super) struct SeenRtorrent {
    /// Its version; else why it does not answer.
    pub(super) version: Result<String, String>,
    /// The keys of what it runs when a download is finished, and when data was hashed; `None` if it does not say.
    pub(super) events: Option<[Vec<String>; 2]>,
    /// What became of a torrent that was put into its watch directory; `None` if none was.
    pub(super) trial: Option<Trial>,
}

/// A torrent of one byte that nobody has, given as a push gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trial {
    /// It could not be put there.
    NotPut(String),
    /// Neither the watch directory nor a call by RPC made rtorrent load it.
    NotLoaded,
    /// It was loaded.
    Loaded {
        /// By the watch directory, and not by RPC.
        watched: bool,
        /// Where its file is, or should be; empty before it was opened.
        place: String,
        /// What rtorrent complains of; empty if of nothing.
        message: String,
        /// The account can read the file; `None` if it is not there, or not to be seen.
        readable: Option<bool>,
    },
}
