//! The opening, checked: everything in its own type, and torrent and record about the same release.

use std::net::IpAddr;
use std::num::NonZeroU64;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inventory::{HostName, SharedPaths};
use metainfo::Metainfo;
use record::receive::Receive;
use record::{AnyRecord, Build, Release};
use swarm_peer::{Allow, Config, PushKey, Role};

use crate::Error;

/// More connections than a controller's topology asks for.
const PEERS: usize = 200;

/// What is to be received, and how.
pub(super) struct Opening {
    pub(super) push: String,
    pub(super) host: String,
    pub(super) release: Release,
    pub(super) build: Option<Build>,
    pub(super) torrent: Metainfo,
    pub(super) manifest: Option<String>,
    pub(super) shared: SharedPaths,
    pub(super) owner: Option<String>,
    pub(super) listen: IpAddr,
    pub(super) stall: Duration,
    pub(super) grace: Duration,
    pub(super) stage: bool,
    ports: (u16, u16),
    admit: Vec<IpAddr>,
    key: Option<PushKey>,
    max_upload: Option<NonZeroU64>,
}

impl Opening {
    /// Checks what came.
    pub(super) fn parse(raw: &Receive) -> Result<Self, Error> {
        let refuse = |what: String| Error::opening(&what);
        let AnyRecord { release, build } =
            record::any_record(raw.record.as_bytes(), Path::new("the record on standard input"))?;
        let bytes = STANDARD.decode(&raw.torrent).map_err(|_| refuse("the torrent is not base64".into()))?;
        let torrent = Metainfo::parse(&bytes).map_err(|error| refuse(format!("the torrent: {error}")))?;
        belongs(&torrent, &release)?;
        let shared = SharedPaths::parse(raw.shared.iter().map(String::as_str));
        let key = raw.key.as_deref().map(str::parse).transpose();
        Ok(Self {
            push: raw.push.chars().filter(char::is_ascii_alphanumeric).take(64).collect(),
            host: host(&raw.host).map_err(refuse)?,
            release,
            build,
            torrent,
            manifest: raw.manifest.clone(),
            shared: shared.map_err(refuse)?,
            owner: raw.owner.clone(),
            listen: raw.listen,
            stall: Duration::from_millis(raw.stall_ms),
            grace: Duration::from_millis(raw.grace_ms),
            stage: raw.stage,
            ports: raw.ports,
            admit: raw.admit.clone(),
            key: key.map_err(|error: swarm_peer::ParsePushKeyError| refuse(error.to_string()))?,
            max_upload: raw.max_upload,
        })
    }

    /// The peer's settings when it listens on `address`.
    pub(super) fn config(&self, address: IpAddr, role: Role) -> Config {
        Config {
            allow: Allow::Also(self.admit.clone()),
            key: self.key.clone(),
            upload_ceiling: self.max_upload,
            peer_ceiling: PEERS,
            ..Config::new(address, self.ports.0..=self.ports.1, role)
        }
    }
}

/// The host's name, which goes into a file that others read.
fn host(name: &str) -> Result<String, String> {
    if name.is_empty() { Ok(String::new()) } else { Ok(name.parse::<HostName>()?.to_string()) }
}

fn belongs(torrent: &Metainfo, release: &Release) -> Result<(), Error> {
    let info = torrent.info();
    let pairs = [
        ("infohash", torrent.infohash().to_string(), release.infohash.to_string()),
        ("name", info.name().to_owned(), release.payload.file.to_string()),
        ("payload bytes", info.bytes().to_string(), release.payload.bytes.to_string()),
    ];
    match pairs.into_iter().find(|(_, found, expected)| found != expected) {
        None => Ok(()),
        Some((what, found, expected)) => Err(Error::other_torrent(what, &found, &expected)),
    }
}
