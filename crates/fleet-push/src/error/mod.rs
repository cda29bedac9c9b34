//! What ends the stage. What goes wrong with one host is a [`Fault`].

mod fault;

use std::io;
use std::path::PathBuf;

use record::ExitCode;

pub(crate) use self::fault::Fault;

/// An error that ends `fleet-push`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The inventory.
    #[error(transparent)]
    Inventory(#[from] inventory::Error),
    /// A key or a known_hosts file.
    #[error(transparent)]
    KeyFile(#[from] remote::KeyFileError),
    /// What a host cannot be connected to without, found out before that.
    #[error(transparent)]
    Host(#[from] remote::HostError),
    /// A record.
    #[error(transparent)]
    Record(#[from] record::Error),
    /// The `.torrent`.
    #[error(transparent)]
    Torrent(#[from] metainfo::Error),
    /// The `.torrent` is not the one that the record is about.
    #[error("`{path}` has {what} {found}, but the record says {expected}")]
    OtherTorrent {
        /// The torrent.
        path: PathBuf,
        /// The field.
        what: &'static str,
        /// Its value.
        found: String,
        /// The record's value.
        expected: String,
    },
    /// The stage before did not reach its end.
    #[error("`{path}` says that {what}")]
    NotPublished {
        /// The record.
        path: PathBuf,
        /// What is missing.
        what: &'static str,
    },
    /// The seeder is a host that is not pushed to.
    #[error("the host `{name}`, which seeds, is not among the hosts of this push")]
    SeederLeftOut {
        /// The host.
        name: inventory::HostName,
    },
    /// The embedded seeder.
    #[error("cannot seed: {0}")]
    Seed(#[from] swarm_peer::Error),
    /// The payload of a tree layout was not named.
    #[error("the files that the torrent carries are not in the folder of records")]
    PayloadUnknown,
    /// No random numbers.
    #[error("cannot make a key for this push: {0}")]
    Key(io::Error),
    /// A file could not be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The JUnit report could not be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Hosts failed; the table and the record say which and why.
    #[error("{failed} of {all} hosts failed: {}", names.join(", "))]
    HostsFailed {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names.
        names: Vec<String>,
        /// What is to be done about them, each remedy once.
        remedies: Vec<String>,
    },
    /// A push would fail on hosts; the table says why.
    #[error("a push would fail on {failed} of {all} hosts: {}", names.join(", "))]
    NotReady {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names.
        names: Vec<String>,
    },
    /// The hosts do not agree, so there is nothing that others could be brought to.
    #[error("the hosts serve no one release: {why}")]
    NoFleetRelease {
        /// Who serves what.
        why: String,
        /// How the program ends.
        code: ExitCode,
    },
    /// The records are not those of what the fleet serves.
    #[error("`{path}` {what}")]
    OtherLive {
        /// The record.
        path: PathBuf,
        /// How they differ.
        what: String,
    },
    /// Hosts do not serve the release of the fleet; the table and the record say why.
    #[error("{failed} of {all} hosts do not serve the release of the fleet: {}", names.join(", "))]
    NotConverged {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names.
        names: Vec<String>,
    },
    /// Hosts lack something; the lines before say what.
    #[error("{failed} of {all} hosts lack what a deployment needs: {}", names.join(", "))]
    Unfit {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names.
        names: Vec<String>,
    },
    /// Hosts did not get what was to be installed; the lines before say why.
    #[error("nothing was installed on {failed} of {all} hosts: {}", names.join(", "))]
    NotInstalled {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names.
        names: Vec<String>,
    },
    /// The program to be installed could not be read.
    #[error("cannot read the program `{path}`: {source}")]
    NoBinary {
        /// The program.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The program to be installed is none.
    #[error("`{path}` is not a program for Linux (ELF)")]
    ForeignBinary {
        /// The file.
        path: PathBuf,
    },
    /// A configuration of rtorrent was asked for where there is none.
    #[error("none of the hosts has `engine = \"rtorrent\"`")]
    NoRtorrent,
    /// A group was required that no host of this push is in.
    #[error("no host of this push is in the group `{group}`")]
    NoSuchGroup {
        /// The group.
        group: inventory::HostName,
    },
    /// Hosts whose keys are not known, or are others than those known.
    #[error("the keys of {failed} of {all} hosts are not trusted: {}", names.join(", "))]
    KeysNotTrusted {
        /// How many.
        failed: usize,
        /// Of how many.
        all: usize,
        /// The first of their names, with what is wrong.
        names: Vec<String>,
        /// Some may be added.
        new: bool,
    },
    /// Keys were to be added, but nobody says which.
    #[error("--add without --accept asks at a terminal, and there is none")]
    NobodyToAsk,
    /// What was named is no fingerprint.
    #[error("`{text}` is not the SHA-256 fingerprint of a key")]
    NotAFingerprint {
        /// What was typed.
        text: String,
    },
    /// A file of fingerprints has something else.
    #[error("line {line} of `{path}` has neither a SHA-256 fingerprint nor a public key")]
    NoFingerprint {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// No inventory was named.
    #[error("no inventory is named")]
    NoInventory,
    /// Standard output.
    #[error("cannot write to standard output: {0}")]
    Stdout(io::Error),
    /// An answer in JSON.
    #[error("cannot write JSON: {0}")]
    Json(String),
    /// SIGTERM.
    #[error("terminated")]
    Aborted,
}

impl cli::Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::KeyFile(remote::KeyFileError::WriteKnownHosts { .. }) => ExitCode::CannotWrite,
            Self::Inventory(_)
            | Self::KeyFile(_)
            | Self::Host(_)
            | Self::NobodyToAsk
            | Self::NotAFingerprint { .. }
            | Self::SeederLeftOut { .. }
            | Self::PayloadUnknown
            | Self::NoInventory
            | Self::NoBinary { .. }
            | Self::ForeignBinary { .. }
            | Self::NoRtorrent
            | Self::NoSuchGroup { .. } => ExitCode::Usage,
            Self::Seed(swarm_peer::Error::NotComplete { .. }) => ExitCode::Mismatch,
            Self::Seed(swarm_peer::Error::Open { .. } | swarm_peer::Error::Read { .. }) => {
                ExitCode::CannotVerify
            }
            Self::Seed(_) | Self::Key(_) | Self::Json(_) => ExitCode::Unexpected,
            Self::Record(error) => error.exit_code(),
            Self::Torrent(_)
            | Self::OtherTorrent { .. }
            | Self::OtherLive { .. }
            | Self::NotPublished { .. }
            | Self::NoFingerprint { .. }
            | Self::Read { .. } => ExitCode::BadInput,
            Self::NoFleetRelease { code, .. } => *code,
            Self::Write { .. } | Self::Stdout(_) => ExitCode::CannotWrite,
            Self::HostsFailed { failed, all, .. }
            | Self::NotReady { failed, all, .. }
            | Self::NotConverged { failed, all, .. }
            | Self::Unfit { failed, all, .. }
            | Self::NotInstalled { failed, all, .. }
            | Self::KeysNotTrusted { failed, all, .. }
                if failed == all =>
            {
                ExitCode::NoHostSucceeded
            }
            Self::HostsFailed { .. }
            | Self::NotReady { .. }
            | Self::NotConverged { .. }
            | Self::Unfit { .. }
            | Self::NotInstalled { .. }
            | Self::KeysNotTrusted { .. } => ExitCode::SomeHostsFailed,
            Self::Aborted => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Inventory(error) => return error.hint(),
            Self::KeyFile(error) => error.hint(),
            Self::Host(error) => return error.hint(),
            Self::Record(error) => return error.hint(),
            Self::Torrent(_) | Self::OtherTorrent { .. } => {
                "records of two builds were mixed; run the stages again from mkt-pack".into()
            }
            Self::NotPublished { .. } => "run tracker-publish again until it succeeds".into(),
            Self::SeederLeftOut { .. } => "add it with --only, or take seeder.host out of fleet.toml".into(),
            Self::Seed(error) => return error.hint(),
            Self::PayloadUnknown => "name them with --payload: a tree layout is the site itself".into(),
            Self::Key(_) | Self::Json(_) | Self::Stdout(_) => return None,
            Self::NoInventory => "name it by --fleet FILE or MKT_FLEET".into(),
            Self::NoSuchGroup { .. } => "`fleet-push hosts` lists hosts and groups".into(),
            Self::NotReady { .. } => "put right what is said of them above, and ask again; nothing was changed".into(),
            Self::Unfit { .. } => "run the commands that are shown above with each fault, then fleet-push doctor again".into(),
            Self::NotInstalled { .. } => {
                "what was there is as it was; put right what is said above, then run it again: hosts that have it are skipped".into()
            }
            Self::NoBinary { .. } | Self::ForeignBinary { .. } => {
                "name swap-release with --binary, or put it beside fleet-push".into()
            }
            Self::NoRtorrent => "set `engine = \"rtorrent\"` for those that are to have it, or choose others".into(),
            Self::NoFleetRelease { .. } => {
                "nothing was changed; bring those that answer to one release first, by `swap-release activate`, `rollback` or \
                 `converge ID`"
                    .into()
            }
            Self::OtherLive { .. } => {
                "give the records of the build that is live by --records; nothing was changed".into()
            }
            Self::NotConverged { .. } => {
                "keep them from being served until they do; run it again when they are back, hosts that are done are left alone"
                    .into()
            }
            Self::Read { .. } => "check the path and its permissions".into(),
            Self::Write { .. } => "check that the folder exists, is writable and has space".into(),
            Self::HostsFailed { remedies, .. } => match remedies.as_slice() {
                [] => "nothing was switched; see the table, then run fleet-push again: hosts that are done are skipped".into(),
                // It may be another thing than to run this again.
                [remedy] => format!("nothing was switched; {remedy}"),
                _ => "nothing was switched; do what is said to each host above, then run fleet-push again: hosts that are done \
                      are skipped"
                    .into(),
            },
            Self::KeysNotTrusted { new: true, .. } => {
                "get the fingerprints of the new ones from the hosts' consoles by `ssh-keygen -lf \
                 /etc/ssh/ssh_host_ed25519_key.pub`, then add them: --add --accept SHA256:..., or --add at a terminal"
                    .into()
            }
            Self::KeysNotTrusted { new: false, .. } => "see what is said of each above; nothing was added for them".into(),
            Self::NobodyToAsk => {
                "name the keys: --accept SHA256:... or --accept FILE, with fingerprints from the hosts' consoles".into()
            }
            Self::NotAFingerprint { .. } => {
                "it is SHA256: and 43 characters, as `ssh-keygen -lf` shows it; --accept ./FILE names a file".into()
            }
            Self::NoFingerprint { .. } => {
                "it takes lines as `ssh-keygen -lf` shows them, and public keys as in *.pub and known_hosts".into()
            }
            Self::Aborted => return None,
        })
    }
}
