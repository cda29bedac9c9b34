//! Random numbers that are the same on every machine and in every version of every crate.

/// SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): the reference constants.
/// Own ten lines because the site must never change with a dependency: its tree digest is compared between runs.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A sequence of its own for `stream`.
    #[must_use]
    pub fn new(stream: u64) -> Self {
        let mut rng = Self(stream ^ 0xD6E8_FEB8_6659_FD93);
        rng.next();
        rng
    }

    /// 64 random bits.
    #[allow(clippy::should_implement_trait, reason = "endless, and no iterator is wanted")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `n`, which is not 0. The bias of the multiplication is far below what a site shows.
    pub fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    /// A number in 0..1.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// One of `items`, the first ones far more often (u^k with k = `skew`; 1.0 is even).
    pub fn skewed<'a, T>(&mut self, items: &'a [T], skew: f64) -> &'a T {
        let at = (self.unit().powf(skew) * items.len() as f64) as usize;
        &items[at.min(items.len() - 1)]
    }

    /// True once in `n`.
    pub fn once_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}
