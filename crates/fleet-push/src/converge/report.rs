//! What is known of each host on its way to the fleet's release, and what is left behind: the table, converge.json, JUnit XML.

use cli::Console;
use fleet::{Host, Outcome};
use record::host::HostStatus;
use record::{
    Converge, ConvergeOutcome, ConvergedHost, ExitCode, Input, PushSeeder, PushState, PushedHost, Record,
    Records, Release, ReleaseId, Tool,
};

use super::activate::Activated;
use crate::Error;
use crate::cli::Settings;
use crate::show::report::{ALL_SHOWN, HostReport, pushed, write_junit};

/// One host.
#[derive(Debug)]
pub(super) struct Course {
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

impl Course {
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
    pub(super) courses: Vec<Course>,
    pub(super) seeder: Option<PushSeeder>,
    pub(super) aborted: bool,
}

impl Report {
    /// Tells and writes everything, and gives how the program ends.
    pub(super) fn end(
        self,
        settings: &Settings,
        release: Release,
        input: Input,
        console: &Console,
    ) -> Result<ExitCode, Error> {
        console.block(&self.table());
        let Self { courses, seeder, aborted } = self;
        let cases = courses.iter().map(|course| cli::HostCase {
            host: course.host.name.to_string(),
            group: course.host.group.as_ref().map(ToString::to_string),
            time: None,
            failure: course.error.clone(),
            skipped: false,
        });
        let cases: Vec<cli::HostCase> = cases.collect();
        let details = Converge { seeder, hosts: courses.into_iter().map(Course::into_record).collect() };
        let left: Vec<String> =
            details.hosts.iter().filter(|host| !host.serves()).map(|host| host.name.clone()).collect();
        let all = details.hosts.len();
        let tool = Tool { name: "fleet-push".into(), version: env!("CARGO_PKG_VERSION").into() };
        let id = release.id.clone();
        let record = Record { aborted, ..Record::new(tool, Some(input), release, details) };
        // The hosts serve what they serve: what cannot be written about that is a warning.
        if let Err(error) = Records::new(&settings.records).write(&record) {
            Records::new(&settings.records).discard::<Converge>();
            console.warn(error);
        }
        if let Err(error) = write_junit(&settings.junit, &cases) {
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
        let row = |course: &&Course| {
            vec![
                course.host.name.to_string(),
                name(&course.before),
                name(&course.after),
                word(course.outcome).to_owned(),
                course.health.clone().unwrap_or_else(|| "-".to_owned()),
                course.error.clone().unwrap_or_default(),
            ]
        };
        let all = self.courses.len() <= ALL_SHOWN;
        let shown = self.courses.iter().filter(|course| all || course.outcome != ConvergeOutcome::Already);
        let rows: Vec<Vec<String>> = shown.collect::<Vec<_>>().iter().map(row).collect();
        let mut table = cli::table(&["host", "before", "now", "outcome", "health", "error"], &rows);
        if rows.len() < self.courses.len() {
            table += &format!("{} more hosts served it before\n", self.courses.len() - rows.len());
        }
        table
    }
}

/// Tells what would be done, host by host.
pub(super) fn dry_run(courses: &[Course], console: &Console) -> Result<ExitCode, Error> {
    let would = |course: &Course| match (course.outcome, &course.error) {
        (_, Some(error)) => format!("fail: {error}"),
        (ConvergeOutcome::Already, None) => "nothing: serves it".to_owned(),
        _ if course.lacks_release => "push and switch".to_owned(),
        _ => "switch: has it".to_owned(),
    };
    let row = |course: &Course| {
        let now = course.before.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        vec![course.host.name.to_string(), now, would(course)]
    };
    let rows: Vec<Vec<String>> = courses.iter().map(row).collect();
    console.answer(&cli::table(&["host", "now", "would"], &rows)).map_err(Error::Stdout)?;
    let bad = courses.iter().filter(|course| course.error.is_some());
    let names: Vec<String> = bad.map(|course| course.host.name.to_string()).collect();
    if names.is_empty() {
        console.say("nothing was changed: a dry run");
        return Ok(ExitCode::Ok);
    }
    Err(Error::NotReady {
        failed: names.len(),
        all: courses.len(),
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
