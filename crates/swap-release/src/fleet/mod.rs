//! The verbs from the controller: on every host of the inventory, by SSH.
//!
//! - `commit`: the two-phase commit; `activate`, `rollback` and `converge` lead to it;
//! - `adopt`, `manifest`, `prune`, `settle`, `status`, `verify`: the verbs that switch nothing;
//! - `answers`: asking every host the same; `host`: what one host answers;
//! - `statuses`, `own_name`: what the hosts say of their releases, and what they call them.

mod activate;
mod adopt;
mod answers;
mod commit;
mod controller;
mod converge;
mod host;
pub(crate) mod job;
mod manifest;
mod own_name;
mod prune;
mod rollback;
mod run;
mod settle;
mod status;
mod statuses;
mod verify;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use cli::{Abort, Chosen, Console};
use inventory::{Inventory, Selection};
use record::ExitCode;
use remote::{Interrupt, SshOptions, Timeouts};

use self::controller::{Controller, Dial};
use self::job::{FleetJob, FleetVerb};
use crate::Error;

/// Does a verb on the fleet.
pub(crate) fn run(job: FleetJob, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let inventory = Inventory::load(&job.fleet)?;
    let successor = Some(successor_arguments(&job));
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
        successor,
        console,
        abort,
    };
    match job.verb {
        FleetVerb::Activate(switch) => activate::activate(&controller, &switch),
        FleetVerb::Rollback(switch) => rollback::rollback(&controller, &switch),
        FleetVerb::Status { json } => status::status(&controller, json),
        FleetVerb::Verify { release, json } => verify::verify(&controller, release.as_ref(), json),
        FleetVerb::Repair { release, json } => verify::repair(&controller, release.as_ref(), json),
        FleetVerb::Manifest { release } => manifest::manifest(&controller, release.as_ref()),
        FleetVerb::Adopt { from, dry_run } => adopt::adopt(&controller, from.as_deref(), dry_run),
        FleetVerb::Converge { switch, if_orphaned } => converge::converge(controller, &switch, if_orphaned),
        FleetVerb::Settle => settle::settle(&controller),
        FleetVerb::Prune(job) => prune::prune(&controller, job, true),
    }
}

fn successor_arguments(job: &FleetJob) -> Vec<OsString> {
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
    Arc::new(move |host| remote::connect(host, &options))
}
