//! A ceiling on bytes a second.

use std::num::NonZeroU64;
use std::time::Duration;

/// A token bucket. Without a rate it is never empty.
#[derive(Debug)]
pub(super) struct Bucket {
    rate: Option<NonZeroU64>,
    tokens: f64,
    filled: Duration,
}

/// What may be sent in one go after a rest: a twentieth of a second's worth, and a few blocks at least.
fn burst(rate: NonZeroU64) -> f64 {
    (as_float(rate) / 20.0).max(64.0 * 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn as_float(rate: NonZeroU64) -> f64 {
    rate.get() as f64
}

impl Bucket {
    pub(super) fn new(rate: Option<NonZeroU64>) -> Self {
        Self { rate, tokens: 0.0, filled: Duration::ZERO }
    }

    /// Whether there is a rate.
    pub(super) fn is_limited(&self) -> bool {
        self.rate.is_some()
    }

    /// Takes so many bytes out, if there are any; the last to take may go into debt.
    pub(super) fn take(&mut self, bytes: u32, now: Duration) -> bool {
        let Some(rate) = self.rate else { return true };
        let grown = now.saturating_sub(self.filled).as_secs_f64() * as_float(rate);
        self.tokens = (self.tokens + grown).min(burst(rate));
        self.filled = now;
        let some = self.tokens > 0.0;
        if some {
            self.tokens -= f64::from(bytes);
        }
        some
    }

    /// How long until there is something to take.
    pub(super) fn wait(&self) -> Duration {
        let Some(rate) = self.rate else { return Duration::ZERO };
        let seconds = (1.0 - self.tokens).max(0.0) / as_float(rate);
        Duration::from_secs_f64(seconds).clamp(Duration::from_millis(1), Duration::from_secs(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lets_through_the_rate_and_no_more_than_a_burst_after_a_rest() {
        let mut bucket = Bucket::new(NonZeroU64::new(1_000_000));
        let mut sent = 0_u64;
        for millisecond in 1..=2000 {
            while bucket.take(16_384, Duration::from_millis(millisecond)) {
                sent += 16_384;
            }
        }
        assert!((1_900_000..=2_100_000).contains(&sent), "{sent}");
        let rested = Duration::from_secs(60);
        let burst = (0..100).take_while(|_| bucket.take(16_384, rested)).count();
        assert!(burst <= 5, "{burst}");
        assert!(bucket.wait() > Duration::ZERO && !bucket.take(1, rested));
        assert!(Bucket::new(None).take(u32::MAX, Duration::ZERO));
    }
}
