//! How many blocks to have on request at one peer.

use std::time::Duration;

use crate::wire::BLOCK;

/// Fewest: keeps a link of one data centre busy. More only makes a queue, and a queue delays what is rare: from 4 to 32 a
/// swarm of eight becomes a third slower.
const FEWEST: usize = 4;
/// What takes so long from a nearby peer waits in a queue there, behind what all the others asked for: then fewer are better.
/// Among many hosts, and where some have a slow uplink, the last pieces come up to a tenth sooner for it.
const QUEUED: Duration = Duration::from_millis(100);
const FEWEST_QUEUED: usize = 2;
/// Most: 2 MiB. Other clients take 250 and more.
const MOST: usize = 128;
/// A part of what a link carries that is asked for besides, two blocks at least: one that carries it, too, has its window
/// grow by so much in each round trip. Over a long way two blocks alone would take seconds to find out.
const PROBE: usize = 4;
/// What takes longer was a stall and says nothing of the next block: counted in full it would have a peer that falls silent once
/// more waited for by minutes.
const LONGEST: Duration = Duration::from_secs(5);
/// How much of a new sample goes into the mean latency.
const SMOOTHING: u32 = 8;

/// Rate times delay of one link, measured on its blocks.
///
/// The delay is the least that was ever seen between a request and its block, so that queues which our own requests make do
/// not call for more requests. Two blocks more are asked for than fit into rate times delay: while the link carries them the
/// rate grows, and with it the window, until the link is full.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Window {
    least: Option<Duration>,
    mean: Option<Duration>,
    /// Bytes a second.
    rate: f64,
}

impl Window {
    /// A block came `latency` after its request, and `bytes` in all came in that time.
    pub(crate) fn measured(&mut self, latency: Duration, bytes: u64) {
        let latency = latency.max(Duration::from_micros(50));
        self.least = Some(self.least.map_or(latency, |least| least.min(latency)));
        let usual = latency.min(LONGEST);
        self.mean = Some(self.mean.map_or(usual, |mean| (mean * (SMOOTHING - 1) + usual) / SMOOTHING));
        // A quiet link gives low samples that say nothing; the greatest is forgotten slowly.
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let sample = bytes as f64 / latency.as_secs_f64();
        self.rate = (self.rate * 0.98).max(sample);
    }

    /// Blocks to have on request.
    pub(crate) fn blocks(&self) -> usize {
        let delay = self.least.unwrap_or_default().as_secs_f64();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded next")]
        let carried = (self.rate * delay / f64::from(BLOCK)).ceil() as usize;
        let fewest = if self.mean.is_some_and(|mean| mean > QUEUED) { FEWEST_QUEUED } else { FEWEST };
        (carried + (carried / PROBE).max(2)).clamp(fewest, MOST)
    }

    /// What a block takes from its request on, if any has come.
    pub(crate) fn latency(&self) -> Option<Duration> {
        self.mean
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays a link of `rate` bytes a second and `delay` until the window no longer changes: the first blocks queue behind each
    /// other, later ones behind all that is on request.
    fn settle(rate: f64, delay: Duration) -> usize {
        let mut window = Window::default();
        let behind = |blocks: usize| Duration::from_secs_f64(blocks as f64 * f64::from(BLOCK) / rate);
        for first in 1..=window.blocks() {
            window.measured(delay + behind(first), first as u64 * u64::from(BLOCK));
        }
        for _ in 0..500 {
            let blocks = window.blocks();
            window.measured(behind(blocks).max(delay + behind(1)), blocks as u64 * u64::from(BLOCK));
        }
        window.blocks()
    }

    #[test]
    fn is_short_nearby_and_grows_with_rate_times_delay() {
        assert_eq!(settle(6e6 / 8.0, Duration::from_micros(200)), FEWEST);
        assert_eq!(settle(50e6 / 8.0, Duration::from_micros(200)), FEWEST);
        // 50 Mbit/s over 100 ms are 38 blocks.
        assert!((38..=50).contains(&settle(50e6 / 8.0, Duration::from_millis(100))));
        assert_eq!(settle(1e9, Duration::from_millis(200)), MOST);
    }
}
