//! Who begins when.
//!
//! rtorrents that start together are a star: empty peers hold back what they have got and unchoke on a 10/30 s clock, so
//! n hosts take as long as n downloads from the seeder. A host that begins when another has pieces gets them from it; best
//! was a gap of a seventh of the time one copy takes. Whole pushes measured with 8 hosts and a seeder without a limit of
//! its upload slots: 30 MB at 50 Mbit/s took 13 to 16 s (once 24) instead of 29; 6 MB at 10 Mbit/s 14 to 19 s instead of
//! 19 to 39; at 1 Gbit/s there was no difference. Two upload slots at the seeder made it worse: single hosts waited for
//! the 30 s clock.
//!
//! With that gap about eight hosts are at work at a time. Beginning sooner as soon as there is one complete copy made 8
//! hosts slower (14.8 s instead of 11.8 s) and 16 no faster, and the seeder sent more; but as many copies as hosts are at
//! work can feed as many more, so a large fleet doubles instead of standing in one line.

use std::time::Duration;

/// A host begins this fraction of one copy's time after the one before it.
const FRACTION: u32 = 7;
/// Hosts at work at a time with that gap, and so the complete copies that can feed as many more.
const LINE: u32 = FRACTION + 1;
/// Longer gaps would cost more than they give.
const LONGEST: Duration = Duration::from_secs(2);
/// The longest gap while nothing was measured: a fast network shows itself in this time.
const LONGEST_UNMEASURED: Duration = Duration::from_millis(700);
/// Bytes a second that a network carries at least, until it was measured: 8 Mbit/s.
const ASSUMED: u64 = 1_000_000;
/// What comes in less time says more about buffers than about the network.
const TRUSTED: Duration = Duration::from_millis(400);

/// The pace of one push.
#[derive(Debug)]
pub(crate) struct Pace {
    gap: Duration,
    /// The time one copy takes, once measured.
    copy: Option<Duration>,
    last: Option<Duration>,
}

impl Pace {
    /// For a payload of `size` bytes.
    pub(crate) fn new(size: u64) -> Self {
        let copy = Duration::from_millis(size.saturating_mul(1000) / ASSUMED);
        Self { gap: (copy / FRACTION).min(LONGEST_UNMEASURED), copy: None, last: None }
    }

    /// A host got `bytes` of `size` bytes in `time`. The fastest counts: slower ones share the seeder with others.
    pub(crate) fn measure(&mut self, bytes: u64, size: u64, time: Duration) {
        if bytes == 0 || (time < TRUSTED && bytes < size / 2) {
            return;
        }
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let copy = Duration::from_millis(millis.saturating_mul(size.div_ceil(bytes)));
        if self.copy.is_none_or(|known| copy < known) {
            self.copy = Some(copy);
            self.gap = (copy / FRACTION).min(LONGEST);
        }
    }

    /// Whether a host may begin at `now`, the time since the push began, when so many complete copies have a free upload slot.
    pub(crate) fn is_due(&self, now: Duration, copies: usize) -> bool {
        let lines = u32::try_from(copies).unwrap_or(u32::MAX) / LINE;
        self.last.is_none_or(|last| now >= last + self.gap / lines.saturating_add(1))
    }

    /// A host begins.
    pub(crate) fn begin(&mut self, now: Duration) {
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: fn(u64) -> Duration = Duration::from_millis;

    impl Pace {
        fn may_begin(&mut self, now: Duration) -> bool {
            let may = self.is_due(now, 0);
            if may {
                self.begin(now);
            }
            may
        }
    }

    #[test]
    fn the_first_begins_at_once_and_the_others_a_seventh_apart() {
        let mut pace = Pace::new(30_000_000);
        assert!(pace.may_begin(MS(0)));
        assert!(!pace.may_begin(MS(600)));
        assert!(pace.may_begin(MS(700)));
        assert!(!pace.may_begin(MS(1300)));
        assert!(pace.may_begin(MS(1400)));
    }

    #[test]
    fn a_fast_network_needs_no_gaps() {
        let mut pace = Pace::new(30_000_000);
        assert!(pace.may_begin(MS(0)));
        pace.measure(15_000_000, 30_000_000, MS(120));
        assert!(pace.may_begin(MS(250)) && pace.may_begin(MS(290)));
    }

    #[test]
    fn a_slow_one_has_longer_gaps_but_not_without_end() {
        let mut pace = Pace::new(30_000_000);
        pace.measure(1_000_000, 30_000_000, MS(4000));
        assert!(pace.may_begin(MS(0)));
        assert!(!pace.may_begin(MS(1900)));
        assert!(pace.may_begin(MS(2000)));
        // Others that share the seeder say nothing about one copy.
        pace.measure(30_000, 30_000_000, MS(4000));
        pace.measure(0, 30_000_000, MS(4000));
        // Nor does what was in the buffers.
        pace.measure(1_000_000, 30_000_000, MS(5));
        assert_eq!(pace.copy, Some(MS(120_000)));
    }

    #[test]
    fn each_eight_copies_that_can_give_feed_another_line() {
        let mut pace = Pace::new(30_000_000);
        pace.begin(MS(0));
        assert!(!pace.is_due(MS(600), 7) && pace.is_due(MS(700), 7));
        assert!(!pace.is_due(MS(349), 8) && pace.is_due(MS(350), 15));
        assert!(pace.is_due(MS(7), 8 * 99) && pace.is_due(MS(1), usize::MAX));
    }

    #[test]
    fn a_small_payload_needs_none() {
        let mut pace = Pace::new(100_000);
        assert!(pace.may_begin(MS(0)) && pace.may_begin(MS(15)));
    }
}
