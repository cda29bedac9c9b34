//! The download on one host, from the torrent loaded to every piece there.

use std::time::{Duration, Instant};

use super::task::HostTask;
use crate::engine::rtorrent::watch::Next;
use crate::engine::{Engine, Seen};
use crate::error::Fault;
use crate::hosts::address::peer_address;

/// Between two looks at a download.
const POLL: Duration = Duration::from_millis(250);
/// A client that has worked and is away for longer has not merely been restarted.
const LONGEST_DOWN: Duration = Duration::from_secs(60);

impl HostTask<'_> {
    /// Follows the download to its end.
    pub(super) fn follow(&mut self, engine: &dyn Engine) -> Result<Seen, Fault> {
        let mut speed = Speed::default();
        loop {
            if let Some(seen) = self.patiently(LONGEST_DOWN, |task| task.step(engine, &mut speed))? {
                return Ok(seen);
            }
            self.push.clock.pause(self.per_lot(POLL))?;
        }
    }

    /// Looks once and does what is to be done; gives what was seen once everything is there.
    fn step(&mut self, engine: &dyn Engine, speed: &mut Speed) -> Result<Option<Seen>, Fault> {
        let swarm = &self.push.swarm;
        let seen = engine.look()?;
        if let Some(seen) = &seen {
            self.report.bytes = seen.bytes;
            self.report.peers = u32::try_from(seen.peers).unwrap_or(u32::MAX);
            if !seen.hashing {
                self.report.measure(seen.bytes);
            }
            if seen.active && self.origin.is_due(Instant::now()) {
                self.account(engine)?;
            }
            self.tell_now();
            if let Some((bytes, time)) = speed.measure(seen) {
                swarm.measure(bytes, seen.size, time);
            }
        }
        engine.introduce(&swarm.calls(self.index))?;
        let mut next = self.watch.next(self.now(), seen.as_ref());
        if matches!(next, Next::Join) {
            let address = peer_address(self.host);
            engine.introduce(&swarm.join(self.index, address))?;
            if let Some(address) = address.filter(|_| self.is_dialled_by_ours()) {
                self.push.mesh.outside(address);
            }
            // At once: a host that is complete need not wait for the next look.
            next = self.watch.next(self.now(), seen.as_ref());
        }
        log::debug!("{}: {seen:?}, {next:?}", self.host.name);
        match (next, seen) {
            (Next::Fail(fault), _) => return Err(fault),
            (Next::Complete, Some(seen)) => {
                if !seen.active {
                    // It was stopped by somebody: the others need what it has.
                    engine.start()?;
                }
                self.tell_giver(engine)?;
                self.tell_whole();
                return Ok(Some(seen));
            }
            (Next::Rejoin, _) => {
                log::info!("{}: no peers or no progress, introducing it again", self.host.name);
                let address = peer_address(self.host);
                engine.introduce(&swarm.rejoin(self.index, address))?;
                if let Some(address) = address {
                    self.push.mesh.outside(address);
                }
            }
            (Next::Start, _) => {
                log::info!("{}: starting the download", self.host.name);
                engine.start()?;
            }
            (Next::Load, _) => {
                self.say("the download vanished from rtorrent, loading it again");
                engine.load()?;
                let now = self.now();
                self.watch.refresh(now);
            }
            (Next::Reload, _) => {
                self.say("nothing comes, loading the torrent anew");
                self.reload(engine)?;
            }
            (Next::Wait | Next::Join | Next::Complete, _) => {}
        }
        Ok(None)
    }

    /// Others may count on it if it has an upload slot free. What it says is worth no failure.
    fn tell_giver(&self, engine: &dyn Engine) -> Result<(), Fault> {
        match engine.has_free_slot() {
            Ok(true) => self.push.swarm.gives(self.index),
            Ok(false) => log::info!("{}: all its upload slots are taken", self.host.name),
            Err(fault @ Fault::Terminated) => return Err(fault),
            Err(fault) if fault.is_connection_loss() => return Err(fault),
            Err(fault) => log::debug!("{}: its upload slots: {fault}", self.host.name),
        }
        Ok(())
    }

    /// Asks whom the bytes came from. Without an answer the download goes on as well: it may have vanished since the look.
    fn account(&mut self, engine: &dyn Engine) -> Result<(), Fault> {
        let push = self.push;
        match engine.sources() {
            Ok(sources) => {
                self.report.received = Some(self.origin.look(&sources, |ip| push.swarm.is_seeder(ip)));
            }
            Err(fault @ Fault::Terminated) => return Err(fault),
            Err(fault) if fault.is_connection_loss() => return Err(fault),
            Err(fault) => log::debug!("{}: its peers: {fault}", self.host.name),
        }
        Ok(())
    }
}

impl HostTask<'_> {
    /// Whether embedded peers, and the seeder here, dial its client. The rest of a group with sources of its own are left
    /// to them; but peers of a private torrent have no other way to meet.
    fn is_dialled_by_ours(&self) -> bool {
        let push = self.push;
        push.swarm.is_source(self.index) || !push.job.introduce || push.mesh.has_embedded()
    }
}

/// How fast a host gets what it lacked at first.
#[derive(Default)]
struct Speed(Option<(Instant, u64)>);

impl Speed {
    /// Bytes that came since it began to download, and the time that took.
    fn measure(&mut self, seen: &Seen) -> Option<(u64, Duration)> {
        if seen.hashing || !seen.active {
            return None;
        }
        let (since, had) = *self.0.get_or_insert_with(|| (Instant::now(), seen.bytes));
        let bytes = seen.bytes.saturating_sub(had);
        (bytes > 0).then(|| (bytes, since.elapsed()))
    }
}
