//! What the hosts say of themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use record::host::HostStatus;
use record::{Release, ReleaseId};
use remote::{Interrupt, fan_out};

use super::controller::{AT_ONCE, Controller};
use super::host::Fault;
use crate::Error;

/// By the name of the host.
pub(super) type Statuses = BTreeMap<String, HostStatus>;

/// The status of every host that answers, and why the others do not.
pub(super) fn reachable(controller: &Controller<'_>) -> Result<(Statuses, Vec<(String, String)>), Error> {
    let items: Vec<_> = controller
        .hosts
        .iter()
        .map(|host| (host.clone(), controller.argv(host, "status").arg("--json")))
        .collect();
    let dial = controller.dial.clone();
    let interrupt = Interrupt::from(controller.abort.flag());
    let outcomes = fan_out::<_, Result<HostStatus, Fault>, (), _>(
        items,
        AT_ONCE,
        &interrupt,
        |_| {},
        move |item, _| {
            let (host, argv) = item;
            let remote = dial(&host)?;
            Ok(agent::ask(&*remote, &argv, b"", Duration::from_secs(60))?)
        },
    );
    controller.abort.check()?;
    let (mut statuses, mut failed) = (Statuses::new(), Vec::new());
    for (outcome, host) in outcomes.into_iter().zip(&controller.hosts) {
        match outcome.done() {
            Some(Ok(status)) => {
                statuses.insert(host.name.to_string(), status);
            }
            Some(Err(fault)) => failed.push((host.name.to_string(), fault.to_string())),
            None => failed.push((host.name.to_string(), "no answer".to_owned())),
        }
    }
    Ok((statuses, failed))
}

/// What the release is, from any host that has it; the others must have the very same.
pub(super) fn description(statuses: &Statuses, target: &ReleaseId) -> Result<Release, Error> {
    let found = statuses.values().find_map(|status| status.release(target));
    match found {
        Some(known) => Ok(known.release.clone()),
        None => {
            let known: BTreeSet<String> = statuses
                .values()
                .flat_map(|status| status.releases.iter().map(|known| known.release.id.to_string()))
                .collect();
            Err(Error::unknown_release(target, &known.into_iter().collect::<Vec<_>>()))
        }
    }
}
