//! The state of the work on one host, and what every step of it needs.

use std::time::{Duration, Instant};

use inventory::Host;
use record::PushState;

use crate::engine::rtorrent::watch::Watch;
use crate::error::Fault;
use crate::push::context::PushContext;
use crate::show::board::HostUpdate;
use crate::show::origin::Origin;
use crate::show::report::HostReport;

/// Between two questions to a client that does not answer.
const POLL: Duration = Duration::from_millis(250);
/// For each further so many hosts, everybody is looked at less often.
const LOT: usize = 64;

/// The work on one host.
pub(super) struct HostTask<'a> {
    pub(super) push: &'a PushContext,
    pub(super) host: &'a Host,
    pub(super) index: usize,
    pub(super) tell: &'a dyn Fn(HostUpdate),
    pub(super) began: Instant,
    pub(super) report: HostReport,
    pub(super) watch: Watch,
    pub(super) origin: Origin,
    /// The client has had the torrent in this task.
    pub(super) began_once: bool,
    /// It has had its turn: the host was, or is being, connected to.
    pub(super) connecting: bool,
    /// When the embedded peer last got something new; the beginning at first.
    pub(super) moved: Instant,
    /// The payload was refused once and has been fetched again.
    pub(super) refetched: bool,
}

impl<'a> HostTask<'a> {
    /// Nothing is done yet on `host`, the `index`th of the push.
    pub(super) fn new(
        push: &'a PushContext,
        index: usize,
        host: &'a Host,
        tell: &'a dyn Fn(HostUpdate),
    ) -> Self {
        let began = Instant::now();
        Self {
            push,
            host,
            index,
            tell,
            began,
            report: HostReport::new(),
            watch: Watch::new(push.job.stall, Duration::ZERO),
            origin: Origin::default(),
            began_once: false,
            connecting: false,
            moved: began,
            refetched: false,
        }
    }
}

impl HostTask<'_> {
    /// Repeats `call` while the client does not answer, as while it is restarted, for at most `patience`.
    pub(super) fn patiently<T>(
        &mut self,
        patience: Duration,
        mut call: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let until = Instant::now() + patience.min(self.push.job.stall);
        loop {
            self.push.clock.check()?;
            match call(self) {
                Err(fault) if fault.is_client_down() && Instant::now() < until => {
                    log::debug!("{}: {fault}", self.host.name);
                    self.push.clock.pause(POLL)?;
                }
                result => return result,
            }
        }
    }

    /// `time` between two looks where there are few hosts. All are followed at the same time, so with many of them each is
    /// looked at less often.
    pub(super) fn per_lot(&self, time: Duration) -> Duration {
        time * u32::try_from(self.push.hosts.len().div_ceil(LOT)).unwrap_or(u32::MAX)
    }

    /// Since the task began.
    pub(super) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// It has every piece, for others as well.
    pub(super) fn tell_whole(&self) {
        self.tell_spared(self.push.copies.complete(self.index));
    }

    pub(super) fn tell_spared(&self, spared: Option<record::SeederSpared>) {
        if let Some(spared) = spared {
            (self.tell)(HostUpdate::SeederSpared(spared));
        }
    }

    pub(super) fn say(&self, line: impl Into<String>) {
        (self.tell)(HostUpdate::Line(line.into()));
    }

    /// Where it stands now; a task that is cut off here has failed.
    pub(super) fn tell_now(&self) {
        let state = match self.report.state {
            PushState::Skipped => PushState::Failed,
            state => state,
        };
        (self.tell)(HostUpdate::Progress(HostReport { state, ..self.report.clone() }));
    }
}
