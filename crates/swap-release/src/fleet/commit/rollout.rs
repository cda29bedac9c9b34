//! Who switches in which batch, and whether enough hosts are ready. Pure.

use std::collections::BTreeMap;

use inventory::{Canary, Host, HostName, Rollout};

/// The batch of every host, counted from 1: the canary first, then `batch` at a time, in the order of the file.
pub(super) fn batches(rollout: &Rollout, hosts: &[&Host]) -> Vec<u32> {
    let first = |host: &Host, index: usize| match &rollout.canary {
        None => false,
        Some(Canary::Quota(quota)) => index < quota.of(hosts.len()),
        Some(Canary::Hosts(names)) => names.contains(&host.name),
    };
    let canary: Vec<bool> = hosts.iter().enumerate().map(|(index, host)| first(host, index)).collect();
    let rest = canary.iter().filter(|first| !**first).count();
    let size = rollout.batch.of(rest).max(1);
    // A canary that is everybody, or nobody, is no canary.
    let offset = if rest == hosts.len() { 1 } else { 2 };
    let mut seen = 0;
    canary
        .into_iter()
        .map(|first| {
            if first {
                return 1;
            }
            seen += 1;
            offset + u32::try_from((seen - 1) / size).unwrap_or(u32::MAX - 2)
        })
        .collect()
}

/// Checks the quorum of every group: `hosts` with whether each is ready. `Err` names the groups that lack it.
pub(super) fn quorum(rollout: &Rollout, hosts: &[(&Host, bool)]) -> Result<(), String> {
    let mut groups: BTreeMap<Option<&HostName>, (usize, usize)> = BTreeMap::new();
    for (host, ready) in hosts {
        let counts = groups.entry(host.group.as_ref()).or_default();
        counts.0 += usize::from(*ready);
        counts.1 += 1;
    }
    let lacking: Vec<String> = groups
        .into_iter()
        .filter_map(|(group, (ready, all))| {
            let needed = rollout.quorum_of(group).of(all);
            let name = group.map_or_else(|| "the fleet".to_owned(), |group| format!("group {group}"));
            (ready < needed).then(|| format!("{name} has {ready} of {all} ready and needs {needed}"))
        })
        .collect();
    if lacking.is_empty() { Ok(()) } else { Err(lacking.join("; ")) }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use inventory::{Inventory, Quota};

    use super::*;

    fn hosts() -> Vec<Host> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fleet.toml");
        let mut text = "[site]\ndeploy_to = \"/srv/site\"\n".to_owned();
        for (number, group) in [(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "b")] {
            text += &format!("[hosts.web{number}]\naddress = \"10.0.0.{number}\"\ngroup = \"{group}\"\n");
        }
        std::fs::write(&path, text).unwrap();
        Inventory::load(&path).unwrap().hosts
    }

    fn rollout(canary: Option<Canary>, batch: &str) -> Rollout {
        Rollout { canary, batch: batch.parse().unwrap(), pause: Duration::ZERO, ..Rollout::default() }
    }

    #[test]
    fn the_canary_first_and_then_so_many_at_a_time() {
        let hosts = hosts();
        let hosts: Vec<&Host> = hosts.iter().collect();
        let plan = |canary, batch| batches(&rollout(canary, batch), &hosts);
        assert_eq!(plan(None, "all"), [1, 1, 1, 1, 1]);
        assert_eq!(plan(None, "2"), [1, 1, 2, 2, 3]);
        assert_eq!(plan(Some(Canary::Quota(Quota::Count(1))), "all"), [1, 2, 2, 2, 2]);
        assert_eq!(plan(Some(Canary::Quota(Quota::Percent(20))), "50%"), [1, 2, 2, 3, 3]);
        let named = Canary::Hosts(vec!["web4".parse().unwrap()]);
        assert_eq!(plan(Some(named), "3"), [2, 2, 2, 1, 3]);
        assert_eq!(plan(Some(Canary::Quota(Quota::All)), "2"), [1, 1, 1, 1, 1]);
    }

    #[test]
    fn every_group_needs_its_quorum() {
        let hosts = hosts();
        let ready = |ready: [bool; 5]| hosts.iter().zip(ready).collect::<Vec<_>>();
        let all = Rollout::default();
        quorum(&all, &ready([true; 5])).unwrap();
        let why = quorum(&all, &ready([true, true, true, true, false])).unwrap_err();
        assert_eq!(why, "group b has 1 of 2 ready and needs 2");
        let some = Rollout {
            quorum: "50%".parse().unwrap(),
            groups: [("a".parse().unwrap(), "all".parse().unwrap())].into(),
            ..Rollout::default()
        };
        quorum(&some, &ready([true, true, true, true, false])).unwrap();
        assert!(quorum(&some, &ready([true, true, false, true, true])).unwrap_err().contains("group a"));
        assert!(quorum(&some, &ready([true, true, true, false, false])).unwrap_err().contains("group b"));
    }
}
