//! What is pushed: read from the records of the stages before, and checked against each other.

pub(crate) mod clock;
pub(crate) mod peer_policy;
pub(crate) mod torrent;

use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use inventory::{Engine, Host, Inventory, SharedPaths};
use record::{Input, Layout, Loaded, Pack, Publish, Record, Records, Release, TrackerMode};

use crate::Error;
use crate::job::peer_policy::PeerPolicy;
use crate::job::torrent::Torrent;

/// Who has the payload first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seeding {
    /// A client that `tracker-publish` has proved.
    Client(SocketAddr),
    /// This process.
    Push,
    /// A host of the fleet, the one with this number among those of the push.
    Host(usize),
}

/// Everything a host's thread needs to know about the release.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) release: Release,
    /// publish.json as it is: the hosts get it by SSH, and with it the digest that they must prove.
    pub(crate) record: Vec<u8>,
    /// The `.torrent` for the hosts.
    pub(crate) torrent: Torrent,
    /// The manifest; only the tree layout needs it beside the payload.
    pub(crate) manifest: Option<Vec<u8>>,
    pub(crate) seeding: Seeding,
    pub(crate) peers: PeerPolicy,
    /// Whether the hosts' clients are told of each other; else they find each other by the tracker alone.
    pub(crate) introduce: bool,
    pub(crate) shared: SharedPaths,
    /// Who asks, for the lock on the hosts.
    pub(crate) owner: Option<String>,
    pub(crate) stall: Duration,
    /// The RPC socket of the rtorrent that seeds, which runs beside us.
    pub(crate) seeder_socket: Option<PathBuf>,
}

impl Job {
    /// Reads it; also gives what push.json names as its input.
    pub(crate) fn load(
        records: &Records,
        inventory: &Inventory,
        hosts: &[Host],
        stall: Duration,
        peers: PeerPolicy,
    ) -> Result<(Self, Input), Error> {
        let publish = records.load::<Publish>()?;
        records.check_chain::<Pack, _>(&publish)?;
        let seeding = seeding(&publish, inventory, hosts)?;
        let release = publish.record.release.clone();
        let torrent = Torrent::load(records, inventory, hosts, &publish)?;
        let manifest = match release.layout {
            Layout::Archive => None,
            Layout::Tree => {
                let path =
                    records.check_file(&release.manifest.file, &release.manifest.sha256, &publish.path)?;
                Some(read(&path)?)
            }
        };
        let job = Self {
            release,
            record: publish.bytes,
            torrent,
            manifest,
            seeding,
            peers,
            introduce: introduces(&publish.record, inventory),
            shared: inventory.site.shared.clone(),
            owner: owner(),
            stall,
            seeder_socket: inventory.seeder.as_ref().map(|seeder| seeder.rpc_socket.clone()),
        };
        Ok((job, publish.input))
    }
}

/// The build, where Jenkins says which.
pub(crate) fn owner() -> Option<String> {
    std::env::var("BUILD_TAG").ok().filter(|tag| !tag.is_empty())
}

/// Who seeds, if the publishing was done to its end.
fn seeding(publish: &Loaded<Publish>, inventory: &Inventory, hosts: &[Host]) -> Result<Seeding, Error> {
    let refuse = |what| Err(Error::NotPublished { path: publish.path.clone(), what });
    let details = &publish.record.details;
    if publish.record.aborted {
        return refuse("the stage was aborted");
    }
    if details.push_seeds {
        let Some(name) = &inventory.own_seeder.host else { return Ok(Seeding::Push) };
        let number = hosts.iter().position(|host| host.name == *name);
        return number.map(Seeding::Host).ok_or_else(|| Error::SeederLeftOut { name: name.clone() });
    }
    // rtorrent takes no peers of a private torrent by hand, but may be dialled by an embedded one.
    let met_by_tracker_only = hosts.iter().all(|host| host.engine == Engine::Rtorrent);
    match &details.seeder {
        None => refuse("no seeder was proved"),
        Some(seeder) if !seeder.complete => refuse("the seeder is not complete"),
        Some(_)
            if publish.record.release.private && details.mode == TrackerMode::None && met_by_tracker_only =>
        {
            refuse("the torrent is private but no tracker names its peers")
        }
        Some(seeder) => Ok(Seeding::Client(seeder.peer)),
    }
}

/// rtorrent takes no peers from us for a private torrent. One that was published without a tracker has no other source of
/// them, whatever the inventory says by now.
fn introduces(publish: &Record<Publish>, inventory: &Inventory) -> bool {
    let without_tracker = publish.details.mode == TrackerMode::None;
    !publish.release.private && (inventory.tracker.introduce || without_tracker)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(|source| Error::Read { path: path.to_owned(), source })?;
    Ok(bytes)
}
