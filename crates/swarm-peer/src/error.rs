//! Why a peer could not start, or gave up.

use std::io;
use std::net::IpAddr;
use std::path::PathBuf;

/// An expected failure. Each names its object; [`Error::hint`] has the remedy where there is one.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No port of the range could be listened on.
    #[error("cannot listen on `{address}`, ports {first} to {last}: {source}")]
    Listen {
        /// The address.
        address: IpAddr,
        /// First port tried.
        first: u16,
        /// Last port tried.
        last: u16,
        /// The system's last answer.
        source: io::Error,
    },
    /// The payload, a part of it or its directory could not be opened or created.
    #[error("cannot open `{}`: {source}", .path.display())]
    Open {
        /// The file or directory.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Something that is not a regular file stands where one belongs.
    #[error("`{}` is not a regular file", .path.display())]
    NotAFile {
        /// What is there.
        path: PathBuf,
    },
    /// A part of the payload could not be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A part of the payload could not be written.
    #[error("cannot write `{}`: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A seeder's payload is not what the torrent describes.
    #[error("`{}` cannot be seeded: {bad} of {pieces} pieces are missing or have another hash", .path.display())]
    NotComplete {
        /// The payload.
        path: PathBuf,
        /// Pieces that are not right.
        bad: usize,
        /// Pieces of the torrent.
        pieces: usize,
    },
    /// The system refused a thread, a poll handle or random bytes.
    #[error("cannot start a peer for `{name}`: {source}")]
    Start {
        /// The torrent's name.
        name: String,
        /// The system's answer.
        source: io::Error,
    },
    /// The torrent has more pieces than a peer can announce.
    #[error("`{name}` has {pieces} pieces, more than the {limit} a peer handles")]
    TooManyPieces {
        /// The torrent's name.
        name: String,
        /// Its pieces.
        pieces: usize,
        /// The bound.
        limit: usize,
    },
    /// One of the peer's own threads panicked.
    #[error("the peer for `{name}` met a defect of its own and has ended")]
    Defect {
        /// The torrent's name.
        name: String,
    },
}

impl Error {
    /// The remedy, as one sentence for a `hint:` line.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrNotAvailable => {
                "the address must be one of this host's own".into()
            }
            Self::Listen { .. } => "choose another range of ports, or end what listens there".into(),
            Self::Write { source, .. } | Self::Open { source, .. } if is_full(source) => {
                "make room there and run it again: what has come is kept".into()
            }
            Self::Open { source, .. } if source.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) => {
                "a link is never followed: remove it, or name another place".into()
            }
            Self::Open { .. } | Self::Read { .. } | Self::Write { .. } => {
                "check that this user may read and write it".into()
            }
            Self::NotAFile { .. } => "remove it, or name another place".into(),
            Self::NotComplete { .. } => {
                "give the very file or directory that the torrent was made of; `mkt-pack check` names what differs"
                    .into()
            }
            Self::TooManyPieces { .. } => "pack it with longer pieces".into(),
            Self::Defect { .. } => "start it again, it continues; and report the panic above".into(),
            Self::Start { .. } => return None,
        })
    }

    /// Whether the disk or the quota is full.
    #[must_use]
    pub fn is_no_space(&self) -> bool {
        matches!(self, Self::Write { source, .. } | Self::Open { source, .. } if is_full(source))
    }
}

fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
