//! How long a distribution takes on paper.

use record::Estimate;

/// One seeder and one copy after the other through its uplink.
const STAR: &str = "max(N*F/u_s, F/d): the seeder sends every copy";
/// The fluid bound of Kumar and Ross, "Peer-assisted file distribution: the minimum distribution time" (2006).
const SWARM: &str = "max(F/u_s, F/d, N*F/(u_s + sum u_i)): no swarm is faster (Kumar & Ross 2006)";

/// For `uploads.len()` hosts that get `bytes` each and send on at these rates, in bytes a second.
pub(super) fn estimate(bytes: u64, seeder_upload: u64, link: u64, uploads: &[u64]) -> Estimate {
    let hosts = u64::try_from(uploads.len()).unwrap_or(u64::MAX);
    let hosts_upload: u64 = uploads.iter().sum();
    let all = u128::from(bytes) * u128::from(hosts);
    let over = |amount: u128, rate: u128| ratio(amount, rate);
    let (one, seeder, link_rate) = (u128::from(bytes), u128::from(seeder_upload), u128::from(link));
    let none = hosts == 0;
    let longest = |terms: &[f64]| if none { 0.0 } else { terms.iter().copied().fold(0.0, f64::max) };
    Estimate {
        hosts,
        bytes,
        seeder_upload,
        link,
        hosts_upload,
        star_seconds: round(longest(&[over(all, seeder), over(one, link_rate)])),
        star_formula: STAR.to_owned(),
        swarm_seconds: round(longest(&[
            over(one, seeder),
            over(one, link_rate),
            over(all, seeder + u128::from(hosts_upload)),
        ])),
        swarm_formula: SWARM.to_owned(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "seconds to the millisecond")]
fn ratio(amount: u128, rate: u128) -> f64 {
    amount as f64 / rate.max(1) as f64
}

fn round(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_figures_of_the_paper() {
        // 204.9 MB to 50 hosts on links of 1 Gbit/s: 82 s as a star, 1.64 s at best as a swarm.
        let gigabit = 125_000_000;
        let fifty = estimate(204_900_000, gigabit, gigabit, &[gigabit; 50]);
        assert_eq!((fifty.star_seconds, fifty.swarm_seconds), (81.96, 1.639));
        // Hosts that send nothing on make a star of it; a slow host's own link bounds both.
        let silent = estimate(100, 10, 1_000, &[0; 4]);
        assert_eq!((silent.star_seconds, silent.swarm_seconds), (40.0, 40.0));
        let slow = estimate(100, 1_000, 10, &[10]);
        assert_eq!((slow.star_seconds, slow.swarm_seconds), (10.0, 10.0));
        let nobody = estimate(100, 10, 10, &[]);
        assert_eq!((nobody.hosts, nobody.star_seconds, nobody.swarm_seconds), (0, 0.0, 0.0));
    }
}
