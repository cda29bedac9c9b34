//! The verbs from the controller: on every host of the inventory, by SSH.
//!
//! `commit` is the two-phase commit; `prepare`, `switch` and `health` are its phases on one host; `look` is the verbs
//! that switch nothing; `report` is what is left behind.

mod commit;
mod health;
mod host;
mod look;
mod member;
mod prepare;
mod report;
mod rollback;
mod switch;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cli::{Abort, Console};
use fleet::{Argv, Host, Interrupt, Inventory, Remote, SshOptions, Timeouts};
use record::{ExitCode, Publish, Push, Records, Release};

use crate::Error;
use crate::job::{FleetJob, FleetSwitch, FleetVerb};

/// Connections that are opened at the same time. sshd's default MaxStartups begins to drop at 10 unauthenticated
/// ones, but that is per server; this bounds what the controller does at once.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// The way to a host: SSH for real, a recording in tests.
pub(crate) type Dial = Arc<dyn Fn(&Host) -> Result<Box<dyn Remote>, fleet::Error> + Send + Sync>;

/// What every phase needs to know.
pub(crate) struct Controller<'a> {
    inventory: Inventory,
    hosts: Vec<Host>,
    /// Gives up when the process is asked to end.
    dial: Dial,
    /// Does not: a fleet that is half-way is brought to one release first.
    dial_on: Dial,
    owner: Option<String>,
    console: &'a Console,
    abort: &'a Abort,
}

/// Does a verb on the fleet.
pub(crate) fn run(job: FleetJob, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let inventory = Inventory::load(&job.fleet)?;
    let hosts = inventory.select(&job.only)?;
    let timeouts = Timeouts { connect: Duration::from_secs(10), ..Timeouts::default() };
    let options = SshOptions::new()
        .identity(job.identity)
        .known_hosts(job.known_hosts)
        .passphrase_from_env()?
        .timeouts(timeouts)
        .interrupt(Interrupt::from(abort.flag()));
    let dial_on = dial(options.clone().interrupt(Interrupt::never()));
    let controller =
        Controller { inventory, hosts, dial: dial(options), dial_on, owner: job.owner, console, abort };
    match job.verb {
        FleetVerb::Activate(switch) => activate(&controller, &switch),
        FleetVerb::Rollback(switch) => rollback::rollback(&controller, &switch),
        FleetVerb::Status { json } => look::status(&controller, json),
        FleetVerb::Verify { release, json } => look::verify(&controller, release.as_ref(), json),
        FleetVerb::Prune { keep, grace } => look::prune(&controller, keep, grace),
    }
}

fn dial(options: SshOptions) -> Dial {
    Arc::new(move |host| fleet::connect(host, &options))
}

/// Activates what was pushed: the push must be complete on every selected host.
fn activate(controller: &Controller<'_>, switch: &FleetSwitch) -> Result<ExitCode, Error> {
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
    expect_pushed(controller, &push.path, &release, &push.record.details)?;
    commit::run(controller, switch, record::Verb::Activate, release, Some(push.input))
}

fn expect_pushed(
    controller: &Controller<'_>,
    path: &std::path::Path,
    release: &Release,
    push: &Push,
) -> Result<(), Error> {
    let find = |host: &Host| push.hosts.iter().find(|pushed| pushed.name == host.name.as_str());
    let names = |hosts: Vec<&Host>| hosts.into_iter().map(|host| host.name.to_string()).collect::<Vec<_>>();
    let unknown = names(controller.hosts.iter().filter(|host| find(host).is_none()).collect());
    if !unknown.is_empty() {
        return Err(Error::OtherHosts { path: path.to_owned(), hosts: unknown });
    }
    let staged = |host: &&Host| find(host).is_some_and(|pushed| pushed.state == record::PushState::Staged);
    let incomplete = names(controller.hosts.iter().filter(|host| !staged(host)).collect());
    if incomplete.is_empty() {
        Ok(())
    } else {
        Err(Error::PushIncomplete { release: release.id.clone(), hosts: incomplete })
    }
}

impl Controller<'_> {
    /// `swap-release VERB --deploy-to DIR` as it is run on a host.
    fn argv(&self, host: &Host, verb: &str) -> Argv {
        argv(host, verb, self.owner.as_deref())
    }
}

/// The command of a verb on a host; `owner` tells it who asks.
fn argv(host: &Host, verb: &str, owner: Option<&str>) -> Argv {
    let argv = Argv::new(host.swap_release.as_str()).args([verb, "--deploy-to", host.deploy_to.as_str()]);
    let owner = owner.map(str::to_owned).or_else(|| std::env::var("BUILD_TAG").ok());
    match owner {
        Some(owner) => argv.args(["--owner", owner.as_str()]),
        None => argv,
    }
}
