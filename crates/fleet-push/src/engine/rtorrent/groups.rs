//! Which host begins next, and whom it is told of, where hosts are grouped by rack or site: the way between groups is
//! the dear one, so the first hosts of each group fetch the payload into it, and the others have it from them.

use std::collections::{BTreeMap, BTreeSet};

use inventory::Host;

/// Hosts of a group that are told of the seeder and of all others: two, so that one may fail.
const SOURCES: usize = 2;
/// Hosts of other groups that the rest of a group are told of, in case their own has nothing.
const ABROAD: usize = 1;

/// Every host's group by its number; hosts without one are a group of their own.
#[derive(Debug, Default)]
pub(crate) struct Groups(Vec<usize>);

/// How many hosts of each group have begun.
#[derive(Debug, Default)]
pub(crate) struct Begun(BTreeMap<usize, usize>);

impl Groups {
    /// Those of `hosts`.
    pub(crate) fn of(hosts: &[Host]) -> Self {
        let names: BTreeSet<_> = hosts.iter().map(|host| host.group.clone()).collect();
        let number = |host: &Host| names.iter().position(|name| *name == host.group).unwrap_or_default();
        Self(hosts.iter().map(number).collect())
    }

    fn group(&self, host: usize) -> usize {
        self.0.get(host).copied().unwrap_or_default()
    }

    /// Who of `waiting` begins, when so many of each group have `begun`: of the group that has begun least, the first in
    /// the inventory.
    pub(crate) fn next(&self, waiting: &BTreeSet<usize>, begun: &Begun) -> Option<usize> {
        let of_group = |group| begun.0.get(&group).copied().unwrap_or_default();
        waiting.iter().copied().min_by_key(|host| (of_group(self.group(*host)), *host))
    }

    /// `host` has begun.
    pub(crate) fn count(&self, host: usize, begun: &mut Begun) {
        *begun.0.entry(self.group(host)).or_default() += 1;
    }

    /// Whether `host` fetches from everywhere, when `members` were there before it.
    pub(crate) fn is_source(&self, host: usize, members: &[usize]) -> bool {
        self.neighbours(host, members).count() < SOURCES
    }

    /// Whom of `members`, the preferred first, `host` is told of: its own group, then others; all of them if it fetches
    /// from everywhere.
    pub(crate) fn known_to(&self, host: usize, members: &[usize], everybody: bool) -> Vec<usize> {
        let abroad = members.iter().copied().filter(|other| self.group(*other) != self.group(host));
        let limit = if everybody || self.is_source(host, members) { usize::MAX } else { ABROAD };
        self.neighbours(host, members).chain(abroad.take(limit)).collect()
    }

    fn neighbours(&self, host: usize, members: &[usize]) -> impl Iterator<Item = usize> {
        members.iter().copied().filter(move |other| *other != host && self.group(*other) == self.group(host))
    }

    /// Whether there is more than one.
    pub(crate) fn are_several(&self) -> bool {
        self.0.iter().any(|group| Some(group) != self.0.first())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 to 3 in one rack, 4 and 5 in another, 6 in none.
    fn racks() -> Groups {
        Groups(vec![1, 1, 1, 1, 2, 2, 0])
    }

    #[test]
    fn the_first_of_each_group_begin_before_the_second_of_any() {
        let (groups, mut waiting, mut begun) = (racks(), BTreeSet::from_iter(0..7), Begun::default());
        let mut order = Vec::new();
        while let Some(host) = groups.next(&waiting, &begun) {
            waiting.remove(&host);
            groups.count(host, &mut begun);
            order.push(host);
        }
        assert_eq!(order, [0, 4, 6, 1, 5, 2, 3]);
        // Nobody waits for a host that is not there yet.
        assert_eq!(groups.next(&BTreeSet::from([3]), &begun), Some(3));
        assert_eq!(groups.next(&BTreeSet::new(), &begun), None);
    }

    #[test]
    fn two_of_a_group_fetch_from_everywhere_and_the_others_from_them() {
        let groups = racks();
        assert_eq!(groups.known_to(0, &[], false), [0; 0]);
        assert_eq!(groups.known_to(4, &[0], false), [0]);
        assert_eq!(groups.known_to(1, &[4, 0], false), [0, 4], "its own group first");
        assert_eq!(groups.known_to(2, &[6, 5, 4, 1, 0], false), [1, 0, 6]);
        assert!(groups.is_source(1, &[4, 0]) && !groups.is_source(2, &[1, 0]));
        // Who gets nothing is told of everybody.
        assert_eq!(groups.known_to(2, &[6, 5, 1, 0], true), [1, 0, 6, 5]);
    }

    #[test]
    fn hosts_of_one_group_or_of_none_all_meet() {
        let groups = Groups(vec![0; 9]);
        assert!(!groups.are_several() && racks().are_several() && !Groups::default().are_several());
        assert_eq!(groups.known_to(8, &[7, 6, 5, 4], false), [7, 6, 5, 4]);
    }
}
