//! The embedded seeder: this machine gives the payload away for as long as the push runs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::num::NonZeroU64;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cli::Abort;
use fleet::OwnSeeder;
use metainfo::Metainfo;
use record::PushSeeder;
use swarm_peer::{Allow, Config, Event, Peer, PushKey, Role};

use crate::Error;
use crate::engine::embedded::mesh::Mesh;

/// More than dial it: every host of a small fleet, some of a large one.
const PEERS: usize = 500;
/// Between two looks at what there is to be done.
const GLANCE: Duration = Duration::from_millis(50);

/// Who may have the payload.
pub(crate) struct Guests {
    pub(crate) admit: Vec<IpAddr>,
    pub(crate) key: Option<PushKey>,
}

/// A seeder that runs.
pub(crate) struct Seed {
    /// What hosts dial, if it was set; else it depends on the host.
    address: Option<IpAddr>,
    port: u16,
    max_upload: Option<NonZeroU64>,
    uploaded: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Seed {
    /// Starts it and waits until the payload at `place` was hashed.
    pub(crate) fn start(
        settings: &OwnSeeder,
        torrent: &Metainfo,
        place: &Path,
        guests: Guests,
        mesh: Arc<Mesh>,
        abort: &Abort,
    ) -> Result<Self, Error> {
        // By default any address of either family: hosts may see this machine by different ones.
        let listen = settings.listen.or(settings.address).unwrap_or(Ipv6Addr::UNSPECIFIED.into());
        let max_upload = settings.max_upload.map(fleet::Rate::bytes_per_second);
        let config = Config {
            allow: Allow::Also(guests.admit),
            key: guests.key,
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
        let port = peer.address().port();
        let (uploaded, stopping) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let attendant = Attendant { mesh, uploaded: Arc::clone(&uploaded), stopping: Arc::clone(&stopping) };
        let thread = thread::spawn(move || attendant.attend(peer));
        Ok(Self { address: settings.address, port, max_upload, uploaded, stopping, thread })
    }

    /// How the hosts reach it.
    pub(crate) fn way(&self) -> SeedWay {
        SeedWay { address: self.address, port: self.port }
    }

    /// Bytes of the payload that it has sent so far.
    pub(crate) fn uploaded(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.uploaded)
    }

    /// Ends it; `host` is one of those it was for.
    pub(crate) fn stop(self, host: Option<IpAddr>) -> PushSeeder {
        let peer = host.and_then(|host| self.way().from(host));
        self.stopping.store(true, Ordering::SeqCst);
        let _a_defect_of_its_own = self.thread.join();
        let any = || SocketAddr::new(self.address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()), self.port);
        PushSeeder {
            peer: peer.unwrap_or_else(any),
            uploaded: self.uploaded.load(Ordering::SeqCst),
            max_upload: self.max_upload.map(NonZeroU64::get),
        }
    }
}

/// How the hosts reach the seeder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SeedWay {
    address: Option<IpAddr>,
    port: u16,
}

impl SeedWay {
    pub(crate) fn port(self) -> u16 {
        self.port
    }

    /// What a host at `host` dials: the address that was set, else the one from which this machine would reach it.
    pub(crate) fn from(self, host: IpAddr) -> Option<SocketAddr> {
        let ip = self.address.or_else(|| local_towards(host))?;
        Some(SocketAddr::new(ip, self.port))
    }
}

#[cfg(test)]
impl SeedWay {
    /// The same for everybody.
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self { address: Some(address.ip()), port: address.port() }
    }
}

/// The source address of the route to `host`. Connecting a UDP socket asks the kernel for it and sends nothing.
fn local_towards(host: IpAddr) -> Option<IpAddr> {
    let any: IpAddr =
        if host.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((host, 9)).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

struct Attendant {
    mesh: Arc<Mesh>,
    uploaded: Arc<AtomicU64>,
    stopping: Arc<AtomicBool>,
}

impl Attendant {
    fn attend(&self, peer: Peer) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_dial_what_was_set_or_the_address_on_the_way_to_them() {
        let set = SeedWay { address: Some([10, 0, 0, 5].into()), port: 6900 };
        assert_eq!(set.from([10, 0, 0, 11].into()), Some("10.0.0.5:6900".parse().unwrap()));
        let found = SeedWay { address: None, port: 6900 }.from([127, 0, 0, 1].into());
        assert_eq!(found, Some("127.0.0.1:6900".parse().unwrap()));
        let found = SeedWay { address: None, port: 6900 }.from(Ipv6Addr::LOCALHOST.into());
        assert!(
            found.is_none_or(|at| at == "[::1]:6900".parse().unwrap()),
            "by the family of the host: {found:?}"
        );
    }
}
