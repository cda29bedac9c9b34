//! The embedded peers of a push: who is there, whom each is to be told of, and whether anybody still needs the others.
//!
//! Nobody is told of a peer that does not listen yet: a refused dial costs a back-off. So the peer list goes out when
//! every host listens, or has failed, or has kept the others waiting for [`PATIENCE`]; who comes later is introduced then.
//! rtorrents and foreign clients are dialled by every embedded peer; they are never asked to dial one, and so private
//! torrents, for which rtorrent takes no peers by hand, are no exception.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use swarm_peer::topology::{FULL_MESH, Topology};

use crate::engine::embedded::seeder_address::SeederAddress;

/// How long the first to listen wait for the others.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whom a peer is to be told of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Introduction {
    /// Seeders to dial.
    pub(crate) seeders: BTreeSet<SocketAddr>,
    /// Others to dial.
    pub(crate) others: BTreeSet<SocketAddr>,
}

impl Introduction {
    /// All of it, if there is any, leaving none.
    fn take(&mut self) -> Option<Self> {
        let news = std::mem::take(self);
        (news != Self::default()).then_some(news)
    }
}

/// Shared by the threads of all hosts and the one of the seeder.
#[derive(Debug)]
pub(crate) struct Mesh {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    topology: Topology,
    /// Embedded hosts that neither listen nor have failed yet.
    awaited: BTreeSet<usize>,
    /// When the first began to listen.
    first: Option<Instant>,
    open: bool,
    members: BTreeMap<usize, Member>,
    /// Clients that are no embedded peers of this push: the rtorrents of hosts, `--allow-peer`.
    foreign: BTreeSet<SocketAddr>,
    /// Numbers of hosts that have had the payload before.
    seeders: BTreeSet<usize>,
    /// An rtorrent that seeds.
    foreign_seeder: Option<SocketAddr>,
    /// The embedded seeder, and what it has not been told of yet.
    seeder: Option<SeederAddress>,
    seeder_news: Introduction,
    /// Hosts of any engine that still want the payload.
    wanting: BTreeSet<usize>,
}

#[derive(Debug)]
struct Member {
    address: SocketAddr,
    news: Introduction,
}

impl Mesh {
    /// For the hosts of a push by their numbers: all of them, and those with an embedded peer.
    pub(crate) fn new(all: BTreeSet<usize>, embedded: BTreeSet<usize>, foreign: &[SocketAddr]) -> Self {
        let inner = Inner {
            topology: Topology::new(embedded.len(), fastrand::Rng::new()),
            awaited: embedded,
            first: None,
            open: false,
            members: BTreeMap::new(),
            foreign: foreign.iter().copied().collect(),
            seeders: BTreeSet::new(),
            foreign_seeder: None,
            seeder: None,
            seeder_news: Introduction::default(),
            wanting: all,
        };
        Self { inner: Mutex::new(inner) }
    }

    /// The embedded seeder listens. A small fleet dials it, host by host as they join; of a large one only the first
    /// [`FULL_MESH`], or it would talk to all.
    pub(crate) fn seeder_listens(&self, address: SeederAddress) {
        let mut inner = self.lock();
        inner.seeder_news.others = inner.foreign.clone();
        inner.seeder = Some(address);
    }

    /// `host` listens at `address`; also when it does so again after its connection broke.
    pub(crate) fn listens(&self, host: usize, address: SocketAddr, group: Option<&str>) {
        let mut inner = self.lock();
        inner.awaited.remove(&host);
        inner.first.get_or_insert_with(Instant::now);
        let before = inner.topology.leave(host);
        inner.topology.enter(host, group);
        inner.members.insert(host, Member { address, news: Introduction::default() });
        if inner.open {
            inner.join(host);
            // It knows nobody any more, and those who knew it dial its old port: it takes them all up again.
            for other in before {
                inner.introduce(host, other);
            }
        }
    }

    /// Whether any host has an embedded peer.
    pub(crate) fn has_embedded(&self) -> bool {
        let inner = self.lock();
        !inner.awaited.is_empty() || !inner.members.is_empty()
    }

    /// `address`, a client that is no embedded peer of this push, can be dialled.
    pub(crate) fn outside(&self, address: SocketAddr) {
        let mut inner = self.lock();
        if inner.foreign.insert(address) {
            for member in inner.members.values_mut() {
                member.news.others.insert(address);
            }
            inner.seeder_news.others.insert(address);
        }
    }

    /// An rtorrent that seeds and can be dialled by every host.
    pub(crate) fn seeded_by(&self, address: SocketAddr) {
        self.lock().foreign_seeder = Some(address);
    }

    /// `host` has had everything from the beginning.
    pub(crate) fn is_seeder(&self, host: usize) {
        self.lock().seeders.insert(host);
    }

    /// `host` is reached by fewer than it should: it dials those, too, that were to dial it, as behind a closed port it
    /// must.
    pub(crate) fn dial_all(&self, host: usize) {
        let mut inner = self.lock();
        for other in inner.topology.neighbours(host) {
            inner.introduce(host, other);
        }
    }

    /// `host` gets nothing: others are found for it.
    pub(crate) fn more(&self, host: usize) {
        let mut inner = self.lock();
        for other in inner.topology.more(host) {
            inner.introduce(host, other);
        }
        inner.know_seeder(host);
    }

    /// What `host` has not been told of yet.
    pub(crate) fn news(&self, host: usize) -> Option<Introduction> {
        let mut inner = self.lock();
        inner.open_when_due();
        if !inner.open {
            return None;
        }
        let member = inner.members.get_mut(&host)?;
        member.news.take()
    }

    /// What the embedded seeder has not been told of yet.
    pub(crate) fn seeder_news(&self) -> Option<Introduction> {
        self.lock().seeder_news.take()
    }

    /// How many peers `host` ought to have.
    pub(crate) fn links(&self, host: usize) -> usize {
        self.lock().topology.neighbours(host).len()
    }

    /// `host` has no peer any more, for the time being or for good.
    pub(crate) fn leave(&self, host: usize) {
        let mut inner = self.lock();
        inner.members.remove(&host);
        inner.topology.leave(host);
    }

    /// `host` wants nothing any more: it has the release, or has failed.
    pub(crate) fn settle(&self, host: usize) {
        let mut inner = self.lock();
        inner.wanting.remove(&host);
        inner.awaited.remove(&host);
    }

    /// Whether nobody wants anything any more.
    pub(crate) fn is_over(&self) -> bool {
        self.lock().wanting.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn open_when_due(&mut self) {
        let waited = self.first.is_some_and(|first| first.elapsed() >= PATIENCE);
        if self.open || !(self.awaited.is_empty() || waited) {
            return;
        }
        self.open = true;
        let mut hosts: Vec<usize> = self.members.keys().copied().collect();
        if hosts.len() > FULL_MESH {
            // Those who come first get to know the seeder: some of every group.
            fastrand::shuffle(&mut hosts);
        }
        for host in hosts {
            self.join(host);
        }
    }

    fn join(&mut self, host: usize) {
        for other in self.topology.meet(host) {
            self.introduce(host, other);
        }
        if self.topology.meet_seeder(host) {
            self.know_seeder(host);
        }
        let Some(member) = self.members.get_mut(&host) else { return };
        member.news.others.extend(&self.foreign);
        member.news.seeders.extend(self.foreign_seeder);
    }

    fn know_seeder(&mut self, host: usize) {
        let Some(member) = self.members.get_mut(&host) else { return };
        member.news.seeders.extend(self.seeder.and_then(|seeder| seeder.seen_from(member.address.ip())));
    }

    /// `host` dials `other`.
    fn introduce(&mut self, host: usize, other: usize) {
        let Some(address) = self.members.get(&other).map(|other| other.address) else { return };
        let Some(member) = self.members.get_mut(&host) else { return };
        if self.seeders.contains(&other) {
            member.news.seeders.insert(address);
        } else if member.address.is_ipv4() == address.is_ipv4() {
            // Between the families there is mostly no way, and the seeder of a push has an address in each.
            member.news.others.insert(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 6900))
    }

    fn seeder(last: u8) -> SeederAddress {
        {
            let at = address(last);
            SeederAddress::new(Some(at.ip()), at.port())
        }
    }

    fn mesh(hosts: usize) -> Mesh {
        Mesh::new((0..hosts).collect(), (0..hosts).collect(), &[])
    }

    fn dialled(news: Option<Introduction>) -> Vec<SocketAddr> {
        let Introduction { seeders, others } = news.unwrap_or_default();
        others.into_iter().chain(seeders).collect()
    }

    #[test]
    fn nobody_is_told_of_anybody_before_all_listen() {
        let mesh = mesh(3);
        mesh.seeder_listens(seeder(9));
        mesh.listens(0, address(0), None);
        mesh.listens(1, address(1), None);
        assert_eq!(mesh.news(0), None);
        mesh.settle(2);
        assert_eq!(dialled(mesh.news(0)), [address(1), address(9)]);
        assert_eq!(dialled(mesh.news(1)), [address(9)], "each pair meets once");
        assert_eq!(mesh.news(1), None, "nothing is told twice");
        assert_eq!(mesh.seeder_news(), None, "it is dialled");
    }

    #[test]
    fn in_a_large_fleet_some_dial_the_seeder_and_everybody_knows_somebody() {
        let mesh = mesh(120);
        mesh.seeder_listens(seeder(9));
        for host in 0..120_u8 {
            mesh.listens(host.into(), address(host + 10), None);
        }
        let news: Vec<Introduction> = (0..120).map(|host| mesh.news(host).unwrap_or_default()).collect();
        assert_eq!(news.iter().filter(|news| !news.seeders.is_empty()).count(), FULL_MESH);
        assert!((0..120).all(|host| mesh.links(host) >= 16));
    }

    #[test]
    fn who_comes_late_dials_those_who_are_there() {
        let mesh = mesh(2);
        mesh.listens(0, address(0), None);
        mesh.listens(1, address(1), None);
        mesh.news(0);
        mesh.news(1);
        mesh.listens(7, address(7), None);
        assert_eq!(dialled(mesh.news(7)), [address(0), address(1)]);
        assert_eq!(mesh.news(0), None);
    }

    #[test]
    fn who_lost_its_connection_comes_back_with_another_port() {
        let mesh = mesh(2);
        mesh.listens(0, address(0), None);
        mesh.listens(1, address(1), None);
        mesh.news(0);
        mesh.news(1);
        let elsewhere = SocketAddr::from(([10, 0, 0, 0], 6950));
        mesh.listens(0, elsewhere, None);
        assert_eq!(dialled(mesh.news(0)), [address(1)]);
    }

    #[test]
    fn a_closed_port_is_got_round_by_dialling_out() {
        let mesh = mesh(3);
        for host in 0..3 {
            mesh.listens(host, address(u8::try_from(host).unwrap()), None);
        }
        assert_eq!(dialled(mesh.news(2)), []);
        mesh.dial_all(2);
        assert_eq!(dialled(mesh.news(2)), [address(0), address(1)]);
    }

    #[test]
    fn clients_that_are_not_ours_are_dialled_by_all_and_by_the_seeder() {
        let mesh = Mesh::new((0..3).collect(), BTreeSet::from([0, 1]), &[address(50)]);
        mesh.seeder_listens(seeder(9));
        mesh.listens(0, address(0), None);
        mesh.listens(1, address(1), None);
        assert_eq!(dialled(mesh.news(1)), [address(50), address(9)]);
        mesh.news(0);
        mesh.outside(address(60));
        assert_eq!(dialled(mesh.news(0)), [address(60)]);
        assert_eq!(dialled(mesh.seeder_news()), [address(50), address(60)]);
    }

    #[test]
    fn hosts_of_two_families_meet_by_way_of_the_seeder_only() {
        let mesh = mesh(3);
        let six =
            |last: u16| SocketAddr::from((std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last), 6900));
        mesh.listens(0, address(0), None);
        mesh.listens(1, six(1), None);
        mesh.listens(2, six(2), None);
        assert_eq!(dialled(mesh.news(0)), []);
        let pair = [dialled(mesh.news(1)), dialled(mesh.news(2))].concat();
        assert!(pair == [six(1)] || pair == [six(2)], "{pair:?}");
        // A host that seeds for all is worth an attempt.
        mesh.is_seeder(0);
        mesh.dial_all(1);
        assert!(dialled(mesh.news(1)).contains(&address(0)));
    }

    #[test]
    fn it_is_over_when_the_last_one_has_the_release_or_failed() {
        let mesh = mesh(2);
        mesh.settle(1);
        assert!(!mesh.is_over());
        mesh.settle(0);
        assert!(mesh.is_over());
    }
}
