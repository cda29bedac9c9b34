//! Bringing hosts that were away, or were left out, to the release that the fleet serves.

use std::collections::BTreeMap;
use std::time::Duration;

use inventory::Host;
use record::host::HostStatus;
use record::{ExitCode, Outcome, Records, ReleaseId, Swap, Verb};

use super::commit;
use super::commit::is_orphaned;
use super::controller::Controller;
use super::own_name::own_name;
use super::statuses::{Statuses, description};
use crate::Error;
use crate::fleet::job::FleetSwitch;

/// Switches the hosts that serve something else; the others are left alone. Hooks run on those that switch; a database is
/// not updated again.
///
/// With `if_orphaned` it first waits for the end of standard input, and does nothing unless a controller died there after
/// its decision; then the hosts may still be putting themselves back, and are tried until that is over.
pub(crate) fn converge(
    controller: Controller<'_>,
    job: &FleetSwitch,
    if_orphaned: bool,
) -> Result<ExitCode, Error> {
    if !if_orphaned {
        return once(controller, job, false);
    }
    if !is_orphaned(std::io::stdin().lock()) {
        return Ok(ExitCode::Ok);
    }
    controller.console.warn("the controller is gone after its decision to commit: finishing it");
    let mut tries = 0;
    loop {
        // The hosts' own hearing of the end comes first.
        let _ended = controller.abort.sleep(BETWEEN);
        match once(controller.clone(), job, true) {
            Err(error) if tries < TRIES && !controller.abort.is_set() => {
                controller.console.warn(error);
                tries += 1;
            }
            result => return result,
        }
    }
}

/// Together more than a revert with its hooks takes.
const TRIES: u32 = 20;
const BETWEEN: Duration = Duration::from_millis(500);

/// `rebuild`: a host that put itself back may have rebuilt the caches that all share, by code that nobody serves then.
fn once(mut controller: Controller<'_>, job: &FleetSwitch, rebuild: bool) -> Result<ExitCode, Error> {
    let (statuses, away) = super::statuses::reachable(&controller)?;
    for (host, why) in &away {
        controller.console.warn(format!("{host} cannot be asked: {why}"));
    }
    let target = match &job.release {
        Some(release) => release.clone(),
        None => the_fleets(&controller, job, &statuses)?,
    };
    let release = description(&statuses, &target)?;
    let differs = |host: &&Host| {
        statuses.get(host.name.as_str()).is_some_and(|status| {
            let own = own_name(status, &release);
            status.current.as_ref() != Some(own.as_ref().unwrap_or(&target))
        })
    };
    let behind: Vec<Host> = controller.hosts.iter().filter(differs).cloned().collect();
    if behind.is_empty() {
        controller.console.say(format!("every host that answers serves `{target}`"));
        return if away.is_empty() {
            Ok(ExitCode::Ok)
        } else {
            Err(Error::FleetVerb { failed: away.len(), all: controller.hosts.len() })
        };
    }
    let (names, all) =
        (behind.iter().map(|host| host.name.as_str()).collect::<Vec<_>>().join(", "), controller.hosts.len());
    controller.console.say(format!("`{target}` is the fleet's release; behind: {names}"));
    controller.hosts = behind;
    controller.inventory.drupal = controller.inventory.drupal.map(|drupal| inventory::Drupal {
        database: inventory::DatabaseMode::None,
        rebuild,
        host: None,
        ..drupal
    });
    let job = FleetSwitch { allow_older: true, release: None, condemns: false, ..job.clone() };
    controller.successor = None;
    let code = commit::run(&controller, &job, Verb::Activate, release, None)?;
    if away.is_empty() { Ok(code) } else { Err(Error::FleetVerb { failed: away.len(), all }) }
}

/// What the last swap that was committed says, else what more than half of the hosts serve.
fn the_fleets(
    controller: &Controller<'_>,
    job: &FleetSwitch,
    statuses: &Statuses,
) -> Result<ReleaseId, Error> {
    if let Ok(swap) = Records::new(&job.records).load::<Swap>()
        && swap.record.details.outcome == Outcome::Committed
    {
        return Ok(swap.record.details.to);
    }
    most(statuses, controller.hosts.len())
}

fn most(statuses: &BTreeMap<String, HostStatus>, all: usize) -> Result<ReleaseId, Error> {
    let mut counts: BTreeMap<&ReleaseId, usize> = BTreeMap::new();
    for current in statuses.values().filter_map(|status| status.current.as_ref()) {
        *counts.entry(current).or_default() += 1;
    }
    match counts.iter().max_by_key(|(_, count)| **count) {
        Some((id, count)) if *count * 2 > all => Ok((*id).clone()),
        _ => Err(Error::nothing_before("no release is live on more than half of the hosts")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_half_of_all_decide() {
        let status = |current: Option<&str>| HostStatus {
            shared: record::host::SharedStatus::default(),
            schema: HostStatus::SCHEMA.into(),
            version: "0".into(),
            current: current.map(|id| id.parse().unwrap()),
            foreign: None,
            previous: None,
            busy: None,
            releases: Vec::new(),
            gone: Vec::new(),
            owed: None,
            hooks: Vec::new(),
            remains: None,
        };
        let statuses = |currents: &[Option<&str>]| {
            currents.iter().enumerate().map(|(i, current)| (format!("web{i}"), status(*current))).collect()
        };
        let of =
            |currents: &[Option<&str>], all| most(&statuses(currents), all).map(|id| id.to_string()).ok();
        assert_eq!(of(&[Some("r2"), Some("r2"), Some("r1")], 3).as_deref(), Some("r2"));
        assert_eq!(of(&[Some("r2"), Some("r1")], 2), None);
        assert_eq!(of(&[Some("r2"), Some("r2")], 5), None, "the others were not heard");
        assert_eq!(of(&[None], 1), None);
    }
}
