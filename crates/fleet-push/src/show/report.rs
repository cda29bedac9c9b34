//! What is left behind: each host's result, the table, the record, JUnit XML.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use cli::human;
use inventory::Host;
use record::receive::Progress;
use record::{
    Details, Input, Push, PushSeeder, PushState, PushedHost, Record, Records, Release, SeederSpared,
    StepSeconds, Tool, durable,
};

use crate::Error;
use crate::show::origin::Received;
use crate::show::words::engine_word;

/// More hosts than these are not all shown.
pub(crate) const ALL_SHOWN: usize = 50;
/// Of those that failed, and of the slowest, so many are.
const WORST: usize = 20;
const SLOWEST: usize = 10;
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
    /// Whom its bytes came from, if its engine says.
    pub(crate) received: Option<Received>,
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
            received: None,
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
        let from_fleet = progress.received.saturating_sub(progress.from_seeders);
        self.received = Some(Received { from_seeder: progress.from_seeders, from_fleet });
        self.peers = progress.peers;
        self.measure(progress.received);
    }

    /// Takes the rate of a count of bytes that grows.
    pub(crate) fn measure(&mut self, bytes: u64) {
        let now = Instant::now();
        let (since, before) = *self.looked.get_or_insert((now, bytes));
        let millis = u64::try_from(now.duration_since(since).as_millis()).unwrap_or(u64::MAX);
        if millis >= RATE_OVER {
            self.rate = Some(bytes.saturating_sub(before).saturating_mul(1000) / millis);
            self.looked = Some((now, bytes));
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
    /// The table for people: every host, or of a large fleet those that failed and the slowest; push.json has all.
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
        let all: Vec<(&Host, &HostReport)> = self.hosts.iter().zip(&self.reports).collect();
        let shown = if all.len() > ALL_SHOWN { worst(&all) } else { all };
        let rows: Vec<Vec<String>> = shown.iter().copied().map(row).collect();
        let mut table = cli::table(
            &["host", "state", "bytes", "sent on", "connect s", "push s", "download s", "stage s", "error"],
            &rows,
        );
        if rows.len() < self.hosts.len() {
            table += &format!("{} more hosts, see {}\n", self.hosts.len() - rows.len(), Push::FILE);
        }
        table
    }

    /// Writes push.json and the JUnit XML, whatever the outcome. Without push.json the next stage cannot begin; without the
    /// other it can.
    pub(crate) fn write(
        &self,
        records: &Records,
        junit: &Path,
        release: &Release,
        input: Input,
    ) -> Result<(), Error> {
        let hosts = self.hosts.iter().zip(&self.reports).map(|(host, report)| pushed(host, report));
        let tool = Tool { name: "fleet-push".into(), version: env!("CARGO_PKG_VERSION").into() };
        let push =
            Push { seeder: self.seeder.clone(), seeder_may_leave: self.spared, hosts: hosts.collect() };
        let record =
            Record { aborted: self.aborted, ..Record::new(tool, Some(input), release.clone(), push) };
        records.write(&record)?;
        if let Err(error) = write_junit(junit, &self.cases()) {
            log::warn!("{error}");
        }
        Ok(())
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
}

/// A host's part of a record.
pub(crate) fn pushed(host: &Host, report: &HostReport) -> PushedHost {
    PushedHost {
        name: host.name.to_string(),
        address: host.address.to_string(),
        state: report.state,
        already: report.already,
        engine: engine_word(host.engine).to_owned(),
        bytes: report.bytes,
        uploaded: report.uploaded,
        from_seeder: report.received.map(|received| received.from_seeder),
        from_fleet: report.received.map(|received| received.from_fleet),
        seconds: report.seconds.clone(),
        error: report.error.clone(),
    }
}

/// Whether [`write_junit`] can do its work.
pub(crate) fn expect_junit(path: &Path) -> Result<(), Error> {
    durable::expect_writable(path).map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// Writes JUnit XML with these cases.
pub(crate) fn write_junit(path: &Path, cases: &[cli::HostCase]) -> Result<(), Error> {
    let xml = cli::junit("fleet-push", cases).map_err(io::Error::other);
    xml.and_then(|xml| durable::write(path, xml.as_bytes()))
        .map_err(|source| Error::Write { path: path.to_owned(), source })
}

/// The first that failed or were not begun, then those that took longest.
fn worst<'r>(all: &[(&'r Host, &'r HostReport)]) -> Vec<(&'r Host, &'r HostReport)> {
    let is_bad = |(_, report): &&(&Host, &HostReport)| report.state != PushState::Staged;
    let bad = all.iter().filter(is_bad).take(WORST);
    let mut good: Vec<_> = all.iter().filter(|row| !is_bad(row)).collect();
    good.sort_by_key(|(_, report)| std::cmp::Reverse(report.total()));
    bad.chain(good.into_iter().take(SLOWEST)).copied().collect()
}

fn state_word(report: &HostReport) -> &'static str {
    match report.state {
        PushState::Staged if report.already => "already",
        PushState::Staged => "staged",
        PushState::Failed => "failed",
        PushState::Skipped => "not begun",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_table_is_all_of_a_small_fleet_and_the_worst_of_a_large_one() {
        let table = |count: usize| {
            let hosts = crate::show::board::tests::hosts(count);
            let reports = (0..count).map(|number| {
                let mut report = HostReport::new();
                report.state = PushState::Staged;
                report.seconds.download = Some(if number % 100 == 7 { 60.0 } else { 5.0 });
                if number % 10 == 0 { report.failed("no route") } else { report }
            });
            let reports = reports.collect();
            Report { hosts: &hosts, reports, seeder: None, spared: None, aborted: false }.table()
        };
        assert_eq!(table(50).lines().count(), 51);
        let large = table(1000);
        let lines: Vec<&str> = large.lines().collect();
        assert_eq!(lines.len(), 1 + WORST + SLOWEST + 1, "{large}");
        assert!(lines[1].starts_with("web0 ") && lines[1].ends_with("no route"), "{large}");
        assert!(lines[21].starts_with("web7 ") && lines[30].starts_with("web907 "), "{large}");
        assert_eq!(lines[31], "970 more hosts, see push.json");
    }
}
