//! `install --rtorrent`: the reviewed configuration of rtorrent and its systemd units, filled in from the inventory. Shown;
//! with `--write` put in place. Nothing is started: the commands for that are printed.

mod files;
mod setup;
mod write;

use cli::Console;
use inventory::{Host, RemotePath, UserName};
use remote::Remote;

use self::files::{Plan, plan};
pub(crate) use self::setup::Setup;
use self::write::{Before, Facts, Kept};
use super::fault::InstallFault;
use crate::Error;

/// What was shown or done on a host.
#[derive(Debug)]
pub(super) struct Work {
    plan: Plan,
    facts: Facts,
    /// Where files that were replaced are kept; `None` if nothing was written.
    written: Option<Vec<Kept>>,
    config: RemotePath,
    user: UserName,
}

/// Looks at the host, and writes if that was asked for.
pub(super) fn work(remote: &dyn Remote, host: &Host, setup: &Setup) -> Result<Work, InstallFault> {
    let group = write::group_of(remote, &host.user)?;
    let plan = plan(host, setup, &group)?;
    let facts = write::look(remote, setup, &plan)?;
    let written = if setup.write { Some(write::write(remote, setup, &plan, &facts)?) } else { None };
    Ok(Work { plan, facts, written, config: setup.config.clone(), user: setup.user.clone() })
}

/// Shows it, on standard output; what is to be done by hand on standard error.
pub(super) fn tell(host: &Host, work: &Work, console: &Console) -> Result<(), Error> {
    let name = &host.name;
    if work.written.is_none() {
        let mut text = String::new();
        for folder in &work.plan.folders {
            let mode = folder.mode;
            let there = if work.facts.has_folder(&folder.path) {
                "is there, and stays as it is"
            } else {
                "would be made"
            };
            let owner =
                folder.owner.as_ref().map_or(String::new(), |(user, group)| format!("{user}:{group} "));
            text += &format!("# {name}: directory {} ({owner}{mode:04o}): {there}\n", folder.path);
        }
        for file in &work.plan.files {
            let state = match work.facts.before(file) {
                Before::Nothing => "would be new",
                Before::Same => "is there, and the same",
                Before::Other(_) => "differs from what is there, which would be kept beside it",
            };
            text += &format!("\n# {name}: file {}: {state}\n{}", file.path, file.text);
        }
        console.data(format!("{text}\n").as_bytes()).map_err(Error::Stdout)?;
        console.say(format!("{name}: nothing was written; --write does"));
    }
    for kept in work.written.iter().flatten() {
        match kept {
            Kept::New(path) => console.say(format!("{name} has a new `{path}`")),
            Kept::Same(path) => console.say(format!("{name} has `{path}` already")),
            Kept::Replaced { path, before } => {
                console.say(format!("{name} has another `{path}` now; the one before is kept as `{before}`"));
            }
            Kept::Folder(path) => console.say(format!("{name} has a new directory `{path}`")),
        }
    }
    for command in commands(work) {
        console.say(format!("{name}, left to do as root: {command}"));
    }
    Ok(())
}

/// What we do not do: installing packages and starting services.
fn commands(work: &Work) -> Vec<String> {
    let mut commands = Vec::new();
    if !work.facts.has_rtorrent {
        commands.push("apt-get install --no-install-recommends rtorrent".to_owned());
    }
    if work.facts.has_systemd {
        commands.push("systemctl daemon-reload".to_owned());
        commands.push(format!("systemctl enable {}", work.plan.units.join(" ")));
        let started: Vec<&str> =
            work.plan.units.iter().map(String::as_str).filter(|unit| *unit != files::RECONCILE).collect();
        commands.push(format!("systemctl restart {}", started.join(" ")));
    } else {
        let start = format!("rtorrent -n -o import={}", work.config);
        commands.push(format!("runuser -u {} -- {start}", work.user));
    }
    commands
}
