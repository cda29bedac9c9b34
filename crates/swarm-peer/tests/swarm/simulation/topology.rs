//! Who knows whom.

use fastrand::Rng;

/// Most links of the seeder.
const SEEDER: usize = 50;

/// Pairs of hosts: everybody with everybody up to `degree` others, else `degree` for each: rings through all of them in random
/// orders. Host 0, the seeder, has more.
pub(super) fn pairs(hosts: usize, degree: usize, rng: &mut Rng) -> Vec<(usize, usize)> {
    if hosts <= degree + 1 {
        return (0..hosts).flat_map(|one| (one + 1..hosts).map(move |other| (one, other))).collect();
    }
    let mut ring: Vec<usize> = (1..hosts).collect();
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for _ in 0..degree / 2 {
        rng.shuffle(&mut ring);
        pairs.extend(ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)));
    }
    pairs.extend(ring.iter().take(SEEDER).map(|host| (0, *host)));
    let mut pairs: Vec<_> = pairs.into_iter().map(|(a, b)| (a.min(b), a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    // In the order of the numbers the first hosts would have all their links before the last have one.
    rng.shuffle(&mut pairs);
    pairs
}
