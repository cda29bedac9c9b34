//! Saying that what a deployment left in the database is seen to.

use record::ExitCode;

use super::answers::{on_all, result, run, tell};
use super::controller::Controller;
use crate::Error;

/// Says on every host that what a deployment left in the database is seen to. One after the other: the first rebuilds caches
/// that are owed, and the others find that done.
pub(crate) fn settle(controller: &Controller<'_>) -> Result<ExitCode, Error> {
    let mut failed = 0;
    for host in &controller.hosts {
        controller.abort.check()?;
        let one = Controller { hosts: vec![host.clone()], ..controller.clone() };
        let answers =
            on_all(&one, |host| one.argv(host, "settle"), |remote, argv| run(remote, argv, "settle"));
        tell(controller, &answers);
        failed += answers.iter().filter(|answer| answer.error.is_some()).count();
    }
    result(failed, controller.hosts.len())
}
