//! How long to wait before a broken connection is tried again.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// New connections to one host after the first.
pub(crate) const RETRIES: u32 = 3;

/// The wait before retry `number` (from 0): 0.5 s, 1 s, 2 s, each between half and one and a half times that, so that
/// hosts that were cut off together do not come back together.
pub(crate) fn delay(number: u32) -> Duration {
    spread(number, RandomState::new().build_hasher().finish())
}

fn spread(number: u32, random: u64) -> Duration {
    let base = Duration::from_millis(500) * 2u32.saturating_pow(number.min(6));
    let thousandths = u32::try_from(500 + random % 1001).unwrap_or(1000);
    base * thousandths / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_and_spreads() {
        assert_eq!(spread(0, 0), Duration::from_millis(250));
        assert_eq!(spread(0, 1000), Duration::from_millis(750));
        assert_eq!(spread(2, 500), Duration::from_millis(2000));
        assert!(spread(u32::MAX, 1000) < Duration::from_secs(60));
    }
}
