//! Whom a host's bytes came from: the seeder, or the other hosts.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// Between two questions to a client that must be asked for each of its peers.
const PACE: Duration = Duration::from_secs(1);
/// So many are asked as soon as may be: a small payload is there before long, and complete clients leave each other.
const EAGER: u32 = 8;

/// Bytes of payload that came over connections which were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) from_seeder: u64,
    pub(crate) from_fleet: u64,
}

impl Received {
    /// The seeder's part of what came, if anything did.
    pub(crate) fn percent_from_seeder(self) -> Option<u64> {
        let all = u128::from(self.from_seeder) + u128::from(self.from_fleet);
        let percent = (u128::from(self.from_seeder) * 100).checked_div(all)?;
        u64::try_from(percent).ok()
    }

    fn add(&mut self, is_seeder: bool, bytes: u64) {
        let sum = if is_seeder { &mut self.from_seeder } else { &mut self.from_fleet };
        *sum = sum.saturating_add(bytes);
    }
}

/// The account of a client that counts by connection, and forgets a count with its connection.
#[derive(Debug, Default)]
pub(crate) struct Origin {
    /// Of connections that have ended.
    ended: Received,
    /// Of those that last.
    lasting: BTreeMap<IpAddr, u64>,
    asked: Option<Instant>,
    times: u32,
}

impl Origin {
    /// Whether it is time to ask for the peers again.
    pub(crate) fn is_due(&mut self, now: Instant) -> bool {
        let late = self.asked.is_none_or(|asked| now.saturating_duration_since(asked) >= PACE);
        let due = late || self.times < EAGER;
        if due {
            self.asked = Some(now);
            self.times += 1;
        }
        due
    }

    /// Takes in the peers of this moment.
    pub(crate) fn look(&mut self, sources: &[(IpAddr, u64)], is_seeder: impl Fn(IpAddr) -> bool) -> Received {
        let now: BTreeMap<IpAddr, u64> = sources.iter().copied().collect();
        for (ip, before) in &self.lasting {
            // One that is gone, or counts from nothing again.
            if now.get(ip).is_none_or(|bytes| bytes < before) {
                self.ended.add(is_seeder(*ip), *before);
            }
        }
        self.lasting = now;
        let mut all = self.ended;
        for (ip, bytes) in &self.lasting {
            all.add(is_seeder(*ip), *bytes);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_ends_or_begins_anew_loses_no_byte() {
        let (seeder, other) = (IpAddr::from([10, 0, 0, 5]), IpAddr::from([10, 0, 0, 11]));
        let mut origin = Origin::default();
        let mut look = |sources: &[(IpAddr, u64)]| {
            let Received { from_seeder, from_fleet } = origin.look(sources, |ip| ip == seeder);
            (from_seeder, from_fleet)
        };
        assert_eq!(look(&[]), (0, 0));
        assert_eq!(look(&[(seeder, 100), (other, 10)]), (100, 10));
        assert_eq!(look(&[(other, 30)]), (100, 30), "the seeder has gone");
        assert_eq!(look(&[(seeder, 5), (other, 2)]), (105, 32), "both connected anew");
        assert_eq!(look(&[(seeder, 50)]), (150, 32));
    }

    #[test]
    fn the_clients_are_not_asked_at_every_look() {
        let (mut origin, now) = (Origin::default(), Instant::now());
        assert!((0..EAGER).all(|_| origin.is_due(now)), "but at the first ones");
        origin.asked = None;
        assert!(origin.is_due(now) && !origin.is_due(now + PACE / 2) && origin.is_due(now + PACE));
    }

    #[test]
    fn parts_are_of_what_came() {
        let percent = |from_seeder, from_fleet| Received { from_seeder, from_fleet }.percent_from_seeder();
        assert_eq!((percent(1, 3), percent(0, 0), percent(u64::MAX, u64::MAX)), (Some(25), None, Some(50)));
    }
}
