//! All that was observed of one host.

use std::net::SocketAddr;

use record::Check;
use record::host::HostStatus;

use super::dial::Answer;
use super::hold::Place;
use super::live::Live;
use super::look::Look;
use crate::doctor::lint::Lint;
use crate::doctor::probe::Probe;

/// What the checks judge.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) probe: Probe,
    pub(crate) look: Look,
    /// What the account prints around every answer.
    pub(crate) noise: Option<String>,
    /// What became of the file that was made in its directory.
    pub(crate) place: Place,
    /// A file that was sent arrived as it was; else what went wrong.
    pub(crate) upload: Result<(), String>,
    /// What swap-release knows; `None` if it was not asked.
    pub(crate) status: Option<Result<HostStatus, String>>,
    /// What the server answers now; `None` if it was not asked.
    pub(crate) live: Option<Live>,
    /// What `swap-release lint` found; `None` if it was not asked, or cannot tell.
    pub(crate) lint: Option<Lint>,
    /// What a Drupal site needs beside.
    pub(crate) drupal: Vec<Check>,
    /// What came of dialling it as other peers do; `None` if it cannot be.
    pub(crate) dialled: Option<(SocketAddr, Answer)>,
    /// Its rtorrent, if that carries the payload.
    pub(crate) rtorrent: Option<SeenRtorrent>,
}

/// What was observed of an rtorrent.
#[derive(Debug)]
pub(crate) struct SeenRtorrent {
    /// Its version; else why it does not answer.
    pub(crate) version: Result<String, String>,
    /// The keys of what it runs when a download is finished, and when data was hashed; `None` if it does not say.
    pub(crate) events: Option<[Vec<String>; 2]>,
    /// What became of a torrent that was put into its watch directory; `None` if none was.
    pub(crate) trial: Option<Trial>,
}

/// A torrent of one byte that nobody has, given as a push gives one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trial {
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
