//! What is left behind: each host's result, the table, the record, JUnit XML.

use std::io;
use std::time::{Duration, Instant};

use cli::human;
use fleet::{Engine, Host};
use record::receive::Progress;
use record::{
    Input, Push, PushSeeder, PushState, PushedHost, Record, Records, Release, SeederSpared, StepSeconds,
    Tool, durable,
};

use crate::Error;
use crate::cli::Settings;
use crate::require::{Require, is_met};

/// Milliseconds over which a rate is taken.
const RATE_OVER: u64 = 1000;

/// How one host stands.
#[derive(Clone, Debug)]
pub(crate) struct HostReport {
    pub(crate) state: PushState,
    pub(crate) already: bool,
    pub(crate) bytes: u64,
    pub(crate) seconds: StepSeconds,
    /// Bytes of payload it sent to others, if its engine says.
    pub(crate) uploaded: Option<u64>,
    /// Bytes of payload from the seeders, and from all peers, if its engine says.
    pub(crate) from_seeders: Option<(u64, u64)>,
    /// Connected peers.
    pub(crate) peers: u32,
    /// Bytes a second at the last look, if known.
    pub(crate) rate: Option<u64>,
    /// When that was, and the bytes received by then.
    pub(crate) looked: Option<(Instant, u64)>,
    pub(crate) error: Option<String>,
    /// The remedy; for people, not for the record.
    pub(crate) hint: Option<String>,
}

impl HostReport {
    /// Not begun.
    pub(crate) fn new() -> Self {
        Self {
            state: PushState::Skipped,
            already: false,
            bytes: 0,
            seconds: StepSeconds::default(),
            uploaded: None,
            from_seeders: None,
            peers: 0,
            rate: None,
            looked: None,
            error: None,
            hint: None,
        }
    }

    /// Takes in what a receiver says.
    pub(crate) fn hear(&mut self, progress: &Progress) {
        self.bytes = progress.bytes;
        self.uploaded = Some(progress.uploaded);
        self.from_seeders = Some((progress.from_seeders, progress.received));
        self.peers = progress.peers;
        let now = Instant::now();
        let (since, before) = *self.looked.get_or_insert((now, progress.received));
        let millis = u64::try_from(now.duration_since(since).as_millis()).unwrap_or(u64::MAX);
        if millis >= RATE_OVER {
            self.rate = Some(progress.received.saturating_sub(before) * 1000 / millis);
            self.looked = Some((now, progress.received));
        }
    }

    /// The same, failed for a reason.
    pub(crate) fn failed(self, error: impl Into<String>) -> Self {
        Self { state: PushState::Failed, error: Some(error.into()), ..self }
    }

    /// All steps together.
    fn total(&self) -> Option<Duration> {
        let steps = [self.seconds.connect, self.seconds.push, self.seconds.download, self.seconds.stage];
        let known: Vec<f64> = steps.into_iter().flatten().collect();
        (!known.is_empty()).then(|| Duration::try_from_secs_f64(known.iter().sum()).unwrap_or_default())
    }
}

/// Adds a step's time to what earlier attempts took, to the millisecond.
pub(crate) fn add(step: &mut Option<f64>, time: Duration) {
    *step = Some(((step.unwrap_or(0.0) + time.as_secs_f64()) * 1000.0).round() / 1000.0);
}

/// The result of a push.
pub(crate) struct Report<'a> {
    pub(crate) hosts: &'a [Host],
    pub(crate) reports: Vec<HostReport>,
    /// The seeder that ran here.
    pub(crate) seeder: Option<PushSeeder>,
    /// Since when no seeder was needed.
    pub(crate) spared: Option<SeederSpared>,
    pub(crate) aborted: bool,
}

impl Report<'_> {
    /// The table for people.
    pub(crate) fn table(&self) -> String {
        let time = |step: Option<f64>| step.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1}"));
        let row = |(host, report): (&Host, &HostReport)| {
            vec![
                host.name.to_string(),
                state_word(report).to_owned(),
                human::bytes(report.bytes),
                report.uploaded.map_or_else(|| "-".to_owned(), human::bytes),
                time(report.seconds.connect),
                time(report.seconds.push),
                time(report.seconds.download),
                time(report.seconds.stage),
                report.error.clone().unwrap_or_default(),
            ]
        };
        let rows: Vec<Vec<String>> = self.hosts.iter().zip(&self.reports).map(row).collect();
        cli::table(
            &["host", "state", "bytes", "sent on", "connect s", "push s", "download s", "stage s", "error"],
            &rows,
        )
    }

    /// Writes push.json and the JUnit XML, whatever the outcome.
    pub(crate) fn write(&self, settings: &Settings, release: &Release, input: Input) -> Result<(), Error> {
        let hosts = self.hosts.iter().zip(&self.reports).map(|(host, report)| PushedHost {
            name: host.name.to_string(),
            address: host.address.to_string(),
            state: report.state,
            already: report.already,
            engine: engine_word(host.engine).to_owned(),
            bytes: report.bytes,
            uploaded: report.uploaded,
            seconds: report.seconds.clone(),
            error: report.error.clone(),
        });
        let tool = Tool { name: "fleet-push".into(), version: env!("CARGO_PKG_VERSION").into() };
        let push =
            Push { seeder: self.seeder.clone(), seeder_may_leave: self.spared, hosts: hosts.collect() };
        let record =
            Record { aborted: self.aborted, ..Record::new(tool, Some(input), release.clone(), push) };
        Records::new(&settings.records).write(&record)?;
        let path = &settings.junit;
        let xml = cli::junit("fleet-push", &self.cases()).map_err(io::Error::other);
        xml.and_then(|xml| durable::write(path, xml.as_bytes()))
            .map_err(|source| Error::Write { path: path.clone(), source })
    }

    fn cases(&self) -> Vec<cli::HostCase> {
        let case = |(host, report): (&Host, &HostReport)| cli::HostCase {
            host: host.name.to_string(),
            group: host.group.as_ref().map(ToString::to_string),
            time: report.total(),
            failure: (report.state == PushState::Failed).then(|| report.error.clone().unwrap_or_default()),
            skipped: report.state == PushState::Skipped,
        };
        self.hosts.iter().zip(&self.reports).map(case).collect()
    }

    /// The error that ends the stage; none if as many hosts have staged the release as are required. Gives those that have
    /// not.
    pub(crate) fn outcome(&self, require: &[Require]) -> Result<Vec<String>, Error> {
        if self.aborted {
            return Err(Error::Aborted);
        }
        let left = |(host, report): (&Host, &HostReport)| {
            (report.state != PushState::Staged).then(|| host.name.to_string())
        };
        let names: Vec<String> = self.hosts.iter().zip(&self.reports).filter_map(left).collect();
        let staged: Vec<bool> = self.reports.iter().map(|report| report.state == PushState::Staged).collect();
        if names.is_empty() || (names.len() < self.hosts.len() && is_met(require, self.hosts, &staged)) {
            return Ok(names);
        }
        let (failed, all) = (names.len(), self.hosts.len());
        Err(Error::HostsFailed { failed, all, names: names.into_iter().take(10).collect() })
    }
}

pub(crate) fn engine_word(engine: Engine) -> &'static str {
    match engine {
        Engine::Embedded => "embedded",
        Engine::Rtorrent => "rtorrent",
    }
}

fn state_word(report: &HostReport) -> &'static str {
    match report.state {
        PushState::Staged if report.already => "already",
        PushState::Staged => "staged",
        PushState::Failed => "failed",
        PushState::Skipped => "not begun",
    }
}
