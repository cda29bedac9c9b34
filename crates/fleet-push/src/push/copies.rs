//! How many complete copies the fleet holds, and from when on it can do without its seeder.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use record::SeederSpared;

/// Complete copies from which on the seeder may leave: one may fail.
const ENOUGH: usize = 2;

/// Shared by the threads of all hosts.
#[derive(Debug)]
pub(crate) struct Copies {
    began: Instant,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    /// Hosts that have every piece and give it away.
    complete: BTreeSet<usize>,
    /// Hosts that lack pieces.
    wanting: BTreeSet<usize>,
    /// Those of them that cannot be told of other hosts: who dials them now may be all they ever have.
    without_peers: BTreeSet<usize>,
    reported: bool,
}

impl Copies {
    /// For so many hosts, none of which has anything.
    pub(crate) fn new(hosts: usize) -> Self {
        let inner = Inner { wanting: (0..hosts).collect(), ..Inner::default() };
        Self { began: Instant::now(), inner: Mutex::new(inner) }
    }

    /// `host` has every piece and stays to give it away. Says, once, that the seeder may leave from now on.
    pub(crate) fn complete(&self, host: usize) -> Option<SeederSpared> {
        let mut inner = self.lock();
        inner.wanting.remove(&host);
        inner.without_peers.remove(&host);
        inner.complete.insert(host);
        self.spared(&mut inner)
    }

    /// `host` wants nothing any more: it has the release, or has failed. A copy of it stays one if its client `stays`.
    pub(crate) fn done(&self, host: usize, stays: bool) -> Option<SeederSpared> {
        let mut inner = self.lock();
        inner.wanting.remove(&host);
        inner.without_peers.remove(&host);
        if !stays {
            inner.complete.remove(&host);
        }
        self.spared(&mut inner)
    }

    /// `host` cannot be told of others.
    pub(crate) fn takes_no_peers(&self, host: usize) {
        let mut inner = self.lock();
        if inner.wanting.contains(&host) {
            inner.without_peers.insert(host);
        }
    }

    /// `host` can be told of others after all.
    pub(crate) fn takes_peers(&self, host: usize) {
        self.lock().without_peers.remove(&host);
    }

    fn spared(&self, inner: &mut Inner) -> Option<SeederSpared> {
        // When nobody wants anything the end of the push tells it.
        let spared =
            inner.complete.len() >= ENOUGH && inner.without_peers.is_empty() && !inner.wanting.is_empty();
        if !spared || inner.reported {
            return None;
        }
        inner.reported = true;
        let millis = u32::try_from(self.began.elapsed().as_millis()).unwrap_or(u32::MAX);
        let copies = u32::try_from(inner.complete.len()).unwrap_or(u32::MAX);
        Some(SeederSpared { copies, seconds: f64::from(millis) / 1000.0 })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copies(news: Option<SeederSpared>) -> Option<u32> {
        news.map(|spared| spared.copies)
    }

    #[test]
    fn two_copies_are_enough_and_it_is_told_once() {
        let fleet = Copies::new(4);
        assert_eq!(copies(fleet.complete(0)), None);
        assert_eq!(copies(fleet.done(0, true)), None, "it still has its copy");
        assert_eq!(copies(fleet.complete(1)), Some(2));
        assert_eq!(copies(fleet.complete(2)), None);
    }

    #[test]
    fn a_copy_whose_client_is_gone_does_not_count() {
        let fleet = Copies::new(4);
        fleet.complete(0);
        fleet.done(0, false);
        assert_eq!(copies(fleet.complete(1)), None);
        assert_eq!(copies(fleet.complete(2)), Some(2));
    }

    #[test]
    fn a_host_that_cannot_be_told_of_others_keeps_the_seeder_as_long_as_it_lacks_pieces() {
        let fleet = Copies::new(4);
        fleet.takes_no_peers(2);
        fleet.takes_no_peers(3);
        fleet.takes_peers(2);
        fleet.complete(0);
        assert_eq!(copies(fleet.complete(1)), None);
        assert_eq!(copies(fleet.done(3, true)), Some(2), "2 is still at work");
    }

    #[test]
    fn when_all_are_done_there_is_nothing_to_tell() {
        let fleet = Copies::new(2);
        fleet.complete(0);
        assert_eq!(copies(fleet.complete(1)), None);
    }
}
