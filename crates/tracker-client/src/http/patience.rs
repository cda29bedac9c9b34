//! How long to wait for an answer.

use std::time::Duration;

/// How long to wait, and how often to try.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For one exchange from dialling to the last byte.
    pub timeout: Duration,
    /// Attempts at a call that does no harm when it is made twice.
    pub attempts: u32,
    /// Before the second attempt; twice as long before each further one. Half to all of it is waited, at random, so
    /// that many agents do not come back in one moment.
    pub pause: Duration,
}

impl Patience {
    /// The time before the attempt after this one, `dice` being between 0 and 1.
    pub(super) fn pause_after(&self, attempt: u32, dice: f64) -> Duration {
        let longest = self.pause.saturating_mul(2_u32.pow(attempt.saturating_sub(1).min(16)));
        longest.mul_f64(0.5 + dice.clamp(0.0, 1.0) / 2.0)
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self { timeout: Duration::from_secs(20), attempts: 3, pause: Duration::from_millis(500) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_vary_by_half() {
        let patience = Patience { pause: Duration::from_secs(2), ..Patience::default() };
        for (attempt, least, most) in [(1, 1, 2), (2, 2, 4), (3, 4, 8)] {
            assert_eq!(patience.pause_after(attempt, 0.0), Duration::from_secs(least));
            assert_eq!(patience.pause_after(attempt, 1.0), Duration::from_secs(most));
        }
        assert!(patience.pause_after(u32::MAX, 0.5) > Duration::from_secs(1), "no overflow");
    }
}
