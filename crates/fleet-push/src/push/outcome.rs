//! Whether a push is a success: as many hosts of each group have staged the release as are required.

use std::collections::BTreeSet;

use inventory::{Host, Rollout};
use record::PushState;

use crate::Error;
use crate::push::require::{Require, is_met};
use crate::show::report::{HostReport, Report};

/// The error that ends the stage; none if as many hosts have staged the release as are required. Gives those that have
/// not.
pub(crate) fn outcome(
    report: &Report<'_>,
    require: &[Require],
    rollout: &Rollout,
) -> Result<Vec<String>, Error> {
    if report.aborted {
        return Err(Error::Aborted);
    }
    let is_staged = |report: &HostReport| report.state == PushState::Staged;
    let left = |(host, report): (&Host, &HostReport)| (!is_staged(report)).then(|| host.name.to_string());
    let names: Vec<String> = report.hosts.iter().zip(&report.reports).filter_map(left).collect();
    let staged: Vec<bool> = report.reports.iter().map(is_staged).collect();
    if names.is_empty()
        || (names.len() < report.hosts.len() && is_met(require, rollout, report.hosts, &staged))
    {
        return Ok(names);
    }
    Err(Error::HostsFailed {
        failed: names.len(),
        all: report.hosts.len(),
        names: names.into_iter().take(10).collect(),
        remedies: remedies(&report.reports),
    })
}

/// What the failed hosts need, each remedy once; nothing where one has none, so that no other host's stands for it.
fn remedies(reports: &[HostReport]) -> Vec<String> {
    let failed = reports.iter().filter(|report| report.state != PushState::Staged);
    let Some(all) = failed.map(|report| report.hint.clone()).collect::<Option<BTreeSet<String>>>() else {
        return Vec::new();
    };
    all.into_iter().collect()
}
