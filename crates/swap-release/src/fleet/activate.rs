//! Activating what was pushed.

use std::path::Path;

use inventory::{Host, Quota};
use record::{ExitCode, Publish, Push, Records, Release};

use super::controller::Controller;
use super::job::FleetSwitch;
use super::{adopt, commit};
use crate::Error;

/// Activates what was pushed: the push must be complete on every selected host.
pub(super) fn activate(controller: &Controller<'_>, switch: &FleetSwitch) -> Result<ExitCode, Error> {
    if switch.adopt {
        adopt::adopt(controller, None, false)?;
    }
    let records = Records::new(&switch.records);
    let push = records.load::<Push>()?;
    records.check_chain::<Publish, _>(&push)?;
    let release = push.record.release.clone();
    if let Some(asked) = &switch.release
        && *asked != release.id
    {
        return Err(Error::Usage(format!(
            "`{}` is about release `{}`, not `{asked}`; to go back to a former release use rollback",
            push.path.display(),
            release.id
        )));
    }
    let rollout = &controller.inventory.rollout;
    let quotas = rollout.groups.values().chain([&rollout.quorum]).chain(&switch.quorum);
    let with_quorum = quotas.clone().any(|quota| *quota != Quota::All);
    expect_pushed(controller, &push.path, &release, &push.record.details, with_quorum)?;
    commit::run(controller, switch, record::Verb::Activate, release, Some(push.input))
}

fn expect_pushed(
    controller: &Controller<'_>,
    path: &Path,
    release: &Release,
    push: &Push,
    with_quorum: bool,
) -> Result<(), Error> {
    let find = |host: &Host| push.hosts.iter().find(|pushed| pushed.name == host.name.as_str());
    let names = |hosts: Vec<&Host>| hosts.into_iter().map(|host| host.name.to_string()).collect::<Vec<_>>();
    let unknown = names(controller.hosts.iter().filter(|host| find(host).is_none()).collect());
    if !unknown.is_empty() {
        return Err(Error::other_hosts(path, &unknown));
    }
    let staged = |host: &&Host| find(host).is_some_and(|pushed| pushed.state == record::PushState::Staged);
    let incomplete = names(controller.hosts.iter().filter(|host| !staged(host)).collect());
    // With a quorum the hosts themselves are asked, and may have caught up.
    if incomplete.is_empty() || (with_quorum && incomplete.len() < controller.hosts.len()) {
        Ok(())
    } else {
        Err(Error::push_incomplete(&release.id, &incomplete))
    }
}
