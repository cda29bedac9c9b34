//! What people see while the hosts are at work, and what is known of each at any moment.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cli::{Console, Live, Progress, human};
use inventory::Host;
use record::{PushState, ReleaseId, SeederSpared};
use remote::Event;

use crate::show::events::{Events, phase};
use crate::show::live::{self, Row, Snapshot};
use crate::show::metrics::Metrics;
use crate::show::origin::Received;
use crate::show::report::HostReport;
use crate::show::words::copies;

/// What a host's thread reports.
#[derive(Debug)]
pub(crate) enum HostUpdate {
    /// Where it stands.
    Progress(HostReport),
    /// It is done, though it may stay for the others' sake.
    Settled(HostReport),
    /// Something worth a line.
    Line(String),
    /// The seeder may leave.
    SeederSpared(SeederSpared),
}

/// Hosts of which a line of progress tells one by one.
const SHOWN: usize = 3;
/// Between two looks at all hosts to show them. Hosts say something several times a second each: a look for every word
/// would cost the square of their number.
const PACE: Duration = Duration::from_millis(200);

/// The state of all hosts.
pub(crate) struct Board<'a> {
    hosts: &'a [Host],
    reports: Vec<HostReport>,
    ended: usize,
    /// Hosts whose end was told.
    told: BTreeSet<usize>,
    /// Bytes that the embedded seeder has sent, if there is one.
    seeder: Option<Arc<AtomicU64>>,
    size: u64,
    spared: Option<SeederSpared>,
    release: String,
    console: &'a Console,
    shown: Shown,
    shown_at: Option<Instant>,
    /// How many hosts were looked at to show them, in all.
    looked_at: usize,
    files: ProgressFiles,
}

/// How progress is shown.
enum Shown {
    /// On a terminal.
    Table(Live),
    /// Elsewhere.
    Lines(Progress),
}

impl<'a> Board<'a> {
    /// No host begun; `size` is that of the payload of `release`.
    pub(crate) fn new(
        hosts: &'a [Host],
        release: &ReleaseId,
        size: u64,
        seeder: Option<Arc<AtomicU64>>,
        console: &'a Console,
    ) -> Self {
        let total = size.saturating_mul(u64::try_from(hosts.len()).unwrap_or(u64::MAX));
        Self {
            hosts,
            reports: hosts.iter().map(|_| HostReport::new()).collect(),
            ended: 0,
            told: BTreeSet::new(),
            seeder,
            size,
            spared: None,
            release: release.to_string(),
            console,
            shown: console.live().map_or_else(|| Shown::Lines(console.progress("push", total)), Shown::Table),
            shown_at: None,
            looked_at: 0,
            files: ProgressFiles::default(),
        }
    }

    /// Also writes these files.
    pub(crate) fn with_files(self, events: Option<Events>, metrics: Option<Metrics>) -> Self {
        Self { files: ProgressFiles { events, metrics, seeder: self.seeder.clone() }, ..self }
    }

    /// Takes note, and shows it when it is time to.
    pub(crate) fn hear(&mut self, event: Event<HostUpdate>) {
        self.hear_at(event, Instant::now());
    }

    fn hear_at(&mut self, event: Event<HostUpdate>, now: Instant) {
        let about = match &event {
            Event::Begun(index) | Event::Said(index, _) | Event::Ended(index) => Some(*index),
            Event::Tick => None,
        };
        match event {
            Event::Begun(index) => {
                if let Some(report) = self.reports.get_mut(index) {
                    report.state = PushState::Failed;
                }
            }
            Event::Said(index, HostUpdate::Progress(report)) => {
                if let Some(known) = self.reports.get_mut(index) {
                    *known = report;
                }
            }
            Event::Said(index, HostUpdate::Settled(report)) => {
                if let Some(known) = self.reports.get_mut(index) {
                    *known = report;
                }
                self.say_end(index);
            }
            Event::Said(index, HostUpdate::Line(line)) => {
                if let Some(host) = self.hosts.get(index) {
                    if self.is_crowded() {
                        log::info!("{} {line}", host.name);
                    } else {
                        self.console.say(format!("{} {line}", host.name));
                    }
                }
            }
            Event::Said(_, HostUpdate::SeederSpared(spared)) => {
                self.console
                    .say(format!("the swarm has {} complete copies; the seeder may leave", spared.copies));
                self.spared = Some(spared);
            }
            Event::Ended(index) => {
                self.say_end(index);
            }
            Event::Tick => {}
        }
        self.files.tell(about, self.hosts, &self.reports, self.console);
        if self.shown_at.is_none_or(|at| now.saturating_duration_since(at) >= PACE) {
            self.shown_at = Some(now);
            self.looked_at += self.reports.len();
            self.show();
        }
    }

    /// Whether a line for whatever a host does would drive the table off the terminal. Failures have theirs all the same.
    fn is_crowded(&self) -> bool {
        matches!(self.shown, Shown::Table(_)) && self.hosts.len() > live::SHOWN
    }

    fn show(&self) {
        match &self.shown {
            Shown::Lines(progress) => {
                progress.set(self.reports.iter().map(|report| report.bytes).sum(), &self.note());
            }
            Shown::Table(live) => {
                let (width, height) = live.size();
                live.show(&self.snapshot().lines(width, height));
            }
        }
    }

    fn snapshot(&self) -> Snapshot<'_> {
        let rows = self.hosts.iter().zip(&self.reports).map(|(host, report)| Row {
            name: host.name.as_str(),
            phase: phase(report),
            bytes: report.bytes,
            rate: report.rate,
            peers: report.peers,
            received: report.received,
            error: report.error.as_deref(),
        });
        let sent = self.seeder.as_ref().map(|sent| sent.load(Ordering::Relaxed));
        Snapshot { release: &self.release, size: self.size, rows: rows.collect(), sent }
    }

    /// Who is how far: the whole fleet in a few words, and the slowest hosts one by one.
    fn note(&self) -> String {
        let mut note = format!("{} of {} hosts done", self.ended, self.hosts.len());
        if let Some(seeder) = &self.seeder {
            note += &format!(", the seeder sent {}", copies(seeder.load(Ordering::Relaxed), self.size));
        }
        let under_way = |(index, _): &(usize, &HostReport)| !self.told.contains(index);
        let mut slow: Vec<(usize, &HostReport)> = self.reports.iter().enumerate().filter(under_way).collect();
        slow.sort_by_key(|(_, report)| report.bytes);
        for (index, report) in slow.into_iter().filter(|(_, report)| report.peers > 0).take(SHOWN) {
            let Some(host) = self.hosts.get(index) else { continue };
            let percent = (report.bytes * 100).checked_div(self.size).unwrap_or(100);
            note += &format!("; {} {percent} %, {} peers", host.name, report.peers);
            if let Some(rate) = report.rate {
                note += &format!(", {}/s", human::bytes(rate));
            }
        }
        note
    }

    fn say_end(&mut self, index: usize) {
        if !self.told.insert(index) {
            return;
        }
        self.ended += 1;
        let (Some(host), Some(report)) = (self.hosts.get(index), self.reports.get(index)) else { return };
        if report.state == PushState::Skipped || (report.error.is_none() && self.is_crowded()) {
            return;
        }
        match (&report.error, report.already) {
            (Some(error), _) => {
                self.console.say(format!("{} failed: {error}", host.name));
                if let Some(hint) = &report.hint {
                    // Not a `hint:` line: that is for the error that ends the stage.
                    self.console.say(format!("{} remedy: {hint}", host.name));
                }
            }
            (None, true) => self.console.say(format!("{} has the release already", host.name)),
            (None, false) => {
                let steps = [report.seconds.download, report.seconds.stage].map(Option::unwrap_or_default);
                let [download, stage] = steps;
                let bytes = human::bytes(report.bytes);
                self.console.say(format!(
                    "{} staged: {bytes} in {download:.1} s{}, unpacked and proved in {stage:.1} s",
                    host.name,
                    origin(report)
                ));
            }
        }
    }

    /// Since when the seeder is not needed, if it was not needed to the end.
    pub(crate) fn spared(&self) -> Option<SeederSpared> {
        self.spared
    }

    /// What is known of each host, and the files that are still to be told of the end.
    pub(crate) fn into_reports(self) -> (Vec<HostReport>, ProgressFiles) {
        (self.reports, self.files)
    }
}

/// The files that are kept beside the console. One that cannot be written is told of once, and then left alone: a push
/// does not fail for it.
#[derive(Default)]
pub(crate) struct ProgressFiles {
    events: Option<Events>,
    metrics: Option<Metrics>,
    seeder: Option<Arc<AtomicU64>>,
}

impl ProgressFiles {
    fn tell(&mut self, about: Option<usize>, hosts: &[Host], reports: &[HostReport], console: &Console) {
        if let Some((events, index)) = self.events.as_mut().zip(about)
            && let Some((host, report)) = hosts.get(index).zip(reports.get(index))
            && let Err(error) = events.tell(index, host, report)
        {
            console.warn(format!("no more events: {error}"));
            self.events = None;
        }
        self.write_metrics(hosts, reports, None, console);
    }

    /// It is over: the last word on every host.
    pub(crate) fn end(mut self, hosts: &[Host], reports: &[HostReport], success: bool, console: &Console) {
        for index in 0..hosts.len() {
            self.tell(Some(index), hosts, reports, console);
        }
        self.write_metrics(hosts, reports, Some(success), console);
    }

    fn write_metrics(
        &mut self,
        hosts: &[Host],
        reports: &[HostReport],
        ended: Option<bool>,
        console: &Console,
    ) {
        let sent = self.seeder.as_ref().map(|sent| sent.load(Ordering::Relaxed));
        if let Some(metrics) = &mut self.metrics
            && let Err(error) = metrics.tell(hosts, reports, sent, ended)
        {
            console.warn(format!("no more metrics: {error}"));
            self.metrics = None;
        }
    }
}

/// Where a host got its bytes from, if its engine says.
fn origin(report: &HostReport) -> String {
    let percent = report.received.and_then(Received::percent_from_seeder);
    percent.map_or_else(String::new, |percent| format!(" ({percent} % from the seeder)"))
}

#[cfg(test)]
pub(crate) mod tests;
