//! What people see while the hosts are at work, and what is known of each at any moment.

use cli::{Console, Progress, human};
use fleet::{Event, Host};
use record::PushState;

use crate::report::HostReport;

/// What a host's thread tells.
#[derive(Debug)]
pub(crate) enum Told {
    /// Where it stands.
    Now(HostReport),
    /// Something worth a line.
    Line(String),
}

/// The state of all hosts.
pub(crate) struct Board<'a> {
    hosts: &'a [Host],
    reports: Vec<HostReport>,
    ended: usize,
    console: &'a Console,
    progress: Progress,
}

impl<'a> Board<'a> {
    /// No host begun; `size` is that of the payload.
    pub(crate) fn new(hosts: &'a [Host], size: u64, console: &'a Console) -> Self {
        let total = size.saturating_mul(u64::try_from(hosts.len()).unwrap_or(u64::MAX));
        Self {
            hosts,
            reports: hosts.iter().map(|_| HostReport::new()).collect(),
            ended: 0,
            console,
            progress: console.progress("push", total),
        }
    }

    /// Takes note, and shows it.
    pub(crate) fn hear(&mut self, event: Event<Told>) {
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
            Event::Said(index, Told::Line(line)) => {
                if let Some(host) = self.hosts.get(index) {
                    self.console.say(format!("{} {line}", host.name));
                }
            }
            Event::Ended(index) => {
                self.ended += 1;
                self.say_end(index);
            }
            Event::Tick => {}
        }
        let done = self.reports.iter().map(|report| report.bytes).sum();
        self.progress.set(done, &format!("{} of {} hosts done", self.ended, self.hosts.len()));
    }

    fn say_end(&self, index: usize) {
        let (Some(host), Some(report)) = (self.hosts.get(index), self.reports.get(index)) else { return };
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
                    "{} staged: {bytes} in {download:.1} s, unpacked and proved in {stage:.1} s",
                    host.name
                ));
            }
        }
    }

    /// What is known of each host.
    pub(crate) fn into_reports(self) -> Vec<HostReport> {
        self.reports
    }
}
