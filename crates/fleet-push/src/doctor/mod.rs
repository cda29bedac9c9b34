//! `fleet-push doctor`: whether hosts have what a deployment needs, and what to do where they have not.
//!
//! - `look`, `trial`, `dial`, `examine`: asking a host; all that is left there is taken away again;
//! - `seen`: what was observed;
//! - `checks`: what is made of it, one file a check, without any effect;
//! - `remedy`: the words and commands for people.

mod checks;
mod dial;
mod examine;
mod look;
mod remedy;
mod seen;
mod trial;

use cli::{Abort, Console, human};
use fleet::{Event, Host, Interrupt, Outcome, SharedPath, fan_out};
use record::{Check, ExaminedHost, ExitCode, FleetDoctor, RemedyPlace, Verdict};

use self::examine::{examine, examined};
use self::seen::Seen;
use crate::Error;
use crate::cli::Reach;
use crate::hosts::count;

/// What is examined, and how commands name it.
pub(super) struct Subject<'a> {
    pub(super) host: &'a Host,
    pub(super) shared: &'a [SharedPath],
    /// The inventory, as it was named.
    pub(super) fleet: &'a str,
    /// The host is not in it.
    pub(super) beside: bool,
}

/// Examines every host and tells.
pub(crate) fn doctor(reach: &Reach, json: bool, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::from(abort.flag());
    let inventory = reach.inventory()?;
    let hosts = reach.choose(&inventory)?;
    let options = reach.options(&hosts, &interrupt)?;
    console.say(format!("examining {}", count(hosts.len())));
    let (shared, fleet) = (inventory.site.shared.clone(), inventory.path.display().to_string());
    let own: Vec<_> = inventory.hosts.iter().map(|host| host.name.clone()).collect();
    let raised = interrupt.clone();
    let outcomes = fan_out(
        hosts.clone(),
        reach.parallel,
        &interrupt,
        |_: Event<()>| (),
        move |host, _| {
            let beside = !own.contains(&host.name);
            let subject = Subject { host: &host, shared: &shared, fleet: &fleet, beside };
            examine(&subject, &options, &raised)
        },
    );
    if abort.is_set() {
        return Err(Error::Aborted);
    }
    let results: Vec<(ExaminedHost, Option<Seen>)> =
        hosts.iter().zip(outcomes).map(|(host, outcome)| settle(host, outcome)).collect();
    tell(&results, console);
    let all = FleetDoctor {
        schema: FleetDoctor::SCHEMA.to_owned(),
        hosts: results.into_iter().map(|(host, _)| host).collect(),
    };
    if json {
        let text = serde_json::to_string_pretty(&all).map_err(|error| Error::Json(error.to_string()))?;
        console.data(format!("{text}\n").as_bytes()).map_err(Error::Stdout)?;
    }
    let ill: Vec<&ExaminedHost> = all.hosts.iter().filter(|host| !host.healthy).collect();
    if ill.is_empty() {
        console.say(format!("{} ready for a deployment", are(all.hosts.len())));
        return Ok(ExitCode::Ok);
    }
    Err(Error::Unfit {
        failed: ill.len(),
        all: all.hosts.len(),
        names: ill.iter().take(10).map(|host| host.name.clone()).collect(),
    })
}

fn are(hosts: usize) -> String {
    format!("{} {}", count(hosts), if hosts == 1 { "is" } else { "are" })
}

fn settle(host: &Host, outcome: Outcome<(ExaminedHost, Option<Seen>)>) -> (ExaminedHost, Option<Seen>) {
    outcome.done().unwrap_or_else(|| {
        let defect = "a defect in fleet-push ended the work on this host";
        (examined(host, vec![remedy::fault("ssh", defect, "report it", [])]), None)
    })
}

/// For people: a table, then what is wrong or odd with each host, and what to do.
fn tell(results: &[(ExaminedHost, Option<Seen>)], console: &Console) {
    let head = ["host", "engine", "is", "swap-release", "rtorrent", "free", "live"];
    let rows: Vec<Vec<String>> = results.iter().map(|(host, seen)| row(host, seen.as_ref())).collect();
    console.block(&cli::table(&head, &rows));
    for (host, _) in results {
        let told = |check: &&Check| matches!(check.verdict, Verdict::Fault | Verdict::Warning);
        for check in host.checks.iter().filter(told) {
            let text = format!("{}: {}: {}", host.name, check.check, check.found);
            match check.verdict {
                Verdict::Fault => console.say(text),
                _ => console.warn(text),
            }
            if let Some(remedy) = &check.remedy {
                console.say(format!("{} remedy: {remedy}", host.name));
            }
            for command in &check.commands {
                let place = match command.place {
                    RemedyPlace::Here => "here",
                    RemedyPlace::Host => "there",
                    RemedyPlace::Root => "there as root",
                };
                console.say(format!("{} remedy, run {place}: {}", host.name, command.command));
            }
        }
        for check in &host.checks {
            log::info!("{}: {}: {:?}: {}", host.name, check.check, check.verdict, check.found);
        }
    }
}

fn row(host: &ExaminedHost, seen: Option<&Seen>) -> Vec<String> {
    let count = |verdict: Verdict| host.checks.iter().filter(|check| check.verdict == verdict).count();
    let counted = |number: usize, what: &str| match number {
        0 => None,
        1 => Some(format!("1 {what}")),
        number => Some(format!("{number} {what}S")),
    };
    let faults = counted(count(Verdict::Fault), "FAULT");
    let warnings = counted(count(Verdict::Warning), "warning").map(|text| text.to_lowercase());
    let is = [Some(faults.unwrap_or_else(|| "ready".to_owned())), warnings];
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let version = seen.and_then(|seen| seen.probe.version.clone().ok());
    let version = version.map(|said| said.strip_prefix("swap-release ").unwrap_or(&said).to_owned());
    let rtorrent = seen.and_then(|seen| seen.rtorrent.as_ref()?.version.clone().ok());
    let live = seen.and_then(|seen| seen.status.as_ref()?.as_ref().ok()?.current.clone());
    vec![
        host.name.clone(),
        host.engine.clone(),
        is.into_iter().flatten().collect::<Vec<_>>().join(", "),
        text(version),
        text(rtorrent),
        text(seen.and_then(|seen| seen.probe.free_bytes).map(human::bytes)),
        text(live.map(|id| id.to_string())),
    ]
}
