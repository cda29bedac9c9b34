//! What a fleet swap leaves behind: the table, the record, JUnit XML.

use record::{
    HostOutcome, Input, Outcome, Record, Records, Release, ReleaseId, Swap, SwappedHost, Tool, durable,
};

use super::Controller;
use super::member::Member;
use super::switch::Plan;
use crate::Error;
use crate::job::FleetSwitch;

/// Writes all three, whatever the outcome.
#[expect(clippy::too_many_arguments, reason = "it is the sum of what is known at the end")]
pub(crate) fn write(
    controller: &Controller<'_>,
    job: &FleetSwitch,
    plan: &Plan,
    release: &Release,
    input: Option<Input>,
    outcome: Outcome,
    members: &[Member],
    aborted: bool,
) -> Result<(), Error> {
    controller.console.block(&table(members));
    let swap = swap(plan, outcome, members);
    let records = Records::new(&job.records);
    let tool = Tool { name: "swap-release".into(), version: env!("CARGO_PKG_VERSION").into() };
    let record = Record { aborted, ..Record::new(tool, input, release.clone(), swap) };
    records.write(&record)?;
    let path = job.junit.clone().unwrap_or_else(|| job.records.join("swap.junit.xml"));
    let xml = cli::junit("swap-release", &cases(members)).map_err(std::io::Error::other);
    xml.and_then(|xml| durable::write(&path, xml.as_bytes())).map_err(|source| Error::write(&path, source))
}

fn swap(plan: &Plan, outcome: Outcome, members: &[Member]) -> Swap {
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
            switched_after_ms: after_first(member),
            health: member.health.clone(),
            error: member.error.clone(),
        })
        .collect();
    Swap { verb: plan.verb, to: plan.to.clone(), outcome, spread_ms, hosts }
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
        HostOutcome::Unknown => "unknown",
    }
}
