//! What people see while the hosts are at work, and what is known of each at any moment.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cli::{Console, Progress, human};
use fleet::{Event, Host};
use record::{PushState, SeederSpared};

use crate::events::Events;
use crate::metrics::Metrics;
use crate::report::HostReport;

/// What a host's thread tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// Where it stands.
    Now(HostReport),
    /// It is done, though it may stay for the others' sake.
    Settled(HostReport),
    /// Something worth a line.
    Line(String),
    /// The seeder may leave.
    Spared(SeederSpared),
}

/// Hosts that are shown one by one while they download.
const SHOWN: usize = 3;

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
    console: &'a Console,
    progress: Progress,
    beside: Beside,
}

impl<'a> Board<'a> {
    /// No host begun; `size` is that of the payload.
    pub(crate) fn new(
        hosts: &'a [Host],
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
            console,
            progress: console.progress("push", total),
            beside: Beside::default(),
        }
    }

    /// Tells files, too.
    pub(crate) fn beside(self, events: Option<Events>, metrics: Option<Metrics>) -> Self {
        Self { beside: Beside { events, metrics, seeder: self.seeder.clone() }, ..self }
    }

    /// Takes note, and shows it.
    pub(crate) fn hear(&mut self, event: Event<Told>) {
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
            Event::Said(index, Told::Now(report)) => {
                if let Some(known) = self.reports.get_mut(index) {
                    *known = report;
                }
            }
            Event::Said(index, Told::Settled(report)) => {
                if let Some(known) = self.reports.get_mut(index) {
                    *known = report;
                }
                self.say_end(index);
            }
            Event::Said(index, Told::Line(line)) => {
                if let Some(host) = self.hosts.get(index) {
                    self.console.say(format!("{} {line}", host.name));
                }
            }
            Event::Said(_, Told::Spared(spared)) => {
                self.console
                    .say(format!("the swarm has {} complete copies; the seeder may leave", spared.copies));
                self.spared = Some(spared);
            }
            Event::Ended(index) => {
                self.say_end(index);
            }
            Event::Tick => {}
        }
        self.beside.tell(about, self.hosts, &self.reports, self.console);
        let done = self.reports.iter().map(|report| report.bytes).sum();
        self.progress.set(done, &self.note());
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
        if report.state == PushState::Skipped {
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
    pub(crate) fn into_reports(self) -> (Vec<HostReport>, Beside) {
        (self.reports, self.beside)
    }
}

/// The files that are kept beside the console. One that cannot be written is told of once, and then left alone: a push
/// does not fail for it.
#[derive(Default)]
pub(crate) struct Beside {
    events: Option<Events>,
    metrics: Option<Metrics>,
    seeder: Option<Arc<AtomicU64>>,
}

impl Beside {
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

/// `1.2 copies`.
pub(crate) fn copies(bytes: u64, size: u64) -> String {
    let tenths = (bytes * 10 + size / 2).checked_div(size).unwrap_or(0);
    format!("{}.{} copies", tenths / 10, tenths % 10)
}

/// Where a host got its bytes from, if its engine says.
fn origin(report: &HostReport) -> String {
    let Some((from_seeders, received)) = report.from_seeders.filter(|(_, received)| *received > 0) else {
        return String::new();
    };
    format!(" ({} % from the seeder)", from_seeders * 100 / received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_rounded_and_an_empty_payload_is_no_trouble() {
        assert_eq!(copies(115, 100), "1.2 copies");
        assert_eq!(copies(0, 100), "0.0 copies");
        assert_eq!(copies(5, 0), "0.0 copies");
    }
}
