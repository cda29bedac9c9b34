//! The hosts of this push as peers of each other.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::rtorrent::groups::{Begun, Groups};
use crate::engine::rtorrent::pace::Pace;

/// Peers that one host is told of. rtorrent takes 200 of a download; a swarm needs far fewer.
const INTRODUCED: usize = 50;

/// What the threads of the hosts know together.
#[derive(Debug)]
pub(crate) struct Swarm {
    seeder: Option<SocketAddr>,
    groups: Groups,
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    pace: Pace,
    /// Hosts that wait for their turn, those whose turn it is, and how many had it.
    waiting: BTreeSet<usize>,
    called: BTreeSet<usize>,
    begun: Begun,
    members: Vec<Member>,
    /// Hosts that have every piece and a free upload slot.
    givers: BTreeSet<usize>,
}

/// A host that has the torrent loaded.
#[derive(Debug)]
struct Member {
    host: usize,
    address: SocketAddr,
    /// Addresses of hosts that wish to be dialled by it.
    calls: Vec<SocketAddr>,
}

impl Swarm {
    /// A swarm for a payload of `size` bytes. A seeder that can be dialled is one that everybody is told of, but for the
    /// rest of a group that has its own sources; embedded peers dial the rtorrents themselves.
    pub(crate) fn new(seeder: Option<SocketAddr>, size: u64, groups: Groups) -> Self {
        let inner = Inner {
            pace: Pace::new(size),
            waiting: BTreeSet::new(),
            called: BTreeSet::new(),
            begun: Begun::default(),
            members: Vec::new(),
            givers: BTreeSet::new(),
        };
        Self { seeder, groups, began: Instant::now(), inner: Mutex::new(inner) }
    }

    /// Whether it is the turn of `host`, which waits for it, to begin. Whoever asks, the one whose turn has come is called:
    /// of a large fleet each asks but now and then.
    pub(crate) fn may_begin(&self, host: usize) -> bool {
        let now = self.began.elapsed();
        let mut inner = self.lock();
        if inner.called.remove(&host) {
            return true;
        }
        inner.waiting.insert(host);
        if inner.pace.is_due(now, inner.givers.len())
            && let Some(next) = self.groups.next(&inner.waiting, &inner.begun)
        {
            inner.pace.begin(now);
            inner.waiting.remove(&next);
            self.groups.count(next, &mut inner.begun);
            inner.called.insert(next);
        }
        inner.called.remove(&host)
    }

    /// `host` has every piece, and can give it to more than it does.
    pub(crate) fn gives(&self, host: usize) {
        self.lock().givers.insert(host);
    }

    /// Whether the seeder has this address.
    pub(crate) fn is_seeder(&self, ip: IpAddr) -> bool {
        self.seeder.is_some_and(|seeder| seeder.ip() == ip)
    }

    /// A host got so many bytes in so much time.
    pub(crate) fn measure(&self, bytes: u64, size: u64, time: Duration) {
        self.lock().pace.measure(bytes, size, time);
    }

    /// `host` has the torrent loaded. Whom to dial: the seeder, and those who joined before; those who come later dial it,
    /// so each pair meets once.
    pub(crate) fn join(&self, host: usize, address: Option<SocketAddr>) -> Vec<SocketAddr> {
        let mut inner = self.lock();
        let peers = self.others(&inner, host, false);
        inner.enter(host, address);
        peers
    }

    /// `host` lacks peers. Whom to dial now; and the others will dial it, for a client that has been connected once does
    /// not dial the same peer again for 600 s, but may be dialled.
    pub(crate) fn rejoin(&self, host: usize, address: Option<SocketAddr>) -> Vec<SocketAddr> {
        let mut inner = self.lock();
        inner.enter(host, address);
        if let Some(address) = address {
            for member in inner.members.iter_mut().filter(|member| member.host != host) {
                if !member.calls.contains(&address) {
                    member.calls.push(address);
                }
            }
        }
        self.others(&inner, host, true)
    }

    /// Whether `host` is one that gets the payload from outside its group.
    pub(crate) fn is_source(&self, host: usize) -> bool {
        let inner = self.lock();
        let before: Vec<usize> =
            inner.members.iter().map(|member| member.host).take_while(|other| *other != host).collect();
        !self.groups.are_several() || self.groups.is_source(host, &before)
    }

    /// The seeder and the members but `host`, of its own group first, in turns one that can give and one that needs peers;
    /// the latest need them most.
    fn others(&self, inner: &Inner, host: usize, everybody: bool) -> Vec<SocketAddr> {
        let latest = inner.members.iter().rev().map(|member| member.host).filter(|other| *other != host);
        let (givers, needy): (Vec<usize>, Vec<usize>) =
            latest.partition(|other| inner.givers.contains(other));
        let members = alternate(&givers, &needy);
        let outward = everybody || !self.groups.are_several() || self.groups.is_source(host, &members);
        let known = self.groups.known_to(host, &members, everybody);
        let address = |known: usize| inner.members.iter().find(|member| member.host == known);
        let others = known.into_iter().filter_map(address).map(|member| member.address);
        self.seeder.filter(|_| outward).into_iter().chain(others).take(INTRODUCED).collect()
    }

    /// Whom `host` was asked to dial since the last time.
    pub(crate) fn calls(&self, host: usize) -> Vec<SocketAddr> {
        let mut inner = self.lock();
        let member = inner.members.iter_mut().find(|member| member.host == host);
        member.map(|member| std::mem::take(&mut member.calls)).unwrap_or_default()
    }

    /// `host` has failed: nobody need dial it.
    pub(crate) fn leave(&self, host: usize) {
        let mut inner = self.lock();
        inner.members.retain(|member| member.host != host);
        inner.givers.remove(&host);
    }

    /// `host` does not wait for its turn any more, whatever became of it.
    pub(crate) fn give_up_turn(&self, host: usize) {
        let mut inner = self.lock();
        inner.waiting.remove(&host);
        inner.called.remove(&host);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one and the other in turns, then what is left of either.
fn alternate(one: &[usize], other: &[usize]) -> Vec<usize> {
    let pairs = one.iter().zip(other).flat_map(|(one, other)| [*one, *other]);
    let both = one.len().min(other.len());
    pairs.chain(one.iter().skip(both).chain(other.iter().skip(both)).copied()).collect()
}

impl Inner {
    fn enter(&mut self, host: usize, address: Option<SocketAddr>) {
        if let Some(address) = address
            && !self.members.iter().any(|member| member.host == host)
        {
            self.members.push(Member { host, address, calls: Vec::new() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([10, 0, 0, last], 6890))
    }

    #[test]
    fn each_pair_meets_once() {
        let swarm = Swarm::new(Some(address(5)), 1, Groups::default());
        assert_eq!(swarm.join(1, Some(address(11))), [address(5)]);
        assert_eq!(swarm.join(2, Some(address(12))), [address(5), address(11)]);
        assert_eq!(swarm.join(3, Some(address(13))), [address(5), address(12), address(11)]);
        swarm.leave(2);
        assert_eq!(swarm.join(4, None), [address(5), address(13), address(11)]);
        assert_eq!(
            swarm.join(5, Some(address(15))),
            [address(5), address(13), address(11)],
            "nobody can dial 4"
        );
    }

    #[test]
    fn who_lacks_peers_is_dialled_by_the_others() {
        let swarm = Swarm::new(Some(address(5)), 1, Groups::default());
        swarm.join(1, Some(address(11)));
        swarm.join(2, Some(address(12)));
        assert_eq!(swarm.rejoin(1, Some(address(11))), [address(5), address(12)]);
        swarm.rejoin(1, Some(address(11)));
        assert_eq!(swarm.calls(2), [address(11)], "asked once");
        assert_eq!(swarm.calls(2), []);
        assert_eq!(swarm.calls(1), []);
    }

    #[test]
    fn a_large_swarm_is_not_a_full_mesh() {
        let swarm = Swarm::new(Some(address(5)), 1, Groups::default());
        for host in 0..100 {
            swarm.join(host, Some(address(u8::try_from(host).unwrap() + 100)));
        }
        let peers = swarm.join(200, Some(address(9)));
        assert_eq!((peers.len(), peers[0]), (50, address(5)));
    }

    #[test]
    fn in_a_large_swarm_half_of_those_one_is_told_of_can_give() {
        let swarm = Swarm::new(None, 1, Groups::default());
        for host in 0..100 {
            swarm.join(host, Some(address(u8::try_from(host).unwrap() + 100)));
        }
        (0..40).for_each(|host| swarm.gives(host));
        swarm.leave(39);
        let peers = swarm.join(200, Some(address(9)));
        assert_eq!(peers[..4], [38, 99, 37, 98].map(|host| address(host + 100)));
        let giving = peers.iter().filter(|peer| **peer <= address(139)).count();
        assert_eq!((peers.len(), giving), (50, 25));
    }

    #[test]
    fn the_rest_of_a_group_have_it_from_their_own() {
        let hosts = ["a", "a", "a", "b"].map(|group| {
            let mut host = crate::hosts::testing::host();
            host.group = group.parse().ok();
            host
        });
        let swarm = Swarm::new(Some(address(5)), 1, Groups::of(&hosts));
        assert_eq!(swarm.join(0, Some(address(10))), [address(5)]);
        assert_eq!(swarm.join(3, Some(address(13))), [address(5), address(10)]);
        assert_eq!(swarm.join(1, Some(address(11))), [address(5), address(10), address(13)]);
        assert_eq!(swarm.join(2, Some(address(12))), [address(11), address(10), address(13)], "no seeder");
        assert!(swarm.is_source(1) && !swarm.is_source(2));
        let all = [address(5), address(11), address(10), address(13)];
        assert_eq!(swarm.rejoin(2, Some(address(12))), all, "who gets nothing is told of everybody");
    }

    #[test]
    fn who_is_called_begins_when_it_asks_again() {
        let swarm = Swarm::new(None, 1, Groups::default());
        assert!(swarm.may_begin(1));
        swarm.lock().waiting.insert(0);
        assert!(!swarm.may_begin(2), "it was the turn of 0");
        assert!(swarm.may_begin(2));
        assert!(swarm.may_begin(0));
        assert_eq!(swarm.lock().waiting, BTreeSet::new());
    }

    #[test]
    fn a_host_that_failed_while_it_waited_holds_nobody_up() {
        let swarm = Swarm::new(None, 1, Groups::default());
        assert!(swarm.may_begin(2));
        // Its turn has come, but the pace may not allow it yet; then it is gone.
        swarm.lock().waiting.insert(0);
        assert!(!swarm.may_begin(1));
        swarm.give_up_turn(0);
        assert!(swarm.may_begin(1));
    }
}
