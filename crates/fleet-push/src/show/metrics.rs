//! `--metrics`: a file for the textfile collector of Prometheus' node_exporter, replaced as a whole.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use inventory::Host;
use record::{HostPhase, ReleaseId, durable};

use crate::show::events::phase;
use crate::show::origin::Received;
use crate::show::report::HostReport;

/// Between two versions of the file.
const PACE: Duration = Duration::from_secs(5);

/// The file.
pub(crate) struct Metrics {
    path: PathBuf,
    release: ReleaseId,
    size: u64,
    written: Option<Instant>,
}

impl Metrics {
    /// Nothing is written yet.
    pub(crate) fn new(path: PathBuf, release: ReleaseId, size: u64) -> Self {
        Self { path, release, size, written: None }
    }

    /// Writes how it stands, if that is due; `ended` says that it is over, and whether it was a success.
    pub(crate) fn tell(
        &mut self,
        hosts: &[Host],
        reports: &[HostReport],
        seeder: Option<u64>,
        ended: Option<bool>,
    ) -> io::Result<()> {
        if ended.is_none() && self.written.is_some_and(|at| at.elapsed() < PACE) {
            return Ok(());
        }
        self.written = Some(Instant::now());
        durable::write(&self.path, self.text(hosts, reports, seeder, ended).as_bytes())
    }

    fn text(
        &self,
        hosts: &[Host],
        reports: &[HostReport],
        seeder: Option<u64>,
        ended: Option<bool>,
    ) -> String {
        let release = &self.release;
        let mut out = String::new();
        let mut metric = |name: &str, help: &str, rows: &[(String, u64)]| {
            // A String takes everything.
            let _fits = writeln!(out, "# HELP fleet_push_{name} {help}\n# TYPE fleet_push_{name} gauge");
            for (labels, value) in rows {
                let _fits = writeln!(out, "fleet_push_{name}{labels} {value}");
            }
        };
        metric("info", "The release that is pushed", &[(format!("{{release=\"{release}\"}}"), 1)]);
        metric("payload_bytes", "Bytes of its payload", &[(String::new(), self.size)]);
        let count = |wanted: HostPhase| reports.iter().filter(|report| phase(report) == wanted).count();
        let states = HostPhase::ALL.map(|wanted| {
            let word = wanted.as_str();
            (format!("{{phase=\"{word}\"}}"), u64::try_from(count(wanted)).unwrap_or(u64::MAX))
        });
        metric("hosts", "Hosts by how far they are", &states);
        // Names are letters, digits, dots, hyphens and underscores: nothing to escape.
        let bytes = hosts.iter().zip(reports).map(|(host, report)| {
            let group = host.group.as_ref().map_or(String::new(), ToString::to_string);
            (format!("{{host=\"{}\",group=\"{group}\"}}", host.name), report.bytes)
        });
        metric("host_bytes", "Bytes of payload that a host has", &bytes.collect::<Vec<_>>());
        let received = |of: fn(Received) -> u64| {
            reports.iter().filter_map(|report| report.received).map(of).fold(0, u64::saturating_add)
        };
        let sources = [
            ("{from=\"seeder\"}".to_owned(), received(|received| received.from_seeder)),
            ("{from=\"fleet\"}".to_owned(), received(|received| received.from_fleet)),
        ];
        metric("received_bytes", "Bytes of payload that the hosts got from somebody", &sources);
        if let Some(sent) = seeder {
            metric(
                "seeder_sent_bytes",
                "Bytes that the seeder in fleet-push has sent",
                &[(String::new(), sent)],
            );
        }
        if let Some(success) = ended {
            let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            metric("ended_timestamp_seconds", "When it ended", &[(String::new(), since.as_secs())]);
            metric("success", "Whether it reached what was required", &[(String::new(), u64::from(success))]);
        }
        out
    }
}
