//! Which instructions this processor has for hashing several messages at once.

use std::fmt;

/// The instructions to use. A value exists only where the processor has them, so none can be asked of one that has not.
///
/// An engine falls back on the slower ones for what does not fill its lanes, as far as the processor has those.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Engine {
    avx512: bool,
    sha_ni: bool,
}

impl Engine {
    /// The `sha1` crate, one message after the other. On every machine.
    pub const PORTABLE: Self = Self { avx512: false, sha_ni: false };

    /// The fastest one here.
    #[must_use]
    pub fn best() -> Self {
        // The standard library asks CPUID once and keeps the answer.
        #[cfg(target_arch = "x86_64")]
        return Self {
            avx512: is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw"),
            sha_ni: is_x86_feature_detected!("sha")
                && is_x86_feature_detected!("ssse3")
                && is_x86_feature_detected!("sse4.1"),
        };
        #[cfg(not(target_arch = "x86_64"))]
        Self::PORTABLE
    }

    /// All that work here, the fastest first: for tests and measurements.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let best = Self::best();
        // Skylake and Cascade Lake servers have AVX-512 and no SHA instructions, so the lanes are shared out otherwise.
        let without_sha_ni = Self { sha_ni: false, ..best };
        let without_avx512 = Self { avx512: false, ..best };
        let mut all = vec![best];
        all.extend(
            [without_sha_ni, without_avx512].into_iter().filter(|e| *e != best && *e != Self::PORTABLE),
        );
        all.extend((best != Self::PORTABLE).then_some(Self::PORTABLE));
        all
    }

    /// Messages of equal length that fill this engine: 16, 4 or 1.
    #[must_use]
    pub const fn lanes(self) -> usize {
        match self {
            Self { avx512: true, .. } => 16,
            Self { sha_ni: true, .. } => 4,
            Self { .. } => 1,
        }
    }

    /// Whether AVX-512 F and BW may be used.
    #[cfg(target_arch = "x86_64")]
    pub(crate) const fn avx512(self) -> bool {
        self.avx512
    }

    /// Whether the SHA extensions, SSSE3 and SSE4.1 may be used.
    #[cfg(target_arch = "x86_64")]
    pub(crate) const fn sha_ni(self) -> bool {
        self.sha_ni
    }

    /// How many of `waiting` messages, equally long, to hash in the next step so that all are done soonest.
    ///
    /// Measured on a Zen 5 (`examples/throughput.rs`), in the time that one message takes with the SHA instructions: two
    /// 1.1, three 1.2, four 1.5, and AVX-512 3.0 however few of its lanes are filled. So up to eight are better off in
    /// fours, unless there are no SHA instructions: then one message takes 2.
    pub(crate) fn step(self, waiting: usize) -> usize {
        let worth_16 = if self.sha_ni { 9 } else { 2 };
        match self {
            Self { avx512: true, .. } if waiting >= worth_16 => waiting.min(16),
            // Five are three and two, not four and one.
            Self { sha_ni: true, .. } => waiting.div_ceil(waiting.div_ceil(4).max(1)),
            Self { .. } => waiting.min(1),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self { avx512: true, sha_ni: true } => "avx512",
            Self { avx512: true, sha_ni: false } => "avx512 without sha-ni",
            Self { sha_ni: true, .. } => "sha-ni",
            Self { .. } => "portable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(engine: Engine, mut waiting: usize) -> Vec<usize> {
        let mut steps = Vec::new();
        while waiting > 0 {
            let step = engine.step(waiting);
            steps.push(step);
            waiting -= step;
        }
        steps
    }

    #[test]
    fn messages_are_shared_out_to_the_cheapest_lanes() {
        let all = Engine { avx512: true, sha_ni: true };
        assert_eq!(steps(all, 0), [0; 0]);
        assert_eq!(steps(all, 1), [1]);
        assert_eq!(steps(all, 5), [3, 2]);
        assert_eq!(steps(all, 8), [4, 4]);
        assert_eq!(steps(all, 9), [9]);
        assert_eq!(steps(all, 40), [16, 16, 4, 4]);
        let avx512 = Engine { avx512: true, sha_ni: false };
        assert_eq!(steps(avx512, 19), [16, 3]);
        assert_eq!(steps(avx512, 17), [16, 1]);
        let sha_ni = Engine { avx512: false, sha_ni: true };
        assert_eq!(steps(sha_ni, 9), [3, 3, 3]);
        assert_eq!(steps(sha_ni, 6), [3, 3]);
        assert_eq!(steps(Engine::PORTABLE, 3), [1, 1, 1]);
    }

    #[test]
    fn the_best_is_the_first_and_the_portable_one_the_last() {
        let all = Engine::available();
        assert_eq!(all.first(), Some(&Engine::best()));
        assert_eq!(all.last(), Some(&Engine::PORTABLE));
        assert!(all.iter().all(|engine| [1, 4, 16].contains(&engine.lanes())));
    }
}
