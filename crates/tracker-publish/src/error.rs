//! What ends the stage, each with the object it is about, its exit code and its remedy.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cli::{Aborted, Failure};
use metainfo::AnnounceUrl;
use record::{ExitCode, ReleaseId, Sha256};

use crate::seeder_proof::NoProof;

/// An error of tracker-publish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A record, or a file it names.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// `fleet.toml`.
    #[error(transparent)]
    Inventory(#[from] fleet::Error),
    /// Nothing says where the seeder is, or what the tracker's URL is.
    #[error("neither `{flag}` nor `{key}` in fleet.toml is given")]
    MissingSetting { flag: &'static str, key: &'static str },
    /// An announce URL where there is to be no tracker.
    #[error("`--announce` was given together with `--mode none`")]
    AnnounceWithoutTracker,
    /// Not a usable announce URL.
    #[error(transparent)]
    Announce(metainfo::Error),
    /// The URL would carry a secret into records.
    #[error("the announce URL `{url}` holds what looks like a passkey, which must not reach a record")]
    Passkey { url: AnnounceUrl },
    /// No host can dial this.
    #[error("the seeder's address `{peer}` cannot be used: {reason}")]
    SeederPeer { peer: SocketAddr, reason: &'static str },
    /// A tree layout, and nobody said where the tree is.
    #[error("the release has the tree layout, and `--payload` does not say where its files are")]
    PayloadUnknown,
    /// BEP 27: peers of a private torrent come from its tracker only.
    #[error("release `{release}` is private, and without a tracker its peers could never find each other")]
    PrivateWithoutTracker { release: ReleaseId },
    /// The torrent that the record names is damaged.
    #[error(transparent)]
    Torrent { source: metainfo::Error },
    /// The torrent is not about what its record is about.
    #[error("torrent `{path}` has the {field} `{found}`, but `pack.json` says `{expected}`")]
    ForeignTorrent { path: PathBuf, field: &'static str, found: String, expected: String },
    /// An archive without a digest cannot be proved.
    #[error("`pack.json` gives no sha256 for the archive of release `{release}`")]
    NoPayloadDigest { release: ReleaseId },
    /// The archive is not the one that was packed.
    #[error("payload `{path}` has sha256 {found}, but record `pack.json` says {expected}")]
    Payload { path: PathBuf, found: Sha256, expected: Sha256 },
    /// The site is not the one that was packed.
    #[error("`{path}` is not as it was packed: {what}{}", and_more(*.more))]
    TreeDiffers { path: PathBuf, what: String, more: usize },
    /// Hashing the files in place failed.
    #[error(transparent)]
    Check { source: metainfo::Error },
    /// Reading failed.
    #[error("cannot read `{path}`: {source}")]
    Read { path: PathBuf, source: io::Error },
    /// Writing failed.
    #[error("cannot write `{path}`: {source}")]
    Write { path: PathBuf, source: io::Error },
    /// The seeder's directory is not there.
    #[error("the seeder's directory `{path}` cannot be used: {source}")]
    SeederDirectory { path: PathBuf, source: io::Error },
    /// Talking to rtorrent failed.
    #[error(transparent)]
    Rpc(#[from] rtorrent_rpc::Error),
    /// rtorrent ignored the torrent.
    #[error("rtorrent at `{endpoint}` did not take the torrent `{hash}`")]
    NotLoaded { endpoint: String, hash: String },
    /// rtorrent has the download with other data.
    #[error(
        "rtorrent at `{endpoint}` has this download at `{found}`, not at `{place}`, and does not seed it"
    )]
    Elsewhere { endpoint: String, found: PathBuf, place: PathBuf },
    /// rtorrent gave the hash check up.
    #[error("rtorrent cannot read `{path}`")]
    Unreadable { path: PathBuf },
    /// rtorrent's hash check finds other content.
    #[error("rtorrent's hash check of `{path}` finds {done} of {pieces} pieces{}", because(.message.as_deref()))]
    Damaged { path: PathBuf, done: u64, pieces: u64, message: Option<String> },
    /// Complete, and yet not seeding.
    #[error("rtorrent has all of `{path}` but does not seed it{}", because(.message.as_deref()))]
    Stalled { path: PathBuf, message: Option<String> },
    /// The time is over.
    #[error("rtorrent at `{endpoint}` does not seed `{hash}` after {} s", after.as_secs())]
    TooLate { endpoint: String, hash: String, after: Duration },
    /// The tracker gave a failure reason.
    #[error("the tracker `{url}` refused the announce: {message}")]
    TrackerRefused { url: AnnounceUrl, message: String },
    /// rtorrent was told not to use trackers of this kind.
    #[error("rtorrent does not use the tracker `{url}`")]
    TrackerDisabled { url: AnnounceUrl },
    /// The tracker did not answer, or not as a tracker does.
    #[error("the tracker `{url}` did not take the announce: {message}")]
    TrackerUnreachable { url: AnnounceUrl, message: String },
    /// The seeder does not look like one from outside.
    #[error("the seeder at `{peer}` could not be proved: {reason}")]
    Proof { peer: SocketAddr, listens: Option<u16>, reason: NoProof },
    /// SIGTERM.
    #[error(transparent)]
    Aborted(#[from] Aborted),
}

impl Error {
    /// Whether somebody asked to end.
    pub(crate) fn is_abort(&self) -> bool {
        matches!(self, Self::Aborted(_) | Self::Rpc(rtorrent_rpc::Error::Cancelled { .. }))
    }
}

impl Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Record(error) => error.exit_code(),
            Self::Inventory(_)
            | Self::MissingSetting { .. }
            | Self::AnnounceWithoutTracker
            | Self::Announce(_)
            | Self::Passkey { .. }
            | Self::SeederPeer { .. }
            | Self::PayloadUnknown => ExitCode::Usage,
            Self::PrivateWithoutTracker { .. }
            | Self::Torrent { .. }
            | Self::ForeignTorrent { .. }
            | Self::NoPayloadDigest { .. }
            | Self::Check { .. }
            | Self::Read { .. } => ExitCode::BadInput,
            Self::Payload { .. } | Self::TreeDiffers { .. } | Self::Damaged { .. } => ExitCode::Mismatch,
            Self::Write { .. } | Self::SeederDirectory { .. } => ExitCode::CannotWrite,
            Self::Rpc(error) => rpc_exit_code(error),
            Self::NotLoaded { .. }
            | Self::Elsewhere { .. }
            | Self::Unreadable { .. }
            | Self::Stalled { .. }
            | Self::TrackerDisabled { .. }
            | Self::TrackerRefused { .. } => ExitCode::Refused,
            Self::TooLate { .. } | Self::TrackerUnreachable { .. } => ExitCode::Unreachable,
            Self::Proof { reason, .. } => proof_exit_code(reason),
            Self::Aborted(_) => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Record(error) => return error.hint(),
            Self::Inventory(error) => return error.hint(),
            Self::MissingSetting { flag, .. } => format!("name the inventory with --fleet, or give {flag}"),
            Self::AnnounceWithoutTracker => "leave one of them out".into(),
            Self::Announce(_) => "give a URL such as http://tracker.example:6969/announce".into(),
            Self::Passkey { .. } => {
                "passkeys come with the gazelle and ocelot modes, which this version does not have; use an open or \
                 whitelisting tracker, or --mode none"
                    .into()
            }
            Self::SeederPeer { .. } => "give the IPv4 address and port at which hosts reach its rtorrent".into(),
            Self::PayloadUnknown => "name the site that was packed with --payload".into(),
            Self::PrivateWithoutTracker { .. } => {
                "pack it without --private, or publish it with --mode announce".into()
            }
            Self::Torrent { .. } | Self::ForeignTorrent { .. } | Self::NoPayloadDigest { .. } => {
                "run mkt-pack again".into()
            }
            Self::Payload { .. } | Self::TreeDiffers { .. } => {
                "the payload was changed or damaged since it was packed; run mkt-pack again".into()
            }
            Self::Check { .. } | Self::Read { .. } => "check that the path exists and is readable".into(),
            Self::Write { .. } => "check the permissions of the seeder's directory and its free space".into(),
            Self::SeederDirectory { .. } => {
                "make it, readable by the seeder's rtorrent, or name another with --seeder-directory".into()
            }
            Self::Rpc(error) => return rpc_hint(error),
            Self::NotLoaded { .. } => {
                "its log tells why, if rtorrent.rc has log.add_output = \"torrent_error\"".into()
            }
            Self::Elsewhere { .. } => {
                "erase the download in rtorrent, or name its directory with --seeder-directory".into()
            }
            Self::Unreadable { .. } => {
                "give rtorrent's user the right to enter the seeder's directory and those above it".into()
            }
            Self::Damaged { .. } => "something else writes to the file, or the disk is failing".into(),
            Self::Stalled { .. } => "see rtorrent's log; it stops downloads when the disk is almost full".into(),
            Self::TooLate { .. } => "give a large payload more time with --timeout, or see rtorrent's log".into(),
            Self::TrackerRefused { .. } => "make the infohash known to the tracker, then run this again".into(),
            Self::TrackerDisabled { .. } => {
                "udp trackers need trackers.use_udp.set = yes in rtorrent.rc, on the seeder and on every host".into()
            }
            Self::TrackerUnreachable { .. } => {
                "check that the tracker runs and that the URL is its announce URL".into()
            }
            Self::Proof { peer, listens, reason } => return proof_hint(*peer, *listens, reason),
            Self::Aborted(_) => return None,
        })
    }
}

fn rpc_exit_code(error: &rtorrent_rpc::Error) -> ExitCode {
    use rtorrent_rpc::Error as Rpc;
    match error {
        Rpc::Connect { .. } | Rpc::Stream { .. } | Rpc::Timeout { .. } | Rpc::Reply { .. } => {
            ExitCode::Unreachable
        }
        Rpc::Fault { .. } => ExitCode::Refused,
        Rpc::Argument { .. } => ExitCode::Usage,
        Rpc::Cancelled { .. } => ExitCode::Terminated,
    }
}

fn rpc_hint(error: &rtorrent_rpc::Error) -> Option<String> {
    use rtorrent_rpc::Error as Rpc;
    Some(match error {
        Rpc::Connect { .. } => {
            "start the seeder's rtorrent; the socket is the one of network.scgi.open_local in its rtorrent.rc, and \
             this user must be in its group"
                .into()
        }
        Rpc::Stream { .. } | Rpc::Timeout { .. } => "rtorrent hangs or was stopped; see its log".into(),
        Rpc::Reply { .. } => "check that the socket is rtorrent's, the one of network.scgi.open_local".into(),
        Rpc::Fault { .. } => "tested with rtorrent 0.9.8; see its log".into(),
        Rpc::Argument { .. } => "use plain names for the seeder's directory".into(),
        Rpc::Cancelled { .. } => return None,
    })
}

fn proof_exit_code(reason: &NoProof) -> ExitCode {
    match reason {
        NoProof::Connect(_) | NoProof::Stream(_) | NoProof::Silent(_) => ExitCode::Unreachable,
        NoProof::Closed | NoProof::NotAPeer(_) | NoProof::Incomplete { .. } => ExitCode::Refused,
        NoProof::Aborted => ExitCode::Terminated,
    }
}

fn proof_hint(peer: SocketAddr, listens: Option<u16>, reason: &NoProof) -> Option<String> {
    match (reason, listens) {
        (NoProof::Aborted, _) => None,
        (NoProof::Connect(_) | NoProof::Stream(_), Some(port)) if port != peer.port() => {
            Some(format!("this rtorrent listens on port {port}; correct seeder.peer or its port_range"))
        }
        (NoProof::Connect(_) | NoProof::Stream(_) | NoProof::Silent(_), _) => Some(
            "check seeder.peer, and network.bind_address and port_range in rtorrent.rc, and the firewall"
                .into(),
        ),
        (NoProof::Closed | NoProof::NotAPeer(_), _) => Some(
            "another client may listen there, or this one insists on encryption (protocol.encryption.set)"
                .into(),
        ),
        (NoProof::Incomplete { .. }, _) => {
            Some("it may be set to initial_seed, which hides pieces: use connection type seed".into())
        }
    }
}

fn and_more(more: usize) -> String {
    match more {
        0 => String::new(),
        1 => ", and 1 file more".to_owned(),
        _ => format!(", and {more} files more"),
    }
}

fn because(message: Option<&str>) -> String {
    message.map(|message| format!(": {message}")).unwrap_or_default()
}
