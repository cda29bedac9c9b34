//! Who knows whom among the embedded peers of one push: a full mesh while it is small, above that a random graph in which
//! everybody has about as many neighbours, half of them in its own group.
//!
//! Measured (30 MB, 50 Mbit/s): up to 16 peers a graph is no better than the full mesh, at 32 it is 10 to 20 % better,
//! and the number of links, and with it of HAVE messages, grows with the square in a mesh.

use std::collections::{BTreeMap, BTreeSet};

/// With so many members everybody still knows everybody.
pub(crate) const FULL_MESH: usize = 50;
/// Links that a new member of a larger swarm makes; others make as many to it, on average.
const LINKS: usize = 8;
/// A member with so many links is only chosen when there is no other.
const CROWDED: usize = 3 * LINKS;
/// Of so many members looked at for each link, the one with the fewest links is taken.
const CHOICES: usize = 4;
/// Links that a member gets in addition when nothing comes by those it has.
const MORE: usize = 3;

/// The graph. Members are known by their number in the push.
#[derive(Debug)]
pub(crate) struct Topology {
    full: bool,
    random: fastrand::Rng,
    members: BTreeMap<usize, Member>,
    /// All members, for a random choice; and those of each group.
    all: Vec<usize>,
    groups: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug, Default)]
struct Member {
    group: Option<String>,
    links: BTreeSet<usize>,
}

impl Topology {
    /// For a swarm that will have about `expected` members.
    pub(crate) fn new(expected: usize, random: fastrand::Rng) -> Self {
        Self {
            full: expected <= FULL_MESH,
            random,
            members: BTreeMap::new(),
            all: Vec::new(),
            groups: BTreeMap::new(),
        }
    }

    /// Takes `member` in; gives whom it is to dial. Those who come later dial it, so each pair meets once. Nothing for
    /// one that is in already.
    pub(crate) fn join(&mut self, member: usize, group: Option<&str>) -> Vec<usize> {
        if self.members.contains_key(&member) {
            return Vec::new();
        }
        let mut chosen = Vec::new();
        self.members.insert(member, Member { group: group.map(str::to_owned), links: BTreeSet::new() });
        if self.full {
            chosen.clone_from(&self.all);
            for other in &chosen {
                self.link(member, *other);
            }
        } else {
            let near: Vec<usize> =
                group.and_then(|group| self.groups.get(group)).cloned().unwrap_or_default();
            self.choose(member, &near, LINKS / 2, &mut chosen);
            let all = std::mem::take(&mut self.all);
            self.choose(member, &all, LINKS, &mut chosen);
            self.all = all;
        }
        self.all.push(member);
        if let Some(group) = group {
            self.groups.entry(group.to_owned()).or_default().push(member);
        }
        chosen
    }

    /// `member` is gone; gives those who knew it.
    pub(crate) fn leave(&mut self, member: usize) -> Vec<usize> {
        let Some(gone) = self.members.remove(&member) else { return Vec::new() };
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
    pub(crate) fn more(&mut self, member: usize) -> Vec<usize> {
        let mut chosen = Vec::new();
        if self.members.contains_key(&member) {
            let all = std::mem::take(&mut self.all);
            self.choose(member, &all, MORE, &mut chosen);
            self.all = all;
        }
        chosen
    }

    /// Whom `member` knows, by whichever side the link was made.
    pub(crate) fn neighbours(&self, member: usize) -> Vec<usize> {
        self.members.get(&member).map(|member| member.links.iter().copied().collect()).unwrap_or_default()
    }

    /// Links `member` to members of `from` until `chosen` has `wanted`; a member without much choice gets fewer.
    fn choose(&mut self, member: usize, from: &[usize], wanted: usize, chosen: &mut Vec<usize>) {
        for _ in 0..4 * wanted {
            if chosen.len() >= wanted || from.is_empty() {
                return;
            }
            let known = |other: usize| {
                other == member
                    || self.members.get(&member).is_some_and(|member| member.links.contains(&other))
            };
            let looked_at = (0..CHOICES).filter_map(|_| from.get(self.random.usize(..from.len())).copied());
            let candidates: Vec<usize> = looked_at.collect();
            let degree = |other: &usize| self.members.get(other).map_or(0, |other| other.links.len());
            let best = candidates.into_iter().filter(|other| !known(*other)).min_by_key(degree);
            match best {
                Some(other) if degree(&other) < CROWDED || from.len() < CROWDED => {
                    self.link(member, other);
                    chosen.push(other);
                }
                _ => {}
            }
        }
    }

    fn link(&mut self, one: usize, other: usize) {
        for (from, to) in [(one, other), (other, one)] {
            if let Some(from) = self.members.get_mut(&from) {
                from.links.insert(to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown(count: usize, group: impl Fn(usize) -> Option<String>) -> Topology {
        let mut topology = Topology::new(count, fastrand::Rng::with_seed(7));
        for member in 0..count {
            topology.join(member, group(member).as_deref());
        }
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
        let mut topology = Topology::new(50, fastrand::Rng::with_seed(1));
        let dialled: usize = (0..50).map(|member| topology.join(member, None).len()).sum();
        assert_eq!(dialled, 50 * 49 / 2);
        assert!((0..50).all(|member| topology.neighbours(member).len() == 49));
        assert!(topology.join(3, None).is_empty(), "it is in already");
    }

    #[test]
    fn a_large_swarm_is_connected_with_few_links_each() {
        for count in [51, 200, 2_000, 10_000] {
            let topology = grown(count, |_| None);
            assert_eq!(reached(&topology, 0), count);
            let degrees: Vec<usize> = (0..count).map(|member| topology.neighbours(member).len()).collect();
            let (least, most) = (degrees.iter().min().unwrap(), degrees.iter().max().unwrap());
            assert!(*least >= LINKS / 2 && *most <= CROWDED, "{count}: {least} to {most}");
            assert!(degrees.iter().sum::<usize>() <= 2 * LINKS * count, "{count}");
        }
    }

    #[test]
    fn half_of_the_neighbours_are_near_and_no_group_is_an_island() {
        let group = |member: usize| Some(format!("rack{}", member % 10));
        let topology = grown(400, group);
        assert_eq!(reached(&topology, 0), 400);
        let near = |member: usize| {
            let neighbours = topology.neighbours(member);
            let same = neighbours.iter().filter(|other| **other % 10 == member % 10).count();
            (same, neighbours.len())
        };
        let (same, all) = (0..400).map(near).fold((0, 0), |sum, next| (sum.0 + next.0, sum.1 + next.1));
        // A random graph would have a tenth.
        assert!(same * 10 > all * 4 && same * 10 < all * 7, "{same} of {all}");
    }

    #[test]
    fn who_gets_nothing_gets_to_know_others_and_who_left_is_known_to_nobody() {
        let mut topology = grown(100, |_| None);
        let before = topology.neighbours(42);
        let more = topology.more(42);
        assert!(
            more.len() == MORE && more.iter().all(|other| !before.contains(other) && *other != 42),
            "{more:?}"
        );
        let knew = topology.leave(42);
        assert_eq!(knew.len(), before.len() + MORE);
        assert!((0..100).all(|member| !topology.neighbours(member).contains(&42)));
        assert!(topology.more(42).is_empty());
        let mut small = grown(3, |_| None);
        assert!(small.more(1).is_empty(), "it knows everybody");
    }
}
