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
use inventory::{Host, UserName};
use record::ExitCode;
use remote::{Event, Interrupt, Outcome, Remote, fan_out};

use self::binary::Binary;
pub(crate) use self::binary::Machine;
use self::fault::InstallFault;
use self::put::Done;
pub(crate) use self::rtorrent::Setup;
use crate::Error;
use crate::error::Fault;
use crate::hosts::reach::Reach;
use crate::show::words::{count, short_digest};

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

/// What was asked for.
#[derive(Debug)]
pub(crate) struct InstallRequest {
    pub(crate) reach: Reach,
    pub(crate) task: Task,
    /// The account to log in as, if not the one that deploys.
    pub(crate) log_in_as: Option<UserName>,
}

/// Does it on every host, and tells.
pub(crate) fn install(request: InstallRequest, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let InstallRequest { reach, task, log_in_as } = request;
    let interrupt = Interrupt::from(abort.flag());
    let hosts = reach.choose(&reach.inventory()?)?;
    let options = reach.options(&hosts, &interrupt)?;
    let account = log_in_as.clone();
    let connect = move |host: &Host| -> Result<Box<dyn Remote>, InstallFault> {
        let host = with_account(host, account.as_ref());
        match remote::connect(&host, &options) {
            // As in a push, a connection that broke is worth another one.
            Err(error) if error.is_connection_loss() => Ok(remote::connect(&host, &options)?),
            connected => Ok(connected?),
        }
    };
    match task {
        Task::Put { binary } => {
            let binary = Arc::new(Binary::load(binary.as_deref())?);
            console.say(format!(
                "swap-release {} for {} goes to {}",
                short_digest(&binary.sha256.to_string()),
                binary.machine.name(),
                count(hosts.len())
            ));
            let account = log_in_as.clone();
            let put = move |host: &Host| {
                let remote = connect(host)?;
                put::put(&*remote, &with_account(host, account.as_ref()), &binary)
            };
            each(&reach, &hosts, console, abort, put, lines, |_, _, _| Ok(()))
        }
        Task::Back => {
            console.say(format!("going back to the swap-release before, on {}", count(hosts.len())));
            let account = log_in_as.clone();
            let back = move |host: &Host| {
                let remote = connect(host)?;
                put::back(&*remote, &with_account(host, account.as_ref()))
            };
            each(&reach, &hosts, console, abort, back, lines, |_, _, _| Ok(()))
        }
        Task::Rtorrent(setup) => {
            let (with, without): (Vec<Host>, Vec<Host>) =
                hosts.into_iter().partition(|host| host.engine == inventory::Engine::Rtorrent);
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
            each(&reach, &with, console, abort, work, |_, _| Vec::new(), rtorrent::tell)
        }
    }
}

/// The host, logged in to as somebody else than the account that deploys.
fn with_account(host: &Host, account: Option<&UserName>) -> Host {
    Host { user: account.unwrap_or(&host.user).clone(), ..host.clone() }
}

/// What is said of a host.
enum Line {
    Say(String),
    Warn(String),
}

/// Does `work` on every host. What `soon` says of one is told as soon as it is done, as are failures; `last` tells in the order
/// of the inventory when all are.
fn each<T: Send + 'static>(
    reach: &Reach,
    hosts: &[Host],
    console: &Console,
    abort: &Abort,
    work: impl Fn(&Host) -> Result<T, InstallFault> + Send + Sync + 'static,
    soon: fn(&Host, &T) -> Vec<Line>,
    last: fn(&Host, &T, &Console) -> Result<(), Error>,
) -> Result<ExitCode, Error> {
    let outcomes = fan_out(
        hosts.to_vec(),
        reach.parallel,
        &Interrupt::from(abort.flag()),
        |event: Event<Line>| match event {
            Event::Said(_, Line::Say(line)) => console.say(line),
            Event::Said(_, Line::Warn(line)) => console.warn(line),
            Event::Begun(_) | Event::Ended(_) | Event::Tick => {}
        },
        move |host, emitter| {
            let result = work(&host);
            let told = match &result {
                Ok(done) => soon(&host, done),
                Err(InstallFault::Host(Fault::Terminated)) => Vec::new(),
                Err(fault) => failure(&host, fault),
            };
            told.into_iter().for_each(|line| emitter.say(line));
            result.ok()
        },
    );
    let mut failed = Vec::new();
    for (host, outcome) in hosts.iter().zip(outcomes) {
        match outcome {
            Outcome::Done(Some(done)) => last(host, &done, console)?,
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

fn failure(host: &Host, fault: &InstallFault) -> Vec<Line> {
    let name = &host.name;
    let mut lines = vec![Line::Say(format!("{name} failed: {}", fault.beside()))];
    // Not a `hint:` line: that is for the error that ends the stage.
    lines.extend(fault.hint().map(|hint| Line::Say(format!("{name} remedy: {hint}"))));
    lines
}

fn lines(host: &Host, done: &Done) -> Vec<Line> {
    let name = &host.name;
    match done {
        Done::Already { path, version } => {
            vec![Line::Say(format!("{name} has it already: swap-release {version} in {path}"))]
        }
        Done::New { path, version, former } => {
            let mut lines = vec![Line::Say(format!("{name} has swap-release {version} in {path} now"))];
            lines.extend(former.as_ref().map(|former| {
                let (version, path) = (&former.version, &former.path);
                Line::Say(format!(
                    "{name} keeps the former one, {version}, as {path}; --back exchanges the two"
                ))
            }));
            let ours = env!("CARGO_PKG_VERSION");
            if version != ours {
                lines.push(Line::Warn(format!(
                    "{name}: swap-release {version} there, fleet-push {ours} here"
                )));
            }
            lines
        }
    }
}
