//! `--require`, and `[rollout]` and `[groups.*]` where it says nothing: how many hosts of each group make a push a success.
//! Swap reads the same keys, so that a push that is enough for the one is enough for the other.

use std::collections::BTreeMap;
use std::str::FromStr;

use inventory::{Host, HostName, Quota, Rollout};

use crate::Error;

/// One `--require`: for a group, or for every group that has none of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Require {
    group: Option<HostName>,
    quota: Quota,
}

impl FromStr for Require {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((group, quota)) => Ok(Self { group: Some(group.parse()?), quota: quota.parse()? }),
            None => Ok(Self { group: None, quota: text.parse()? }),
        }
    }
}

/// Expects each group that is named to have a host in this push.
pub(crate) fn check(require: &[Require], hosts: &[Host]) -> Result<(), Error> {
    let named = require.iter().filter_map(|one| one.group.as_ref());
    let known = |group: &&HostName| hosts.iter().any(|host| host.group.as_ref() == Some(*group));
    match { named }.find(|group| !known(group)) {
        None => Ok(()),
        Some(group) => Err(Error::NoSuchGroup { group: group.clone() }),
    }
}

/// Whether every group has as many staged hosts as it needs; `staged` says of each host whether it is.
pub(crate) fn is_met(require: &[Require], rollout: &Rollout, hosts: &[Host], staged: &[bool]) -> bool {
    let mut groups: BTreeMap<Option<&HostName>, (usize, usize)> = BTreeMap::new();
    for (host, staged) in hosts.iter().zip(staged) {
        let (all, good) = groups.entry(host.group.as_ref()).or_default();
        *all += 1;
        *good += usize::from(*staged);
    }
    groups.into_iter().all(|(group, (all, good))| good >= quota(require, rollout, group).of(all))
}

/// The flag of the group, the flag of all groups, the file. Of several alike the last one counts.
fn quota(require: &[Require], rollout: &Rollout, group: Option<&HostName>) -> Quota {
    let own = require.iter().rfind(|one| one.group.is_some() && one.group.as_ref() == group);
    let flag = own.or_else(|| require.iter().rfind(|one| one.group.is_none()));
    flag.map_or_else(|| rollout.quorum_of(group), |one| one.quota)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inventory(groups: &[&str], rollout: &str) -> inventory::Inventory {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fleet.toml");
        let table = |(number, group): (usize, &&str)| {
            let group = if group.is_empty() { String::new() } else { format!("group = \"{group}\"\n") };
            format!("[hosts.web{number}]\naddress = \"10.0.0.{}\"\n{group}", number + 1)
        };
        let tables: String = groups.iter().enumerate().map(table).collect();
        std::fs::write(&path, format!("[site]\ndeploy_to = \"/srv\"\n{rollout}\n{tables}")).unwrap();
        inventory::Inventory::load(&path).unwrap()
    }

    #[test]
    fn each_group_needs_its_own_share() {
        let hosts = inventory(&["eu", "eu", "eu", "us", ""], "").hosts;
        let met = |require: &[&str], staged: [u8; 5]| {
            let require: Vec<Require> = require.iter().map(|text| text.parse().unwrap()).collect();
            check(&require, &hosts).unwrap();
            is_met(&require, &Rollout::default(), &hosts, &staged.map(|one| one == 1))
        };
        assert!(met(&[], [1, 1, 1, 1, 1]) && !met(&[], [1, 1, 1, 1, 0]));
        assert!(met(&["60%"], [1, 1, 0, 1, 1]), "2 of 3, and each of one");
        assert!(!met(&["60%"], [1, 1, 1, 0, 1]), "a group without any is none");
        assert!(met(&["all", "eu=1"], [0, 0, 1, 1, 1]) && !met(&["all", "eu=1"], [0, 0, 1, 1, 0]));
        assert!(met(&["1", "eu=all"], [1, 1, 1, 1, 1]) && !met(&["1", "eu=all"], [1, 1, 0, 1, 1]));
        let unknown = ["uk=1".parse().unwrap()];
        assert!(matches!(check(&unknown, &hosts), Err(Error::NoSuchGroup { .. })));
        for bad in ["", "0", "101%", "eu=", "e u=1", "eu=0"] {
            assert!(bad.parse::<Require>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_file_decides_where_no_flag_does_by_the_rule_of_the_swap() {
        let file = "[rollout]\nquorum = \"50%\"\n[groups.eu]\nquorum = 2\n";
        let inventory = inventory(&["eu", "eu", "eu", "us", "us", ""], file);
        let met = |require: &[&str], staged: [u8; 6]| {
            let require: Vec<Require> = require.iter().map(|text| text.parse().unwrap()).collect();
            is_met(&require, &inventory.rollout, &inventory.hosts, &staged.map(|one| one == 1))
        };
        assert!(met(&[], [1, 1, 0, 1, 0, 1]));
        assert!(!met(&[], [1, 0, 0, 1, 0, 1]), "2 of eu");
        assert!(!met(&[], [1, 1, 1, 0, 0, 1]), "half of every other group");
        assert!(
            !met(&["all"], [1, 1, 0, 1, 1, 1]),
            "a flag for all groups goes before every key of the file"
        );
        assert!(
            met(&["eu=1"], [1, 0, 0, 1, 0, 1]) && !met(&["eu=1"], [1, 1, 1, 0, 0, 1]),
            "the others as in the file"
        );
    }
}
