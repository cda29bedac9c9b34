//! Who knows whom: what a controller would say, by the very same code.

use fastrand::Rng;
use swarm_peer::topology::Topology;

/// Pairs of hosts. Host 0 is the seeder.
pub(super) fn pairs(hosts: usize, seed: u64) -> Vec<(usize, usize)> {
    let mut rng = Rng::with_seed(seed);
    let mut topology = Topology::new(hosts - 1, rng.fork());
    let mut order: Vec<usize> = (1..hosts).collect();
    rng.shuffle(&mut order);
    order.iter().for_each(|host| topology.enter(*host, None));
    let mut pairs = Vec::new();
    for host in order {
        pairs.extend(topology.meet(host).into_iter().map(|other| (host, other)));
        if topology.meet_seeder(host) {
            pairs.push((0, host));
        }
    }
    // In this order the first hosts would have all their links before the last have one.
    rng.shuffle(&mut pairs);
    pairs
}
