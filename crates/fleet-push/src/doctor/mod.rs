//! `fleet-push doctor`: whether hosts have what a deployment needs, and what to do where they have not.
//!
//! - `look`, `live`, `hold`, `trial`, `dial`, `examine`: asking a host; all that is left there is taken away again;
//! - `seen`: what was observed; `rights`: who may do what with a directory;
//! - `survey`: all hosts together;
//! - `checks`: what is made of it, one file a check, without any effect;
//! - `remedy`: the words and commands for people.

mod checks;
mod dial;
mod drupal;
mod examine;
mod hold;
mod lint;
mod live;
pub(crate) mod look;
mod probe;
mod remedy;
mod rights;
pub(crate) mod seen;
mod subject;
mod survey;
mod trial;
mod web_user;

use cli::{Abort, Console, human};
use inventory::Host;
use record::{Check, ExaminedHost, ExitCode, FleetDoctor, RemedyPlace, Verdict};
use remote::{Event, Interrupt, Outcome, fan_out};

pub(crate) use self::examine::{Observed, Trial};
use self::seen::Seen;
use self::subject::Subject;
pub(crate) use self::survey::Survey;
use crate::Error;
use crate::hosts::reach::Reach;
use crate::show::output::ReportOutput;
use crate::show::words::count;
use crate::show::words::engine_word;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct DoctorRequest {
    pub(crate) reach: Reach,
    /// As JSON.
    pub(crate) json: bool,
}

/// Examines every host and tells.
pub(crate) fn doctor(request: &DoctorRequest, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let DoctorRequest { reach, json } = request;
    let interrupt = Interrupt::from(abort.flag());
    let inventory = reach.inventory()?;
    let hosts = reach.choose(&inventory)?;
    let options = reach.options(&hosts, &interrupt)?;
    console.say(format!("examining {}", count(hosts.len())));
    let survey = Survey::of(&inventory);
    let (all, raised) = (survey.clone(), interrupt.clone());
    let outcomes = fan_out(
        hosts.clone(),
        reach.parallel,
        &interrupt,
        |_: Event<()>| (),
        move |host, _| all.examine(&host, Trial::Whole, &options, &raised),
    );
    if abort.is_set() {
        return Err(Error::Aborted);
    }
    let mut observed: Vec<Observed> = outcomes.into_iter().map(settle).collect();
    survey.conclude(&hosts, &mut observed);
    let results: Vec<(ExaminedHost, Option<Seen>)> =
        hosts.iter().zip(observed).map(|(host, one)| (examined(host, one.checks), one.seen)).collect();
    tell(&results, &ReportOutput::new(console, *json))?;
    let all = FleetDoctor {
        schema: FleetDoctor::SCHEMA.to_owned(),
        hosts: results.into_iter().map(|(host, _)| host).collect(),
    };
    if *json {
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

/// What was found, or that something went wrong here.
pub(crate) fn settle(outcome: Outcome<Observed>) -> Observed {
    outcome.done().unwrap_or_else(|| {
        let defect = "a defect in fleet-push ended the work on this host";
        Observed {
            checks: vec![remedy::fault("ssh", defect, "report it", Vec::new())],
            seen: None,
            held: None,
        }
    })
}

/// The host with these checks.
fn examined(host: &Host, checks: Vec<Check>) -> ExaminedHost {
    ExaminedHost {
        name: host.name.to_string(),
        group: host.group.as_ref().map(ToString::to_string),
        engine: engine_word(host.engine).to_owned(),
        healthy: !checks.iter().any(|check| check.verdict == Verdict::Fault),
        checks,
    }
}

/// For people: a table, then what is wrong or odd with each host, and what to do.
fn tell(results: &[(ExaminedHost, Option<Seen>)], output: &ReportOutput<'_>) -> Result<(), Error> {
    let head = ["host", "engine", "is", "swap-release", "rtorrent", "free", "live"];
    let rows: Vec<Vec<String>> = results.iter().map(|(host, seen)| row(host, seen.as_ref())).collect();
    output.table(&cli::table(&head, &rows))?;
    for (host, _) in results {
        let is_told = |check: &&Check| matches!(check.verdict, Verdict::Fault | Verdict::Warning);
        for check in host.checks.iter().filter(is_told) {
            let text = format!("{}: {}: {}", host.name, check.check, check.found);
            match check.verdict {
                Verdict::Fault => output.line(text)?,
                _ => output.warning(text)?,
            }
            if let Some(remedy) = &check.remedy {
                output.line(format!("{} remedy: {remedy}", host.name))?;
            }
            for command in &check.commands {
                let place = match command.place {
                    RemedyPlace::Here => "here",
                    RemedyPlace::Host => "there",
                    RemedyPlace::Root => "there as root",
                };
                output.line(format!("{} remedy, run {place}: {}", host.name, command.command))?;
            }
        }
        for check in &host.checks {
            log::info!("{}: {}: {:?}: {}", host.name, check.check, check.verdict, check.found);
        }
    }
    Ok(())
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
