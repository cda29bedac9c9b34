//! The hosts of this push as peers of each other.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::pace::Pace;

/// Peers that one host is told of. rtorrent takes 200 of a download; a swarm needs far fewer.
const INTRODUCED: usize = 50;

/// What the threads of the hosts know together.
#[derive(Debug)]
pub(crate) struct Swarm {
    seeder: Option<SocketAddr>,
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    pace: Pace,
    members: Vec<Member>,
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
    /// A swarm for a payload of `size` bytes. A seeder that can be dialled is one that everybody is told of; embedded peers
    /// dial the rtorrents themselves.
    pub(crate) fn new(seeder: Option<SocketAddr>, size: u64) -> Self {
        let inner = Inner { pace: Pace::new(size), members: Vec::new() };
        Self { seeder, began: Instant::now(), inner: Mutex::new(inner) }
    }

    /// Whether it is a host's turn to begin.
    pub(crate) fn may_begin(&self) -> bool {
        let now = self.began.elapsed();
        self.lock().pace.may_begin(now)
    }

    /// Whether the seeder has this address.
    pub(crate) fn is_seeder(&self, ip: IpAddr) -> bool {
        self.seeder.is_some_and(|seeder| seeder.ip() == ip)
    }

    /// A host got so many bytes in so much time.
    pub(crate) fn measure(&self, bytes: u64, size: u64, time: Duration) {
        self.lock().pace.measure(bytes, size, time);
    }

    /// `host` has the torrent loaded. Whom to dial: the seeder, and everybody who joined before; those who come later
    /// dial it, so each pair meets once.
    pub(crate) fn join(&self, host: usize, address: Option<SocketAddr>) -> Vec<SocketAddr> {
        let mut inner = self.lock();
        let peers = inner.others(host, self.seeder);
        if let Some(address) = address
            && !inner.members.iter().any(|member| member.host == host)
        {
            inner.members.push(Member { host, address, calls: Vec::new() });
        }
        peers
    }

    /// `host` lacks peers. Whom to dial now; and the others will dial it, for a client that has been connected once does
    /// not dial the same peer again for 600 s, but may be dialled.
    pub(crate) fn rejoin(&self, host: usize, address: Option<SocketAddr>) -> Vec<SocketAddr> {
        let mut inner = self.lock();
        if let Some(address) = address {
            for member in inner.members.iter_mut().filter(|member| member.host != host) {
                if !member.calls.contains(&address) {
                    member.calls.push(address);
                }
            }
        }
        inner.others(host, self.seeder)
    }

    /// Whom `host` was asked to dial since the last time.
    pub(crate) fn calls(&self, host: usize) -> Vec<SocketAddr> {
        let mut inner = self.lock();
        let member = inner.members.iter_mut().find(|member| member.host == host);
        member.map(|member| std::mem::take(&mut member.calls)).unwrap_or_default()
    }

    /// `host` has failed: nobody need dial it.
    pub(crate) fn leave(&self, host: usize) {
        self.lock().members.retain(|member| member.host != host);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// The seeder and the members but `host`, the latest first: they need peers most.
    fn others(&self, host: usize, seeder: Option<SocketAddr>) -> Vec<SocketAddr> {
        let others =
            self.members.iter().rev().filter(|member| member.host != host).map(|member| member.address);
        seeder.into_iter().chain(others).take(INTRODUCED).collect()
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
        let swarm = Swarm::new(Some(address(5)), 1);
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
        let swarm = Swarm::new(Some(address(5)), 1);
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
        let swarm = Swarm::new(Some(address(5)), 1);
        for host in 0..100 {
            swarm.join(host, Some(address(u8::try_from(host).unwrap() + 100)));
        }
        let peers = swarm.join(200, Some(address(9)));
        assert_eq!((peers.len(), peers[0]), (50, address(5)));
    }
}
