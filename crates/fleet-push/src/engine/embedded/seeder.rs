//! The embedded seeder: this machine gives the payload away for as long as the push runs.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cli::Abort;
use inventory::OwnSeeder;
use metainfo::Metainfo;
use record::PushSeeder;
use swarm_peer::{Allow, Config, Event, Peer, Role};

use crate::Error;
use crate::engine::embedded::mesh::Mesh;
use crate::engine::embedded::seeder_address::SeederAddress;
use crate::job::peer_policy::PeerPolicy;

/// More than dial it: every host of a small fleet, some of a large one.
const PEERS: usize = 500;
/// Between two looks at what there is to be done.
const GLANCE: Duration = Duration::from_millis(50);

/// A seeder that runs.
pub(crate) struct Seeder {
    address: SeederAddress,
    max_upload: Option<NonZeroU64>,
    uploaded: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Seeder {
    /// Starts it and waits until the payload at `place` was hashed.
    pub(crate) fn start(
        settings: &OwnSeeder,
        torrent: &Metainfo,
        place: &Path,
        policy: &PeerPolicy,
        mesh: Arc<Mesh>,
        abort: &Abort,
    ) -> Result<Self, Error> {
        // By default any address of either family: hosts may see this machine by different ones.
        let listen = settings.listen.or(settings.address).unwrap_or(Ipv6Addr::UNSPECIFIED.into());
        let max_upload = settings.max_upload.map(inventory::Rate::bytes_per_second);
        let config = Config {
            allow: Allow::Also(policy.admit.clone()),
            key: policy.key.clone(),
            upload_ceiling: max_upload,
            peer_ceiling: PEERS,
            ..Config::new(listen, settings.ports.ports(), Role::Seed)
        };
        let peer = Peer::start(torrent, place, config)?;
        while !peer.status().checked {
            abort.check().map_err(|_| Error::Aborted)?;
            if let Some(Event::Failed(error)) = peer.wait(GLANCE) {
                return Err(error.into());
            }
        }
        // The check may have ended with a refusal that is still to be heard.
        while let Some(event) = peer.wait(Duration::ZERO) {
            if let Event::Failed(error) = event {
                return Err(error.into());
            }
        }
        let address = SeederAddress::new(settings.address, peer.address().port());
        let (uploaded, stopping) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let worker = SeederThread { mesh, uploaded: Arc::clone(&uploaded), stopping: Arc::clone(&stopping) };
        let thread = thread::spawn(move || worker.run(peer));
        Ok(Self { address, max_upload, uploaded, stopping, thread })
    }

    /// How the hosts reach it.
    pub(crate) fn address(&self) -> SeederAddress {
        self.address
    }

    /// Bytes of the payload that it has sent so far.
    pub(crate) fn uploaded(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.uploaded)
    }

    /// Ends it; `host` is one of those it was for.
    pub(crate) fn stop(self, host: Option<IpAddr>) -> PushSeeder {
        let peer = host.and_then(|host| self.address.seen_from(host));
        self.stopping.store(true, Ordering::SeqCst);
        let _a_defect_of_its_own = self.thread.join();
        PushSeeder {
            peer: peer.unwrap_or_else(|| self.address.for_record()),
            uploaded: self.uploaded.load(Ordering::SeqCst),
            max_upload: self.max_upload.map(NonZeroU64::get),
        }
    }
}

struct SeederThread {
    mesh: Arc<Mesh>,
    uploaded: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
}

impl SeederThread {
    fn run(&self, peer: Peer) {
        while !self.stopping.load(Ordering::SeqCst) {
            if let Some(news) = self.mesh.seeder_news() {
                let dial: Vec<SocketAddr> = news.seeders.into_iter().chain(news.others).collect();
                peer.introduce(&dial);
            }
            match peer.wait(GLANCE) {
                Some(Event::Banned(ban)) => log::warn!("seeder: {} is banned: {}", ban.address, ban.reason),
                // The hosts go on with what is out already; whether that is enough they will say.
                Some(Event::Failed(error)) => log::error!("seeder: {error}"),
                _ => {}
            }
            self.uploaded.store(peer.status().uploaded, Ordering::SeqCst);
        }
        self.uploaded.store(peer.stop().status.uploaded, Ordering::SeqCst);
    }
}
