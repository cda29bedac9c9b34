//! Who knows whom in a swarm whose controller decides it: a full mesh while it is small, above that a random graph in which
//! everybody has about as many neighbours, half of them in its own group.
//!
//! Measured (30 MB, 50 Mbit/s): up to 16 peers a graph is no better than the full mesh, at 32 it is 10 to 20 % better,
//! and the number of links, and with it of HAVE messages, grows with the square in a mesh. In a graph whoever has fewer
//! links than the others is the last to finish, so nobody has: those who come first do not collect the links of those who
//! come later.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

/// With so many members everybody still knows everybody, and the seeder everybody.
pub const FULL_MESH: usize = 50;
/// Links of a member of a larger swarm.
const LINKS: usize = 16;
/// Of these, so many to its own group, if that is large enough.
const NEAR: usize = LINKS / 2;
/// Of so many members looked at for each link, the one with the fewest links is taken.
const CHOICES: usize = 4;
/// Links that a member gets in addition when nothing comes by those it has.
const MORE: usize = 3;

/// The graph. Members are known by numbers of the caller's choice.
#[derive(Debug)]
pub struct Topology {
    full: bool,
    rng: Rng,
    members: BTreeMap<usize, Member>,
    /// All members, for a random choice; and those of each group.
    all: Vec<usize>,
    groups: BTreeMap<String, Vec<usize>>,
    /// Those that know the seeder.
    seeded: BTreeSet<usize>,
}

#[derive(Debug, Default)]
struct Member {
    group: Option<String>,
    links: BTreeSet<usize>,
}

impl Topology {
    /// For a swarm that will have about `expected` members.
    #[must_use]
    pub fn new(expected: usize, rng: Rng) -> Self {
        Self {
            full: expected <= FULL_MESH,
            rng,
            members: BTreeMap::new(),
            all: Vec::new(),
            groups: BTreeMap::new(),
            seeded: BTreeSet::new(),
        }
    }

    /// Takes `member` in, without a link yet: those who come together are all taken in before the first meets others.
    pub fn enter(&mut self, member: usize, group: Option<&str>) {
        if self.members.contains_key(&member) {
            return;
        }
        self.members.insert(member, Member { group: group.map(str::to_owned), links: BTreeSet::new() });
        self.all.push(member);
        if let Some(group) = group {
            self.groups.entry(group.to_owned()).or_default().push(member);
        }
    }

    /// Gives `member` the links that it lacks; answers with whom it is to dial. Each pair meets once.
    pub fn meet(&mut self, member: usize) -> Vec<usize> {
        let Some(group) = self.members.get(&member).map(|member| member.group.clone()) else {
            return Vec::new();
        };
        let mut chosen = Vec::new();
        if self.full {
            for other in self.all.clone() {
                self.link(member, other, &mut chosen);
            }
            return chosen;
        }
        if let Some(near) = group.and_then(|group| self.groups.get(&group)).cloned() {
            let known = self.neighbours(member).iter().filter(|other| near.contains(other)).count();
            self.choose(member, &near, NEAR.saturating_sub(known), &mut chosen);
        }
        let all = std::mem::take(&mut self.all);
        self.choose(member, &all, LINKS.saturating_sub(self.degree(member)), &mut chosen);
        self.all = all;
        chosen
    }

    /// Whether `member` is to dial the seeder: in a large swarm only the first [`FULL_MESH`] are, or it would talk to all.
    pub fn meet_seeder(&mut self, member: usize) -> bool {
        self.members.contains_key(&member)
            && (self.seeded.len() < FULL_MESH || self.seeded.contains(&member))
            && {
                self.seeded.insert(member);
                true
            }
    }

    /// `member` is gone; gives those who knew it.
    pub fn leave(&mut self, member: usize) -> Vec<usize> {
        let Some(gone) = self.members.remove(&member) else { return Vec::new() };
        self.seeded.remove(&member);
        self.all.retain(|other| *other != member);
        if let Some(group) = gone.group.and_then(|group| self.groups.get_mut(&group)) {
            group.retain(|other| *other != member);
        }
        for other in &gone.links {
            if let Some(other) = self.members.get_mut(other) {
                other.links.remove(&member);
            }
        }
        gone.links.into_iter().collect()
    }

    /// More neighbours for a member that gets nothing; it is to dial them.
    pub fn more(&mut self, member: usize) -> Vec<usize> {
        let mut chosen = Vec::new();
        if self.members.contains_key(&member) {
            let all = std::mem::take(&mut self.all);
            self.choose(member, &all, MORE, &mut chosen);
            self.all = all;
        }
        chosen
    }

    /// Whom `member` knows, by whichever side the link was made.
    #[must_use]
    pub fn neighbours(&self, member: usize) -> Vec<usize> {
        self.members.get(&member).map(|member| member.links.iter().copied().collect()).unwrap_or_default()
    }

    fn degree(&self, member: usize) -> usize {
        self.members.get(&member).map_or(0, |member| member.links.len())
    }

    /// Links `member` to so many more members of `from`; fewer if there is not much choice.
    fn choose(&mut self, member: usize, from: &[usize], wanted: usize, chosen: &mut Vec<usize>) {
        let goal = chosen.len() + wanted;
        for _ in 0..8 * wanted {
            if chosen.len() >= goal || from.is_empty() {
                return;
            }
            let looked_at: Vec<usize> =
                (0..CHOICES).filter_map(|_| from.get(self.rng.usize(..from.len())).copied()).collect();
            let good = looked_at.into_iter().filter(|other| self.may_link(member, *other));
            if let Some(other) = good.min_by_key(|other| self.degree(*other)) {
                self.link(member, other, chosen);
            }
        }
    }

    fn may_link(&self, one: usize, other: usize) -> bool {
        one != other && self.members.get(&one).is_some_and(|one| !one.links.contains(&other))
    }

    /// `one` is to dial `other`, unless they know each other.
    fn link(&mut self, one: usize, other: usize, chosen: &mut Vec<usize>) {
        if !self.may_link(one, other) {
            return;
        }
        for (from, to) in [(one, other), (other, one)] {
            if let Some(from) = self.members.get_mut(&from) {
                from.links.insert(to);
            }
        }
        chosen.push(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All at once, or one after the other.
    fn grown(count: usize, at_once: bool, group: impl Fn(usize) -> Option<String>) -> Topology {
        let mut topology = Topology::new(count, Rng::with_seed(7));
        for member in 0..count {
            topology.enter(member, group(member).as_deref());
            if !at_once {
                topology.meet(member);
            }
        }
        (0..count).for_each(|member| drop(topology.meet(member)));
        topology
    }

    fn reached(topology: &Topology, from: usize) -> usize {
        let (mut seen, mut next) = (BTreeSet::from([from]), vec![from]);
        while let Some(member) = next.pop() {
            next.extend(topology.neighbours(member).into_iter().filter(|other| seen.insert(*other)));
        }
        seen.len()
    }

    #[test]
    fn fifty_know_each_other_and_each_pair_meets_once() {
        let mut topology = Topology::new(50, Rng::with_seed(1));
        (0..50).for_each(|member| topology.enter(member, None));
        let dialled: usize = (0..50).map(|member| topology.meet(member).len()).sum();
        assert_eq!(dialled, 50 * 49 / 2);
        assert!((0..50).all(|member| topology.neighbours(member).len() == 49));
        assert!(topology.meet(3).is_empty(), "it knows everybody");
        assert!((0..50).all(|member| topology.meet_seeder(member)));
    }

    #[test]
    fn a_large_swarm_is_connected_with_few_links_each_and_nobody_has_fewer() {
        for (count, at_once) in [(51, true), (200, true), (2_000, true), (10_000, true), (2_000, false)] {
            let topology = grown(count, at_once, |_| None);
            assert_eq!(reached(&topology, 0), count);
            let degrees: Vec<usize> = (0..count).map(|member| topology.neighbours(member).len()).collect();
            let (least, most) = (degrees.iter().min().unwrap(), degrees.iter().max().unwrap());
            let sum = degrees.iter().sum::<usize>();
            assert!(*least >= LINKS, "{count}: {least} to {most}");
            if at_once {
                assert!(*most <= LINKS + LINKS / 2, "{count}: {least} to {most}");
                assert!(sum <= count * LINKS * 11 / 10, "{count}: {sum}");
            } else {
                assert!(sum <= 2 * LINKS * count, "{count}: {sum}");
            }
        }
    }

    #[test]
    fn the_seeder_of_a_large_swarm_is_known_to_some_and_to_others_in_the_place_of_those_who_go() {
        let mut topology = grown(200, true, |_| None);
        let know = |topology: &mut Topology| (0..200).filter(|member| topology.meet_seeder(*member)).count();
        assert_eq!(know(&mut topology), FULL_MESH);
        assert_eq!(know(&mut topology), FULL_MESH, "the same");
        topology.leave(3);
        assert_eq!(know(&mut topology), FULL_MESH);
        assert!(!topology.meet_seeder(3) && !topology.meet_seeder(199));
    }

    #[test]
    fn half_of_the_neighbours_are_near_and_no_group_is_an_island() {
        for (racks, size) in [(10, 400), (100, 400)] {
            let group = |member: usize| Some(format!("rack{}", member % racks));
            let topology = grown(size, true, group);
            assert_eq!(reached(&topology, 0), size);
            let near = |member: usize| {
                let neighbours = topology.neighbours(member);
                let same = neighbours.iter().filter(|other| **other % racks == member % racks).count();
                (same, neighbours.len())
            };
            let (same, all) = (0..size).map(near).fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
            // A random graph would have a tenth. In racks of four everybody knows the three others.
            let all = if racks == 100 { all * 6 / 16 } else { all };
            assert!(same * 10 > all * 4 && same * 10 < all * 7, "{same} of {all}");
        }
    }

    #[test]
    fn who_gets_nothing_gets_to_know_others_and_who_left_is_known_to_nobody() {
        let mut topology = grown(100, true, |_| None);
        let before = topology.neighbours(42);
        let more = topology.more(42);
        assert!(
            more.len() == MORE && more.iter().all(|other| !before.contains(other) && *other != 42),
            "{more:?}"
        );
        let knew = topology.leave(42);
        assert_eq!(knew.len(), before.len() + MORE);
        assert!((0..100).all(|member| !topology.neighbours(member).contains(&42)));
        assert!(topology.more(42).is_empty() && topology.meet(42).is_empty());
        let mut small = grown(3, true, |_| None);
        assert!(small.more(1).is_empty(), "it knows everybody");
    }
}
