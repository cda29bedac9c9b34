//! `fleet-push install`: puts `swap-release` on hosts, or goes back to the one before; and, when asked, a configuration of
//! rtorrent.
//!
//! - `binary`: the program, read and checked here;
//! - `put`: what is there, and putting it in its place;
//! - `rtorrent`: the reviewed configuration, filled in for a host, shown or written;
//! - `fault`: what goes wrong, and the remedy.

mod binary;
mod fault;
mod put;
mod rtorrent;

use std::path::PathBuf;
use std::sync::Arc;

use cli::{Abort, Console};
use fleet::{Event, Host, Interrupt, Outcome, Remote, UserName, fan_out};
use record::ExitCode;

use self::binary::Binary;
use self::fault::InstallFault;
use self::put::Done;
pub(crate) use self::rtorrent::Setup;
use crate::Error;
use crate::cli::Reach;
use crate::hosts::count;

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Task {
    /// The program of this file, or the one beside us.
    Put { binary: Option<PathBuf> },
    /// The program before.
    Back,
    /// A configuration of rtorrent.
    Rtorrent(Setup),
}

/// Does it on every host, and tells.
pub(crate) fn install(
    reach: &Reach,
    task: Task,
    log_in_as: Option<&UserName>,
    console: &Console,
    abort: &Abort,
) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::from(abort.flag());
    let hosts = reach.choose(&reach.inventory()?)?;
    let options = reach.options(&hosts, &interrupt)?;
    let account = log_in_as.cloned();
    let connect = move |host: &Host| -> Result<Box<dyn Remote>, InstallFault> {
        let host = with_account(host, account.as_ref());
        match fleet::connect(&host, &options) {
            // As in a push, a connection that broke is worth another one.
            Err(error) if error.is_connection_loss() => Ok(fleet::connect(&host, &options)?),
            connected => Ok(connected?),
        }
    };
    match task {
        Task::Put { binary } => {
            let binary = Arc::new(Binary::load(binary.as_deref())?);
            console.say(format!(
                "swap-release {} for {} goes to {}",
                short(&binary.sha256.to_string()),
                binary.machine.name(),
                count(hosts.len())
            ));
            let account = log_in_as.cloned();
            let put = move |host: &Host| {
                let remote = connect(host)?;
                put::put(&*remote, &with_account(host, account.as_ref()), &binary)
            };
            each(reach, &hosts, &interrupt, console, abort, put, tell)
        }
        Task::Back => {
            console.say(format!("going back to the swap-release before, on {}", count(hosts.len())));
            let account = log_in_as.cloned();
            let back = move |host: &Host| {
                let remote = connect(host)?;
                put::back(&*remote, &with_account(host, account.as_ref()))
            };
            each(reach, &hosts, &interrupt, console, abort, back, tell)
        }
        Task::Rtorrent(setup) => {
            let (with, without): (Vec<Host>, Vec<Host>) =
                hosts.into_iter().partition(|host| host.engine == fleet::Engine::Rtorrent);
            for host in &without {
                console.say(format!("{} has the embedded engine: nothing to write there", host.name));
            }
            if with.is_empty() {
                return Err(Error::NoRtorrent);
            }
            let setup = Arc::new(setup);
            let work = {
                let setup = Arc::clone(&setup);
                move |host: &Host| rtorrent::work(&*connect(host)?, host, &setup)
            };
            each(reach, &with, &interrupt, console, abort, work, rtorrent::tell)
        }
    }
}

/// The host, logged in to as somebody else than the account that deploys.
fn with_account(host: &Host, account: Option<&UserName>) -> Host {
    Host { user: account.unwrap_or(&host.user).clone(), ..host.clone() }
}

/// Does `work` on every host; `told` tells of each that succeeded as soon as it has, failures are told likewise.
fn each<T: Send + 'static>(
    reach: &Reach,
    hosts: &[Host],
    interrupt: &Interrupt,
    console: &Console,
    abort: &Abort,
    work: impl Fn(&Host) -> Result<T, InstallFault> + Send + Sync + 'static,
    told: impl Fn(&Host, &T, &Console) -> Result<(), Error>,
) -> Result<ExitCode, Error> {
    let outcomes = fan_out(
        hosts.to_vec(),
        reach.parallel,
        interrupt,
        |event: Event<(String, Option<String>)>| {
            if let Event::Said(_, (line, remedy)) = event {
                console.say(line);
                if let Some(remedy) = remedy {
                    // Not a `hint:` line: that is for the error that ends the stage.
                    console.say(remedy);
                }
            }
        },
        move |host, emitter| {
            let result = work(&host);
            if let Err(fault) = &result
                && !matches!(fault, InstallFault::Host(crate::fault::Fault::Terminated))
            {
                let name = &host.name;
                let remedy = fault.hint().map(|hint| format!("{name} remedy: {hint}"));
                emitter.say((format!("{name} failed: {}", fault.beside(name)), remedy));
            }
            result.ok()
        },
    );
    let mut failed = Vec::new();
    for (host, outcome) in hosts.iter().zip(outcomes) {
        match outcome {
            Outcome::Done(Some(done)) => told(host, &done, console)?,
            Outcome::Panicked => {
                console.say(format!("{} failed: a defect in fleet-push ended the work on it", host.name));
                failed.push(host);
            }
            Outcome::Done(None) | Outcome::NotBegun | Outcome::LeftBehind => failed.push(host),
        }
    }
    if abort.is_set() {
        return Err(Error::Aborted);
    }
    if failed.is_empty() {
        return Ok(ExitCode::Ok);
    }
    Err(Error::NotInstalled {
        failed: failed.len(),
        all: hosts.len(),
        names: failed.into_iter().take(10).map(|host| host.name.to_string()).collect(),
    })
}

fn tell(host: &Host, done: &Done, console: &Console) -> Result<(), Error> {
    let name = &host.name;
    match done {
        Done::Already { path, version } => {
            console.say(format!("{name} has it already: swap-release {version} in {path}"));
        }
        Done::New { path, version, former } => {
            console.say(format!("{name} has swap-release {version} in {path} now"));
            if let Some(former) = former {
                console.say(format!(
                    "{name} keeps the former one, {}, as {}; --back exchanges the two",
                    former.version, former.path
                ));
            }
            if version != env!("CARGO_PKG_VERSION") {
                let ours = env!("CARGO_PKG_VERSION");
                console.warn(format!("{name}: swap-release {version} there, fleet-push {ours} here"));
            }
        }
    }
    Ok(())
}

/// Enough of a digest to tell two apart.
fn short(sum: &str) -> &str {
    sum.get(..8).unwrap_or(sum)
}
