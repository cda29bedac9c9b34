//! What ends the stage, each with the object it is about, its exit code and its remedy.

mod no_proof;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cli::{Aborted, Failure};
use metainfo::AnnounceUrl;
use record::{ExitCode, ReleaseId, Sha256};

pub(crate) use self::no_proof::NoProof;

/// An error of tracker-publish.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A record, or a file it names.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// `fleet.toml`.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// Nothing says where the seeder is, or what the tracker's URL is.
    #[error("neither `{flag}` nor `{key}` in fleet.toml is given")]
    MissingSetting { flag: &'static str, key: &'static str },
    /// An announce URL where there is to be no tracker.
    #[error("`--announce` was given together with `--mode none`")]
    AnnounceWithoutTracker,
    /// A key that Ocelot could never find in a URL.
    #[error("`{key}` is not a key of 32 letters and digits")]
    NotAKey { key: String },
    /// Where its updates go cannot be told from the announce URL.
    #[error("the announce URL `{url}` is not of the form http://host:port/{{passkey}}/announce")]
    NotOcelot { url: AnnounceUrl },
    /// Nobody can be trusted by it.
    #[error("`{path}` names no authority for certificates: {reason}")]
    CaFile { path: PathBuf, reason: String },
    /// There are no passkeys to check.
    #[error("this tracker has no passkeys: the announce URL has no `{{passkey}}`")]
    NoPasskeys,
    /// The hosts cannot reach the tracker.
    #[error("host `{host}` cannot reach the tracker `{url}`: {reason}")]
    NoWay { url: AnnounceUrl, host: String, reason: &'static str },
    /// What the tracker or its site answered.
    #[error(transparent)]
    Tracker(#[from] tracker_client::Error),
    /// What it answered to a client's own passkey.
    #[error("the passkey of {client}: {source}")]
    Client { client: String, source: tracker_client::Error },
    /// It was told of the torrent and does not know it.
    #[error("the tracker `{url}` does not know the torrent")]
    NotRegistered { url: AnnounceUrl },
    /// A site would store it under another infohash.
    #[error("release `{release}` is not private, and the site would make it so: another infohash")]
    NotPrivate { release: ReleaseId },
    /// A site stored it under another infohash.
    #[error("the site stored release `{release}` under another infohash than {expected}: {reason}")]
    Drift { release: ReleaseId, expected: String, reason: String },
    /// The form would be refused.
    #[error("`{what}` cannot be uploaded: {reason}")]
    Form { what: String, reason: &'static str },
    /// It was told to forget the torrent and knows it.
    #[error("the tracker `{url}` still knows the torrent")]
    StillRegistered { url: AnnounceUrl },
    /// Two passkeys that would get one user number.
    #[error("the passkey of {client} would give it the same user number as another")]
    SameUser { client: String },
    /// The tracker gives other peers, or none.
    #[error("a peer that asks the tracker `{url}` is not given the seeder {peer}, but: {}", if got.is_empty() { "nobody" } else { got.as_str() })]
    SeederNotGiven { url: AnnounceUrl, peer: SocketAddr, got: String },
    /// opentracker's list.
    #[error("opentracker's whitelist `{path}` cannot be changed: {source}")]
    Whitelist { path: PathBuf, source: io::Error },
    /// opentracker cannot be told.
    #[error("opentracker cannot be made to read its whitelist by {what}: {reason}")]
    Reload { what: String, reason: String },
    /// The list of published releases.
    #[error("the list of published releases `{path}` is damaged: {reason}")]
    Ledger { path: PathBuf, reason: String },
    /// Not in that list.
    #[error("release `{release}` is not published from `{directory}`")]
    NotPublished { release: ReleaseId, directory: PathBuf },
    /// Not loaded, or not seeding.
    #[error("rtorrent does not seed release `{release}`")]
    NotSeeding { release: ReleaseId },
    /// Not a usable announce URL.
    #[error(transparent)]
    Announce(metainfo::Error),
    /// The URL would carry a secret into records.
    #[error("the announce URL `{url}` holds what looks like a passkey, which must not reach a record")]
    Passkey { url: AnnounceUrl },
    /// No host can dial this.
    #[error("the seeder's address `{peer}` cannot be used: {reason}")]
    SeederPeer { peer: SocketAddr, reason: &'static str },
    /// Only this machine can dial this.
    #[error("host `{host}` cannot dial the seeder: `{peer}` is this machine's own address")]
    SeederHere { peer: SocketAddr, host: String },
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
    /// Another publish did not come to its end.
    #[error("`{path}` is held by another tracker-publish; waited for {}", humantime::format_duration(*waited))]
    Busy { path: PathBuf, waited: Duration },
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
        match self {
            Self::Aborted(_) | Self::Rpc(rtorrent_rpc::Error::Cancelled { .. }) => true,
            Self::Tracker(source) | Self::Client { source, .. } => {
                *source == tracker_client::Error::Cancelled
            }
            _ => false,
        }
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
            | Self::NotAKey { .. }
            | Self::NotOcelot { .. }
            | Self::NoPasskeys
            | Self::CaFile { .. }
            | Self::NoWay { .. }
            | Self::SameUser { .. }
            | Self::Passkey { .. }
            | Self::SeederPeer { .. }
            | Self::SeederHere { .. }
            | Self::PayloadUnknown => ExitCode::Usage,
            Self::PrivateWithoutTracker { .. }
            | Self::Torrent { .. }
            | Self::ForeignTorrent { .. }
            | Self::NoPayloadDigest { .. }
            | Self::Check { .. }
            | Self::Ledger { .. }
            | Self::NotPrivate { .. }
            | Self::Form { .. }
            | Self::NotPublished { .. }
            | Self::Read { .. } => ExitCode::BadInput,
            Self::Payload { .. } | Self::TreeDiffers { .. } | Self::Drift { .. } | Self::Damaged { .. } => {
                ExitCode::Mismatch
            }
            Self::Write { .. } | Self::SeederDirectory { .. } | Self::Whitelist { .. } => {
                ExitCode::CannotWrite
            }
            Self::Tracker(source) | Self::Client { source, .. } => tracker_exit_code(source),
            Self::Rpc(error) => rpc_exit_code(error),
            Self::NotLoaded { .. }
            | Self::Elsewhere { .. }
            | Self::Unreadable { .. }
            | Self::Stalled { .. }
            | Self::NotSeeding { .. }
            | Self::NotRegistered { .. }
            | Self::StillRegistered { .. }
            | Self::SeederNotGiven { .. }
            | Self::Reload { .. }
            | Self::TrackerDisabled { .. }
            | Self::TrackerRefused { .. } => ExitCode::Refused,
            Self::TooLate { .. } | Self::TrackerUnreachable { .. } => ExitCode::Unreachable,
            Self::Proof { reason, .. } => proof_exit_code(reason),
            Self::Busy { .. } => ExitCode::Busy,
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
                "write {passkey} in its place, and name each host's own by passkey_file or passkey_env in fleet.toml"
                    .into()
            }
            Self::NotAKey { .. } => "Ocelot's passkeys and site_password have 32 characters".into(),
            Self::NotOcelot { .. } => "name the address for its updates with tracker.update in fleet.toml".into(),
            Self::CaFile { .. } => "give the certificate of the authority itself, in PEM, with tracker.ca_file".into(),
            Self::NoPasskeys => "only trackers with users have any; see check for the rest".into(),
            Self::NoWay { .. } => {
                "announce at an IPv4 address of the tracker that every host reaches, in tracker.announce".into()
            }
            Self::Tracker(source) | Self::Client { source, .. } => return tracker_hint(source),
            Self::NotRegistered { .. } => "register it by running tracker-publish; after a restart of Ocelot, again".into(),
            Self::NotPrivate { .. } => "pack it with mkt-pack --private".into(),
            Self::Drift { .. } => {
                "pack it with mkt-pack --private, and with --source as the site has it; then remove the torrent on the \
                 site and publish again"
                    .into()
            }
            Self::Form { .. } => "see tracker.title, tracker.tags, tracker.description, or pack with larger pieces".into(),
            Self::StillRegistered { .. } => "check that tracker.update is the tracker of tracker.announce".into(),
            Self::SameUser { .. } => "give it another passkey".into(),
            Self::SeederNotGiven { .. } => {
                "the seeder must announce from the address that hosts dial: see network.local_address and \
                 network.bind_address in its rtorrent.rc, and give it a passkey of its own"
                    .into()
            }
            Self::Whitelist { .. } => "give this user the right to write it, and to make files beside it".into(),
            Self::Reload { .. } => {
                "correct tracker.pid_file, or name a command with tracker.reload, such as [\"systemctl\", \"kill\", \
                 \"-s\", \"HUP\", \"opentracker\"]"
                    .into()
            }
            Self::Ledger { .. } => "remove it; releases published before are then no longer withdrawn by --keep".into(),
            Self::NotPublished { .. } => "it may be withdrawn already".into(),
            Self::NotSeeding { .. } => "run tracker-publish again".into(),
            Self::SeederPeer { .. } | Self::SeederHere { .. } => "give the IPv4 address and port at which hosts reach its rtorrent".into(),
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
            Self::Busy { .. } => "wait for the other one, or see what it does".into(),
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

fn tracker_exit_code(error: &tracker_client::Error) -> ExitCode {
    use tracker_client::Error as Tracker;
    match error {
        Tracker::Unreachable { .. } | Tracker::Foreign { .. } | Tracker::RateLimited { .. } => {
            ExitCode::Unreachable
        }
        Tracker::Refused { .. }
        // Trying again is no help, as with a refusal.
        | Tracker::Untrusted { .. }
        | Tracker::LoggedOut { .. }
        | Tracker::Login { .. }
        | Tracker::Banned { .. } => ExitCode::Refused,
        Tracker::Argument { .. } => ExitCode::Usage,
        Tracker::Cancelled => ExitCode::Terminated,
    }
}

fn tracker_hint(error: &tracker_client::Error) -> Option<String> {
    use tracker_client::Error as Tracker;
    Some(match error {
        Tracker::Unreachable { .. } => {
            "check that it runs, the address, the firewall, and http_proxy, https_proxy and no_proxy; then run this again".into()
        }
        Tracker::Untrusted { .. } => {
            "if a private authority signed it, name that one's certificate with tracker.ca_file; else its names or dates \
             are wrong, or this is not the server"
                .into()
        }
        Tracker::Foreign { .. } => "check the address in [tracker]: something else answers there".into(),
        Tracker::Refused { reason, .. } => refusal_hint(reason).into(),
        Tracker::RateLimited { .. } => "wait a minute, then run this again: it goes on where it stopped".into(),
        Tracker::LoggedOut { .. } => "make a new token for the user, or remove the session file".into(),
        Tracker::Login { .. } => {
            "correct user name or password, then remove the file of tracker.session_file: the site bans an address \
             after 6 failures, so nothing is tried before that"
                .into()
        }
        Tracker::Banned { .. } => "wait until the ban is over, or log in from another address".into(),
        Tracker::Argument { .. } => "correct it in fleet.toml or the environment".into(),
        Tracker::Cancelled => return None,
    })
}

/// The remedy for a tracker's own words.
fn refusal_hint(reason: &str) -> &'static str {
    let known = [
        (
            "Passkey not found",
            "run `tracker-publish hosts --create`, or make a user with this passkey on the site",
        ),
        ("whitelist", "let rtorrent in: add the prefix -lt0 to the tracker's list of clients"),
        (
            "leeching forbidden",
            "the tracker's ratio rules cut this user off: exempt it, or make releases freeleech",
        ),
        ("Unregistered", "run tracker-publish again"),
        ("Authentication", "tracker.secret must be the tracker's site_password"),
        ("temporarily unavailable", "the tracker shuts down; run this again when it is up"),
        ("not authorized", "the tracker did not read its whitelist again; see its log"),
    ];
    let hint = known.iter().find(|(words, _)| reason.contains(words));
    hint.map_or("these are the tracker's own words; correct that, then run this again", |(_, hint)| hint)
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
