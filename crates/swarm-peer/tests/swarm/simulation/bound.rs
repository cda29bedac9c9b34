//! What no protocol can beat.

/// Seconds in which `hosts` with the given (uplink, downlink) in bytes a second can all have `size` bytes at best, that one
/// host with `seed_up` has at first.
pub(super) fn seconds(size: u64, seed_up: f64, hosts: &[(f64, f64)]) -> f64 {
    let size = size as f64;
    let slowest = hosts.iter().map(|(_, down)| *down).fold(f64::INFINITY, f64::min);
    let all_up = seed_up + hosts.iter().map(|(up, _)| up).sum::<f64>();
    (size / seed_up).max(size / slowest).max(hosts.len() as f64 * size / all_up)
}
