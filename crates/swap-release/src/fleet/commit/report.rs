//! What a fleet swap leaves behind: the table, the record, JUnit XML.

use std::path::PathBuf;

use record::{
    HostOutcome, Input, Outcome, Record, Records, Release, ReleaseId, Swap, SwappedHost, Tool, durable,
};

use super::diagnosis::Diagnosis;
use super::ended::Ended;
use super::health;
use super::host_task::HostTask;
use super::plan::Plan;
use crate::Error;
use crate::fleet::controller::Controller;
use crate::fleet::host::remedies;
use crate::fleet::job::FleetSwitch;
use crate::host::verbs::status;

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
    console.block(&table(&ended.tasks));
    tell_remedies(controller, &ended.tasks);
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
    let xml = cli::junit("swap-release", &cases(&ended.tasks)).map_err(std::io::Error::other);
    if let Err(error) = xml.and_then(|xml| durable::write(&path, xml.as_bytes())) {
        console.warn(format!(
            "cannot write `{}`: {error}; what stands above is so all the same",
            path.display()
        ));
    }
}

pub(super) fn tell_remedies(controller: &Controller<'_>, tasks: &[HostTask]) {
    let hints = tasks.iter().map(|task| (task.host.name.as_str(), task.hint.as_deref()));
    remedies(hints).iter().for_each(|line| controller.console.say(line));
}

/// What the record says.
fn swap(plan: &Plan, ended: &Ended) -> Swap {
    let Ended { tasks, outcome, undone, diagnosis } = ended;
    let first = tasks.iter().filter_map(|task| task.switched_at).min();
    let after_first = |task: &HostTask| {
        let (at, first) = (task.switched_at?, first?);
        Some((at.duration_since(first).as_secs_f64() * 1e6).round() / 1e3)
    };
    let switched: Vec<f64> = tasks.iter().filter_map(after_first).collect();
    let spread_ms = (switched.len() > 1).then(|| switched.iter().copied().fold(0.0, f64::max));
    let hosts = tasks
        .iter()
        .map(|task| SwappedHost {
            name: task.host.name.to_string(),
            address: task.host.address.to_string(),
            before: task.before.clone(),
            after: task.after.clone(),
            outcome: task.outcome,
            batch: task.switched_at.and(task.batch),
            switched_after_ms: after_first(task),
            health: task.health.clone(),
            former_health: task.former.as_ref().map(|former| health::text(former).to_owned()),
            marked_failed: task.marked,
            error: task.error.clone(),
        })
        .collect();
    let hooks = tasks.iter().flat_map(|task| task.hooks.clone()).collect();
    let judgement = diagnosis.as_ref().map(|diagnosis| match diagnosis {
        Diagnosis::Bad => {
            "it answered badly wherever it was asked, where the former release answers well".to_owned()
        }
        Diagnosis::Inconclusive { why, .. } => why.clone(),
    });
    let closed: Vec<f64> = tasks.iter().filter_map(|task| task.closed).collect();
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

fn cases(tasks: &[HostTask]) -> Vec<cli::HostCase> {
    let case = |task: &HostTask| cli::HostCase {
        host: task.host.name.to_string(),
        group: task.host.group.as_ref().map(ToString::to_string),
        time: None,
        failure: task.error.clone(),
        skipped: false,
    };
    tasks.iter().map(case).collect()
}

fn table(tasks: &[HostTask]) -> String {
    let name = |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
    let row = |task: &HostTask| {
        vec![
            task.host.name.to_string(),
            name(&task.before),
            name(&task.after),
            outcome_word(task.outcome).to_owned(),
            task.health.clone().unwrap_or_else(|| "-".into()),
            task.error.clone().unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = tasks.iter().map(row).collect();
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
