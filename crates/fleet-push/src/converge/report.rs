//! What is known of each host on its way to the fleet's release, and what is left behind: the table, converge.json, JUnit XML.

use std::path::Path;

use cli::Console;
use inventory::Host;
use record::host::HostStatus;
use record::{
    Converge, ConvergeOutcome, ConvergedHost, ExitCode, Input, PushSeeder, PushState, PushedHost, Record,
    Records, Release, ReleaseId, Tool,
};
use remote::Outcome;

use super::activate::Activated;
use crate::Error;
use crate::show::report::{ALL_SHOWN, HostReport, pushed, write_junit};

/// One host.
#[derive(Debug)]
pub(super) struct ConvergingHost {
    pub(super) host: Host,
    pub(super) outcome: ConvergeOutcome,
    /// It does not have the release whole and proved.
    pub(super) lacks_release: bool,
    before: Option<ReleaseId>,
    after: Option<ReleaseId>,
    push: Option<PushedHost>,
    health: Option<String>,
    pub(super) error: Option<String>,
}

impl ConvergingHost {
    /// How a host stands before anything is done. One that is behind counts as failed until it is not.
    pub(super) fn begin(host: &Host, answer: Result<HostStatus, String>, release: &Release) -> Self {
        let mut this = Self {
            host: host.clone(),
            outcome: ConvergeOutcome::Absent,
            lacks_release: false,
            before: None,
            after: None,
            push: None,
            health: None,
            error: None,
        };
        let status = match answer {
            Ok(status) => status,
            Err(why) => return Self { error: Some(why), ..this },
        };
        (this.before, this.after) = (status.current.clone(), status.current.clone());
        let has = status.has(&release.id, &release.tree_digest);
        match (status.current == Some(release.id.clone()), has) {
            (true, true) => Self { outcome: ConvergeOutcome::Already, ..this },
            (true, false) => {
                let error = Some(format!("serves another tree by the name of {}", release.id));
                Self { outcome: ConvergeOutcome::Failed, error, ..this }
            }
            (false, has) => Self { outcome: ConvergeOutcome::Failed, lacks_release: !has, ..this },
        }
    }

    /// There is something to be done.
    pub(super) fn is_behind(&self) -> bool {
        self.outcome == ConvergeOutcome::Failed && self.error.is_none()
    }

    /// It has the release, and has only to be switched.
    pub(super) fn is_ready(&self) -> bool {
        self.is_behind() && !self.lacks_release
    }

    /// It got the release just now.
    pub(super) fn was_pushed(&self) -> bool {
        self.push.is_some()
    }

    /// The push to it is over.
    pub(super) fn pushed(&mut self, report: &HostReport) {
        self.lacks_release = report.state != PushState::Staged;
        if self.lacks_release {
            self.error = Some(report.error.clone().unwrap_or_else(|| "terminated".to_owned()));
        }
        self.push = Some(pushed(&self.host, report));
    }

    /// So is its switch.
    pub(super) fn activated(&mut self, outcome: Outcome<Activated>) {
        match outcome {
            Outcome::Done(Activated { after, health, error }) => {
                (self.after, self.health) = (after, health);
                if error.is_none() {
                    self.outcome = ConvergeOutcome::Converged;
                }
                self.error = error;
            }
            Outcome::NotBegun => self.error = Some("terminated".to_owned()),
            // It goes on there by itself, to one end or the other.
            Outcome::LeftBehind => {
                (self.after, self.error) = (None, Some("terminated while it was switched".to_owned()));
            }
            Outcome::Panicked => {
                let error = "a defect in fleet-push ended the work on this host";
                (self.after, self.error) = (None, Some(error.to_owned()));
            }
        }
    }

    fn into_record(self) -> ConvergedHost {
        ConvergedHost {
            name: self.host.name.to_string(),
            address: self.host.address.to_string(),
            before: self.before,
            after: self.after,
            outcome: self.outcome,
            push: self.push,
            health: self.health,
            error: self.error,
        }
    }
}

/// The result.
pub(super) struct Report {
    pub(super) states: Vec<ConvergingHost>,
    pub(super) seeder: Option<PushSeeder>,
    pub(super) aborted: bool,
}

impl Report {
    /// Tells and writes everything, and gives how the program ends.
    pub(super) fn end(
        self,
        records: &Records,
        junit: &Path,
        release: Release,
        input: Input,
        console: &Console,
    ) -> Result<ExitCode, Error> {
        console.block(&self.table());
        let Self { states, seeder, aborted } = self;
        let cases = states.iter().map(|state| cli::HostCase {
            host: state.host.name.to_string(),
            group: state.host.group.as_ref().map(ToString::to_string),
            time: None,
            failure: state.error.clone(),
            skipped: false,
        });
        let cases: Vec<cli::HostCase> = cases.collect();
        let details =
            Converge { seeder, hosts: states.into_iter().map(ConvergingHost::into_record).collect() };
        let left: Vec<String> =
            details.hosts.iter().filter(|host| !host.serves()).map(|host| host.name.clone()).collect();
        let all = details.hosts.len();
        let tool = Tool { name: "fleet-push".into(), version: env!("CARGO_PKG_VERSION").into() };
        let id = release.id.clone();
        let record = Record { aborted, ..Record::new(tool, Some(input), release, details) };
        // The hosts serve what they serve: what cannot be written about that is a warning.
        if let Err(error) = records.write(&record) {
            records.discard::<Converge>();
            console.warn(error);
        }
        if let Err(error) = write_junit(junit, &cases) {
            console.warn(error);
        }
        if aborted {
            return Err(Error::Aborted);
        }
        if left.is_empty() {
            console.say(format!("every host serves {id}"));
            return Ok(ExitCode::Ok);
        }
        Err(Error::NotConverged { failed: left.len(), all, names: left.into_iter().take(10).collect() })
    }

    /// Every host, or of a large fleet those with which there was something.
    fn table(&self) -> String {
        let name = |id: &Option<ReleaseId>| id.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let row = |state: &&ConvergingHost| {
            vec![
                state.host.name.to_string(),
                name(&state.before),
                name(&state.after),
                word(state.outcome).to_owned(),
                state.health.clone().unwrap_or_else(|| "-".to_owned()),
                state.error.clone().unwrap_or_default(),
            ]
        };
        let all = self.states.len() <= ALL_SHOWN;
        let shown = self.states.iter().filter(|state| all || state.outcome != ConvergeOutcome::Already);
        let rows: Vec<Vec<String>> = shown.collect::<Vec<_>>().iter().map(row).collect();
        let mut table = cli::table(&["host", "before", "now", "outcome", "health", "error"], &rows);
        if rows.len() < self.states.len() {
            table += &format!("{} more hosts served it before\n", self.states.len() - rows.len());
        }
        table
    }
}

/// Tells what would be done, host by host.
pub(super) fn dry_run(states: &[ConvergingHost], console: &Console) -> Result<ExitCode, Error> {
    let would = |state: &ConvergingHost| match (state.outcome, &state.error) {
        (_, Some(error)) => format!("fail: {error}"),
        (ConvergeOutcome::Already, None) => "nothing: serves it".to_owned(),
        _ if state.lacks_release => "push and switch".to_owned(),
        _ => "switch: has it".to_owned(),
    };
    let row = |state: &ConvergingHost| {
        let now = state.before.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        vec![state.host.name.to_string(), now, would(state)]
    };
    let rows: Vec<Vec<String>> = states.iter().map(row).collect();
    console.answer(&cli::table(&["host", "now", "would"], &rows)).map_err(Error::Stdout)?;
    let bad = states.iter().filter(|state| state.error.is_some());
    let names: Vec<String> = bad.map(|state| state.host.name.to_string()).collect();
    if names.is_empty() {
        console.say("nothing was changed: a dry run");
        return Ok(ExitCode::Ok);
    }
    Err(Error::NotReady {
        failed: names.len(),
        all: states.len(),
        names: names.into_iter().take(10).collect(),
    })
}

fn word(outcome: ConvergeOutcome) -> &'static str {
    match outcome {
        ConvergeOutcome::Already => "already",
        ConvergeOutcome::Converged => "converged",
        ConvergeOutcome::Failed => "failed",
        ConvergeOutcome::Absent => "absent",
    }
}
