//! The verbs from the controller: on every host of the inventory, by SSH.
//!
//! `commit` is the two-phase commit, `course` what it does with all hosts at once, `rollout` and `steps` who goes when and
//! what is run around it; `prepare`, `switch`, `talk` and `health` are its phases on one host, `judge` what a failed health
//! check says, `undo` what is done about shared caches when a release is taken back; `look` and `manifest` are the verbs that switch nothing;
//! `report` is what is left behind.

pub(crate) mod adopt;
mod commit;
mod converge;
mod course;
mod health;
mod host;
mod judge;
mod keeper;
mod look;
mod manifest;
mod member;
mod own_name;
mod prepare;
mod report;
mod rollback;
mod rollout;
mod steps;
mod switch;
mod talk;
mod undo;

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use cli::{Abort, Chosen, Console};
use fleet::{Argv, Host, Interrupt, Inventory, Quota, Remote, Selection, SshOptions, Timeouts};
use record::{ExitCode, Publish, Push, Records, Release};

use crate::Error;
use crate::job::{FleetJob, FleetSwitch, FleetVerb};

/// Connections that are opened at the same time. sshd's default MaxStartups begins to drop at 10 unauthenticated
/// ones, but that is per server; this bounds what the controller does at once.
const AT_ONCE: NonZeroUsize = NonZeroUsize::new(64).unwrap();

/// The way to a host: SSH for real, a recording in tests.
pub(crate) type Dial = Arc<dyn Fn(&Host) -> Result<Box<dyn Remote>, fleet::Error> + Send + Sync>;

/// What every phase needs to know.
#[derive(Clone)]
pub(crate) struct Controller<'a> {
    inventory: Inventory,
    hosts: Vec<Host>,
    /// Gives up when the process is asked to end.
    dial: Dial,
    /// Does not: a fleet that is half-way is brought to one release first.
    dial_on: Dial,
    owner: Option<String>,
    /// The arguments by which a second process finishes a commit, without release and hosts; none in tests.
    keeper: Option<Vec<OsString>>,
    console: &'a Console,
    abort: &'a Abort,
}

/// Does a verb on the fleet.
pub(crate) fn run(job: FleetJob, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let inventory = Inventory::load(&job.fleet)?;
    let keeper = Some(keeper_arguments(&job));
    let Chosen { only, group, exclude, host } = *job.chosen;
    let hosts = inventory.choose(&Selection::new(only, group, exclude, &host)?)?;
    let timeouts = Timeouts { connect: Duration::from_secs(10), ..Timeouts::default() };
    let options = SshOptions::new()
        .identity(job.identity)
        .known_hosts(job.known_hosts)
        .passphrase_from_env()?
        .timeouts(timeouts)
        .interrupt(Interrupt::from(abort.flag()));
    let dial_on = dial(options.clone().interrupt(Interrupt::never()));
    let controller = Controller {
        inventory,
        hosts,
        dial: dial(options),
        dial_on,
        owner: job.owner,
        keeper,
        console,
        abort,
    };
    match job.verb {
        FleetVerb::Activate(switch) => activate(&controller, &switch),
        FleetVerb::Rollback(switch) => rollback::rollback(&controller, &switch),
        FleetVerb::Status { json } => look::status(&controller, json),
        FleetVerb::Verify { release, json } => look::verify(&controller, release.as_ref(), json),
        FleetVerb::Repair { release, json } => look::repair(&controller, release.as_ref(), json),
        FleetVerb::Manifest { release } => manifest::manifest(&controller, release.as_ref()),
        FleetVerb::Adopt { from, dry_run } => adopt::adopt(&controller, from.as_deref(), dry_run),
        FleetVerb::Converge { switch, if_orphaned } => converge::converge(controller, &switch, if_orphaned),
        FleetVerb::Settle => look::settle(&controller),
        FleetVerb::Prune(job) => look::prune(&controller, job, true),
    }
}

fn keeper_arguments(job: &FleetJob) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = vec!["converge".into(), "--if-orphaned".into(), "--fleet".into()];
    arguments.push(job.fleet.clone().into());
    for (flag, value) in [("--identity", &job.identity), ("--known-hosts", &job.known_hosts)] {
        if let Some(value) = value {
            arguments.extend([flag.into(), value.clone().into()]);
        }
    }
    if let FleetVerb::Activate(switch) | FleetVerb::Rollback(switch) = &job.verb {
        arguments.extend(["--records".into(), switch.records.clone().into()]);
    }
    for host in &job.chosen.host {
        arguments.extend(["--host".into(), host.into()]);
    }
    if let Some(owner) = &job.owner {
        arguments.extend(["--owner".into(), owner.into()]);
    }
    arguments
}

fn dial(options: SshOptions) -> Dial {
    Arc::new(move |host| fleet::connect(host, &options))
}

/// Activates what was pushed: the push must be complete on every selected host.
fn activate(controller: &Controller<'_>, switch: &FleetSwitch) -> Result<ExitCode, Error> {
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
    path: &std::path::Path,
    release: &Release,
    push: &Push,
    with_quorum: bool,
) -> Result<(), Error> {
    let find = |host: &Host| push.hosts.iter().find(|pushed| pushed.name == host.name.as_str());
    let names = |hosts: Vec<&Host>| hosts.into_iter().map(|host| host.name.to_string()).collect::<Vec<_>>();
    let unknown = names(controller.hosts.iter().filter(|host| find(host).is_none()).collect());
    if !unknown.is_empty() {
        return Err(Error::OtherHosts { path: path.to_owned(), hosts: unknown });
    }
    let staged = |host: &&Host| find(host).is_some_and(|pushed| pushed.state == record::PushState::Staged);
    let incomplete = names(controller.hosts.iter().filter(|host| !staged(host)).collect());
    // With a quorum the hosts themselves are asked, and may have caught up.
    if incomplete.is_empty() || (with_quorum && incomplete.len() < controller.hosts.len()) {
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
    match self::owner(owner) {
        Some(owner) => argv.args(["--owner", owner.as_str()]),
        None => argv,
    }
}

/// Who asks: as given, else the build.
fn owner(given: Option<&str>) -> Option<String> {
    given.map(str::to_owned).or_else(|| std::env::var("BUILD_TAG").ok())
}
