//! `--events`: one line of JSON when a host gets further, and while it downloads at most one a second.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use inventory::Host;
use record::{HostPhase, PushEvent, PushState, now};

use crate::Error;
use crate::show::report::HostReport;

/// Between two lines about the bytes of one host.
const PACE: Duration = Duration::from_secs(1);

/// The file, and what was written of each host.
pub(crate) struct Events {
    file: File,
    size: u64,
    last: Vec<Option<(HostPhase, Instant)>>,
}

impl Events {
    /// Begins the file anew.
    pub(crate) fn create(path: &Path, hosts: usize, size: u64) -> Result<Self, Error> {
        let file = File::create(path).map_err(|source| Error::Write { path: path.to_owned(), source })?;
        Ok(Self { file, size, last: vec![None; hosts] })
    }

    /// Writes down where a host stands, if that is news.
    pub(crate) fn tell(&mut self, index: usize, host: &Host, report: &HostReport) -> io::Result<()> {
        let Some(last) = self.last.get_mut(index) else { return Ok(()) };
        let phase = phase(report);
        let due = |(before, at): (HostPhase, Instant)| {
            before != phase || (phase == HostPhase::Downloading && at.elapsed() >= PACE)
        };
        if !last.is_none_or(due) {
            return Ok(());
        }
        *last = Some((phase, Instant::now()));
        let event = PushEvent {
            at: now().to_string(),
            host: host.name.to_string(),
            group: host.group.as_ref().map(ToString::to_string),
            phase,
            bytes: report.bytes,
            of: self.size,
            rate: report.rate,
            peers: report.peers,
            from_seeder: report.received.map(|received| received.from_seeder),
            from_fleet: report.received.map(|received| received.from_fleet),
            already: report.already,
            error: report.error.clone(),
        };
        // One write a line: who reads along never sees half of one.
        self.file.write_all(format!("{}\n", serde_json::to_string(&event)?).as_bytes())
    }
}

/// How far a host is, by the steps that have ended.
pub(crate) fn phase(report: &HostReport) -> HostPhase {
    match report.state {
        PushState::Skipped => HostPhase::Waiting,
        PushState::Staged => HostPhase::Staged,
        PushState::Failed if report.error.is_some() => HostPhase::Failed,
        // Until it is known better, a host that is at work counts as failed.
        PushState::Failed if report.seconds.download.is_some() => HostPhase::Verifying,
        PushState::Failed if report.bytes > 0 => HostPhase::Downloading,
        PushState::Failed if report.seconds.push.is_some() => HostPhase::Pushed,
        PushState::Failed if report.seconds.connect.is_some() => HostPhase::Connected,
        PushState::Failed => HostPhase::Connecting,
    }
}
