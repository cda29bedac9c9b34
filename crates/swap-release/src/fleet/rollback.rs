//! Rolling a fleet back: to the named release, or to the one that was live before, if all hosts agree on it.

use std::collections::BTreeMap;

use record::{ExitCode, ReleaseId, Verb};

use super::commit;
use super::controller::Controller;
use super::own_name::{common_name, own_name};
use super::statuses::{Statuses, description, reachable};
use crate::Error;
use crate::fleet::job::FleetSwitch;

/// No records of a build are needed: the hosts know the releases they have.
pub(crate) fn rollback(controller: &Controller<'_>, job: &FleetSwitch) -> Result<ExitCode, Error> {
    let statuses = ask_statuses(controller)?;
    let target = match &job.release {
        Some(release) => release.clone(),
        None => agreed(controller, &statuses)?,
    };
    let release = description(&statuses, &target)?;
    for (host, status) in &statuses {
        if let Some(own) = own_name(status, &release) {
            controller.console.say(format!("{host}: what was there before us is `{own}`"));
        }
    }
    commit::run(controller, job, Verb::Rollback, release, None)
}

/// Every host must be asked: a rollback of a part would leave the fleet mixed.
fn ask_statuses(controller: &Controller<'_>) -> Result<Statuses, Error> {
    let (statuses, failed) = reachable(controller)?;
    if failed.is_empty() {
        return Ok(statuses);
    }
    let code = if statuses.is_empty() { ExitCode::NoHostSucceeded } else { ExitCode::SomeHostsFailed };
    let failed: Vec<String> = failed.into_iter().map(|(host, why)| format!("{host}: {why}")).collect();
    Err(Error::swap(format!("no host was rolled back: {}", failed.join("; ")), code, None))
}

/// The release before, if it is the same everywhere, or is what was there before us everywhere.
fn agreed(controller: &Controller<'_>, statuses: &Statuses) -> Result<ReleaseId, Error> {
    the_one_before(statuses).map_err(|why| {
        let fleet = controller.inventory.path.display();
        for (host, status) in statuses {
            if let Some(previous) = &status.previous {
                controller.console.say(format!(
                    "{host} alone: swap-release rollback --fleet {fleet} --only {host} {previous}"
                ));
            }
        }
        Error::nothing_before(&why)
    })
}

fn the_one_before(statuses: &Statuses) -> Result<ReleaseId, String> {
    let mut targets: BTreeMap<Option<&ReleaseId>, Vec<&str>> = BTreeMap::new();
    for (host, status) in statuses {
        targets.entry(status.previous.as_ref()).or_default().push(host);
    }
    if targets.len() == 1
        && let Some(Some(target)) = targets.keys().next()
    {
        return Ok((*target).clone());
    }
    if let Some(name) = common_name(statuses) {
        return Ok(name);
    }
    let name = |id: Option<&ReleaseId>| id.map_or_else(|| "none".to_owned(), |id| format!("`{id}`"));
    let list: Vec<String> =
        targets.iter().map(|(id, hosts)| format!("{} on {}", name(*id), hosts.join(", "))).collect();
    let gone: Vec<String> = statuses
        .iter()
        .flat_map(|(host, status)| status.gone.iter().map(move |id| format!("`{id}` on {host}")))
        .collect();
    let gone = if gone.is_empty() {
        String::new()
    } else {
        format!(" (removed without this suite, and back after a push: {})", gone.join(", "))
    };
    Err(format!("the hosts do not agree on a release before: {}{gone}", list.join("; ")))
}

#[cfg(test)]
mod tests {
    use record::host::HostStatus;

    use super::*;

    fn status(previous: Option<&str>) -> HostStatus {
        HostStatus {
            shared: record::host::SharedStatus::default(),
            schema: HostStatus::SCHEMA.into(),
            version: "0".into(),
            current: None,
            foreign: None,
            previous: previous.map(|id| id.parse().unwrap()),
            busy: None,
            releases: Vec::new(),
            gone: Vec::new(),
            owed: None,
            hooks: Vec::new(),
            remains: None,
        }
    }

    fn statuses(hosts: &[(&str, Option<&str>)]) -> Statuses {
        hosts.iter().map(|(name, previous)| ((*name).to_owned(), status(*previous))).collect()
    }

    #[test]
    fn hosts_that_agree_give_the_target() {
        let target = the_one_before(&statuses(&[("web1", Some("r1")), ("web2", Some("r1"))])).unwrap();
        assert_eq!(target.as_str(), "r1");
    }

    #[test]
    fn hosts_that_differ_are_named() {
        let text = the_one_before(&statuses(&[("web1", Some("r1")), ("web2", Some("r2")), ("web3", None)]))
            .unwrap_err();
        for part in ["none on web3", "`r1` on web1", "`r2` on web2"] {
            assert!(text.contains(part), "{text}");
        }
        assert!(the_one_before(&statuses(&[("web1", None)])).is_err());
    }
}
