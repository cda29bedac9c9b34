//! `fleet-push plan`: what a push would do, told by the hosts themselves. Nothing is changed anywhere.

mod estimate;
mod host;
mod names;

use std::path::PathBuf;
use std::time::Duration;

use cli::{Abort, Console, human};
use inventory::{Host, Inventory, Rate};
use record::{ExitCode, Pack, PlanAction, PlannedHost, PushPlan, Records, Release};
use remote::{Event, Interrupt, fan_out};

use self::estimate::estimate;
use self::names::Longest;
use crate::Error;
use crate::doctor::{Observed, Survey, Trial, settle};
use crate::hosts::reach::Reach;
use crate::show::output::ReportOutput;
use crate::show::words::count;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct PlanRequest {
    pub(crate) reach: Reach,
    /// The folder of records.
    pub(crate) records: PathBuf,
    /// What every link carries.
    pub(crate) link: Rate,
    /// As JSON.
    pub(crate) json: bool,
}

/// Asks every host and reports.
pub(crate) fn plan(request: &PlanRequest, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    let PlanRequest { reach, records, link, json } = request;
    let records = Records::new(records);
    let interrupt = Interrupt::from(abort.flag());
    let inventory = reach.inventory()?;
    let hosts = reach.choose(&inventory)?;
    // Before publishing as well as after: the release is the same one.
    let release = records.load::<Pack>()?.record.release;
    let options = reach.options(&hosts, &interrupt)?;
    console.say(format!("asking {} about release {}", count(hosts.len()), release.id));
    let longest = Longest::of(&records, &release);
    let survey = Survey::of(&inventory);
    let (all, raised) = (survey.clone(), interrupt.clone());
    let outcomes = fan_out(
        hosts.clone(),
        reach.parallel,
        &interrupt,
        |_: Event<()>| (),
        move |host, _| all.examine(&host, Trial::Ask, &options, &raised),
    );
    if abort.is_set() {
        return Err(Error::Aborted);
    }
    let mut observed: Vec<Observed> = outcomes.into_iter().map(settle).collect();
    survey.conclude(&hosts, &mut observed);
    let planned = hosts.iter().zip(&observed);
    let planned: Vec<PlannedHost> =
        planned.map(|(host, one)| host::plan(host, &release, longest.as_ref(), one)).collect();
    let plan = PushPlan {
        schema: PushPlan::SCHEMA.to_owned(),
        release: release.id.clone(),
        payload_bytes: release.payload.bytes,
        tree_bytes: release.bytes,
        files: release.files,
        estimate: expected(&inventory, &hosts, &planned, &release, *link),
        hosts: planned,
    };
    if *json {
        let text = serde_json::to_string_pretty(&plan).map_err(|error| Error::Json(error.to_string()))?;
        console.data(format!("{text}\n").as_bytes()).map_err(Error::Stdout)?;
    }
    tell(&plan, &ReportOutput::new(console, *json))?;
    let names: Vec<String> = failing(&plan).map(|host| host.name.clone()).collect();
    if names.is_empty() {
        return Ok(ExitCode::Ok);
    }
    Err(Error::NotReady {
        failed: names.len(),
        all: plan.hosts.len(),
        names: names.into_iter().take(10).collect(),
    })
}

fn failing(plan: &PushPlan) -> impl Iterator<Item = &PlannedHost> {
    plan.hosts.iter().filter(|host| host.action == PlanAction::Fail)
}

fn expected(
    inventory: &Inventory,
    hosts: &[Host],
    planned: &[PlannedHost],
    release: &Release,
    link: Rate,
) -> record::Estimate {
    let link = link.bytes_per_second().get();
    let at_most = |rate: Option<Rate>| rate.map_or(link, |rate| rate.bytes_per_second().get().min(link));
    let pushed = hosts.iter().zip(planned).filter(|(_, planned)| planned.action == PlanAction::Push);
    let uploads: Vec<u64> = pushed.map(|(host, _)| at_most(host.max_upload)).collect();
    estimate(release.payload.bytes, at_most(inventory.own_seeder.max_upload), link, &uploads)
}

/// For people: a table, then what is wrong or odd, then the expectation.
fn tell(plan: &PushPlan, output: &ReportOutput<'_>) -> Result<(), Error> {
    let text = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
    let row = |host: &PlannedHost| {
        vec![
            host.name.clone(),
            match host.action {
                PlanAction::Push => "push",
                PlanAction::Nothing => "nothing: has it",
                PlanAction::Fail => "WOULD FAIL",
            }
            .to_owned(),
            human::bytes(host.bytes),
            human::bytes(host.needs_bytes),
            text(host.free_bytes.map(human::bytes)),
            text(host.clock_ahead_ms.map(clock)),
            text(host.swap_release.clone()),
            text(host.rtorrent.clone()),
            text(host.live.as_ref().map(ToString::to_string)),
        ]
    };
    let rows: Vec<Vec<String>> = plan.hosts.iter().map(row).collect();
    let head = ["host", "would", "gets", "needs", "free", "clock", "swap-release", "rtorrent", "live"];
    output.table(&cli::table(&head, &rows))?;
    for host in &plan.hosts {
        for problem in &host.problems {
            output.line(format!("{}: {problem}", host.name))?;
        }
        for warning in &host.warnings {
            output.warning(format!("{}: {warning}", host.name))?;
        }
    }
    let guess = &plan.estimate;
    if guess.hosts > 0 {
        let rate = |bytes: u64| format!("{}/s", human::bytes(bytes));
        output.line(format!(
            "N={} F={} u_s={} d={} sum u_i={}",
            guess.hosts,
            human::bytes(guess.bytes),
            rate(guess.seeder_upload),
            rate(guess.link),
            rate(guess.hosts_upload)
        ))?;
        output.line(format!("expected as star {}: {}", time(guess.star_seconds), guess.star_formula))?;
        output.line(format!("expected as swarm {}: {}", time(guess.swarm_seconds), guess.swarm_formula))?;
    }
    let would = |action: PlanAction| plan.hosts.iter().filter(|host| host.action == action).count();
    output.line(format!(
        "release {}: {} would get it, {} have it, {} would fail; nothing was changed",
        plan.release,
        would(PlanAction::Push),
        would(PlanAction::Nothing),
        would(PlanAction::Fail)
    ))
}

fn time(seconds: f64) -> String {
    human::seconds(Duration::try_from_secs_f64(seconds).unwrap_or_default())
}

/// `+0.2 s`, `-31536000 s`.
fn clock(ahead_ms: i64) -> String {
    let sign = if ahead_ms < 0 { '-' } else { '+' };
    let ms = ahead_ms.unsigned_abs();
    format!("{sign}{}.{} s", ms / 1000, ms % 1000 / 100)
}
