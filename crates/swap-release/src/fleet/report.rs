//! What a fleet swap leaves behind: the table, the record, JUnit XML.

use std::path::PathBuf;

use fleet::{Host, Phase, Rollout, RunsOn};
use record::{
    ExitCode, HostOutcome, Input, Outcome, Record, Records, Release, ReleaseId, Swap, SwappedHost, Tool,
    durable,
};

use super::commit::Ended;
use super::host::remedies;
use super::judge::Judged;
use super::look::answer;
use super::member::Member;
use super::switch::{Plan, is_there};
use super::{Controller, commit, health, rollout};
use crate::Error;
use crate::job::FleetSwitch;
use crate::verbs::status;

/// Finds out before the first host is touched whether there is room for them.
pub(crate) fn expect_room(job: &FleetSwitch) -> Result<(), Error> {
    Records::new(&job.records).expect_writable::<Swap>()?;
    let junit = junit_path(job);
    durable::expect_writable(&junit).map_err(|source| Error::write(&junit, source))
}

fn junit_path(job: &FleetSwitch) -> PathBuf {
    job.junit.clone().unwrap_or_else(|| job.records.join("swap.junit.xml"))
}

/// Writes all three, whatever the outcome. The fleet stands as it stands: what cannot be written is a warning, and so is
/// what would be taken for it.
pub(crate) fn write(
    controller: &Controller<'_>,
    job: &FleetSwitch,
    plan: &Plan,
    release: &Release,
    input: Option<Input>,
    ended: &Ended,
    aborted: bool,
) {
    let console = controller.console;
    console.block(&table(&ended.members));
    tell_remedies(controller, &ended.members);
    let swap = swap(plan, ended);
    if let Some(closed) = swap.closed_seconds {
        console.say(format!("the site was closed to visitors for {closed:.1} s"));
    }
    if let Some(remains) = swap.undone.as_ref().and_then(|undone| undone.remains.as_ref()) {
        for line in status::told(remains).lines() {
            console.warn(line);
        }
    }
    let records = Records::new(&job.records);
    let tool = Tool { name: "swap-release".into(), version: env!("CARGO_PKG_VERSION").into() };
    // A wish to end that came when all was decided has ended nothing.
    let aborted = aborted && ended.outcome != Outcome::Committed;
    let record = Record { aborted, ..Record::new(tool, input, release.clone(), swap) };
    if let Err(error) = records.write(&record) {
        // `converge` would take the last swap's for this one's.
        records.discard::<Swap>();
        console.warn(format!("{error}; what stands above is so all the same"));
    }
    let path = junit_path(job);
    let xml = cli::junit("swap-release", &cases(&ended.members)).map_err(std::io::Error::other);
    if let Err(error) = xml.and_then(|xml| durable::write(&path, xml.as_bytes())) {
        console.warn(format!(
            "cannot write `{}`: {error}; what stands above is so all the same",
            path.display()
        ));
    }
}

fn tell_remedies(controller: &Controller<'_>, members: &[Member]) {
    let hints = members.iter().map(|member| (member.host.name.as_str(), member.hint.as_deref()));
    remedies(hints).iter().for_each(|line| controller.console.say(line));
}

/// What would be done, host by host, as far as looking can tell; nothing is locked.
pub(crate) fn dry_run(
    controller: &Controller<'_>,
    plan: &Plan,
    rollout: &Rollout,
    release: &Release,
) -> Result<ExitCode, Error> {
    let mut course = commit::prove(controller, plan, release);
    controller.abort.check()?;
    commit::leave_out(controller, rollout, &mut course.members);
    let there: Vec<&Host> = course.members.iter().filter(|m| !m.is_left_out()).map(|m| &m.host).collect();
    let mut batches = rollout::batches(rollout, &there).into_iter();
    let rows: Vec<Vec<String>> = course
        .members
        .iter()
        .map(|member| {
            let batch = if member.is_left_out() { None } else { batches.next() };
            let name =
                |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            let what = match &member.error {
                Some(error) if member.is_left_out() => format!("left out: {error}"),
                Some(error) => format!("not ready: {error}"),
                None if is_there(member, plan) => "has it live already".to_owned(),
                None => format!("{} `{}`", plan.verb_name(), plan.to_on(member)),
            };
            let batch = batch.map_or_else(|| "-".to_owned(), |batch| batch.to_string());
            vec![member.host.name.to_string(), batch, name(&member.before), what]
        })
        .collect();
    answer(controller, &cli::table(&["host", "batch", "now", "would"], &rows))?;
    let phases = [
        Phase::BeforeSwitch,
        Phase::AfterSwitch,
        Phase::BeforeCommit,
        Phase::AfterCommit,
        Phase::AfterRevert,
    ];
    for step in phases.into_iter().flat_map(|phase| plan.around(&controller.inventory).steps(phase)) {
        let on = match &step.on {
            RunsOn::Every => "every host".to_owned(),
            RunsOn::Group(group) => format!("group {group}"),
            RunsOn::Once(Some(name)) => name.to_string(),
            RunsOn::Once(None) => "one host".to_owned(),
            RunsOn::Canary => "one host of the first batch".to_owned(),
        };
        answer(controller, &format!("{}: {} on {on}", step.phase.as_str(), step.name))?;
    }
    let bad = course.members.iter().filter(|member| !member.is_good()).count();
    if bad == 0 {
        controller.console.say("nothing was changed: a dry run");
        return Ok(ExitCode::Ok);
    }
    tell_remedies(controller, &course.members);
    Err(Error::FleetVerb { failed: bad, all: course.members.len() })
}

/// What the record says.
fn swap(plan: &Plan, ended: &Ended) -> Swap {
    let Ended { members, outcome, undone, judged } = ended;
    let first = members.iter().filter_map(|member| member.switched_at).min();
    let after_first = |member: &Member| {
        let (at, first) = (member.switched_at?, first?);
        Some((at.duration_since(first).as_secs_f64() * 1e6).round() / 1e3)
    };
    let switched: Vec<f64> = members.iter().filter_map(after_first).collect();
    let spread_ms = (switched.len() > 1).then(|| switched.iter().copied().fold(0.0, f64::max));
    let hosts = members
        .iter()
        .map(|member| SwappedHost {
            name: member.host.name.to_string(),
            address: member.host.address.to_string(),
            before: member.before.clone(),
            after: member.after.clone(),
            outcome: member.outcome,
            batch: member.switched_at.and(member.batch),
            switched_after_ms: after_first(member),
            health: member.health.clone(),
            former_health: member.former.as_ref().map(|former| health::text(former).to_owned()),
            marked_failed: member.marked,
            error: member.error.clone(),
        })
        .collect();
    let hooks = members.iter().flat_map(|member| member.hooks.clone()).collect();
    let judgement = judged.as_ref().map(|judged| match judged {
        Judged::Bad => {
            "it answered badly wherever it was asked, where the former release answers well".to_owned()
        }
        Judged::Spared { why, .. } => why.clone(),
    });
    let closed: Vec<f64> = members.iter().filter_map(|member| member.closed).collect();
    Swap {
        verb: plan.verb,
        to: plan.to.clone(),
        outcome: *outcome,
        judgement,
        spread_ms,
        hooks,
        hosts,
        closed_seconds: (!closed.is_empty()).then(|| (closed.iter().sum::<f64>() * 1e3).round() / 1e3),
        undone: undone.clone(),
    }
}

fn cases(members: &[Member]) -> Vec<cli::HostCase> {
    let case = |member: &Member| cli::HostCase {
        host: member.host.name.to_string(),
        group: member.host.group.as_ref().map(ToString::to_string),
        time: None,
        failure: member.error.clone(),
        skipped: false,
    };
    members.iter().map(case).collect()
}

fn table(members: &[Member]) -> String {
    let name = |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let row = |member: &Member| {
        vec![
            member.host.name.to_string(),
            name(&member.before),
            name(&member.after),
            outcome_word(member.outcome).to_owned(),
            member.health.clone().unwrap_or_else(|| "-".into()),
            member.error.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = members.iter().map(row).collect();
    cli::table(&["host", "before", "now", "outcome", "health", "error"], &rows)
}

fn outcome_word(outcome: HostOutcome) -> &'static str {
    match outcome {
        HostOutcome::Committed => "committed",
        HostOutcome::Reverted => "reverted",
        HostOutcome::Untouched => "untouched",
        HostOutcome::LeftOut => "left out",
        HostOutcome::Unknown => "unknown",
    }
}
