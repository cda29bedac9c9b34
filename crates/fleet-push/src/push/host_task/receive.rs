//! One host with the embedded engine: its receiver is started, introduced, followed until the release is staged, and kept
//! for the others' sake until nobody needs it any more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use record::receive::{Event, Progress};
use remote::Remote;

use super::task::HostTask;
use crate::engine::embedded::mesh::Introduction;
use crate::engine::embedded::receiver::Receiver;
use crate::engine::embedded::start_message::start_message;
use crate::error::Fault;
use crate::hosts::address::peer_ip;
use crate::hosts::staging;
use crate::push::semaphore::Permit;
use crate::show::board::HostUpdate;
use crate::show::report::add;

/// Without a new byte for so long, a host gets to know others.
const RESTLESS: Duration = Duration::from_secs(4);
/// Fewer peers than it ought to have for so long: it dials those that were to dial it.
const LONELY: Duration = Duration::from_secs(2);
/// A receiver that was killed is started again so often.
const RESTARTS: u32 = 3;

/// What is known of a host's download.
struct Download {
    /// When it began to listen. Until it is introduced it waits for the others to.
    listens: Instant,
    introduced: Option<Instant>,
    /// Since when it has been doing what should not last.
    still_since: Instant,
    lonely_since: Instant,
    progress: Progress,
    complete: Option<Instant>,
    settled: bool,
}

impl HostTask<'_> {
    /// From its start to its end. Once the release is staged nothing is a failure any more.
    pub(super) fn receive(
        &mut self,
        remote: &dyn Remote,
        has_release: bool,
        permit: Permit<'_>,
    ) -> Result<(), Fault> {
        let mut permit = Some(permit);
        let mut restarts = 0;
        loop {
            match self.receive_once(remote, has_release, permit.take()) {
                Err(Fault::Killed { reason }) if restarts < RESTARTS => {
                    restarts += 1;
                    self.say(format!("swap-release receive ended by {reason}, starting it again"));
                }
                // What was downloaded has changed on its disk. Starting anew hashes everything and fetches what is bad; if
                // that is no help, nothing else here would be.
                Err(Fault::Payload { reason }) if !self.refetched => {
                    self.refetched = true;
                    self.say(format!("refused the payload, having it checked and fetched again: {reason}"));
                }
                result => return result,
            }
        }
    }

    fn receive_once(
        &mut self,
        remote: &dyn Remote,
        has_release: bool,
        permit: Option<Permit<'_>>,
    ) -> Result<(), Fault> {
        let (mesh, index) = (Arc::clone(&self.push.mesh), self.index);
        let started = Instant::now();
        let first = start_message(&self.push.job, self.host, !has_release)?;
        let (mut receiver, port) = Receiver::start(remote, self.host, first, &self.push.clock)?;
        // It is begun: the next host may.
        self.began_once = true;
        drop(permit);
        add(&mut self.report.seconds.push, started.elapsed());
        self.tell_now();
        let group = self.host.group.as_ref().map(inventory::HostName::as_str);
        if let Some(ip) = peer_ip(self.host) {
            mesh.listens(index, SocketAddr::new(ip, port), group);
        }
        let now = Instant::now();
        let mut download = Download {
            listens: now,
            introduced: None,
            still_since: now,
            lonely_since: now,
            progress: Progress::default(),
            complete: None,
            settled: has_release,
        };
        if has_release {
            self.settle();
        }
        let followed = self.follow_receiver(&mut receiver, &mut download);
        mesh.leave(index);
        if download.complete.is_none() {
            self.add_download(&download);
        }
        let uploaded = match &followed {
            Err(Fault::Terminated) => receiver.stop_now(),
            Err(fault) if fault.is_connection_loss() => None,
            _ => receiver.stop_at_leisure(),
        };
        self.report.uploaded = uploaded.or(self.report.uploaded);
        match followed {
            // The release is there and proved: that its receiver could not stay is the others' loss only.
            Err(fault) if download.settled && !matches!(fault, Fault::Terminated) => {
                log::info!("{}: after it was done: {fault}", self.host.name);
                Ok(())
            }
            Err(Fault::Terminated) if download.settled => Ok(()),
            result => result,
        }
    }

    /// Until nobody in the fleet wants anything any more.
    fn follow_receiver(&mut self, receiver: &mut Receiver, download: &mut Download) -> Result<(), Fault> {
        let push = self.push;
        loop {
            push.clock.check()?;
            if let Some(Introduction { seeders, others }) = push.mesh.news(self.index) {
                receiver.introduce(seeders, others)?;
                let now = Instant::now();
                if download.introduced.is_none() {
                    download.introduced = Some(now);
                    if download.complete.is_none() {
                        add(&mut self.report.seconds.push, download.listens.elapsed());
                    }
                    (download.still_since, download.lonely_since) = (now, now);
                }
            }
            if let Some(event) = receiver.next()? {
                self.hear(event, download)?;
            }
            if download.settled && push.mesh.is_over() {
                return Ok(());
            }
            if download.introduced.is_some() && download.complete.is_none() {
                self.help(download);
            }
        }
    }

    fn hear(&mut self, event: Event, download: &mut Download) -> Result<(), Fault> {
        match event {
            Event::Progress(progress) => {
                if progress.bytes > download.progress.bytes || progress.checking {
                    download.still_since = Instant::now();
                    self.moved = Instant::now();
                }
                download.progress = progress;
                self.report.hear(&progress);
                self.tell_now();
            }
            Event::Complete { .. } => {
                download.complete = Some(Instant::now());
                self.add_download(download);
                self.report.bytes = self.push.job.release.payload.bytes;
                self.tell_now();
                self.push.swarm.gives(self.index);
                self.tell_whole();
            }
            Event::Staged(reply) => {
                if let Some(complete) = download.complete {
                    add(&mut self.report.seconds.stage, complete.elapsed());
                }
                staging::prove(&self.push.job, reply)?;
                download.settled = true;
                self.settle();
            }
            Event::Banned { peer, why } => {
                self.say(format!("refuses the peer {peer} from now on: it {why}"));
            }
            Event::Ended { uploaded } => self.report.uploaded = Some(uploaded),
            Event::Listening { .. } => {}
        }
        Ok(())
    }

    /// From the introduction on: before it there is nobody to download from.
    fn add_download(&mut self, download: &Download) {
        add(&mut self.report.seconds.download, download.introduced.unwrap_or(download.listens).elapsed());
    }

    /// Finds more peers for a host that gets nothing, or is reached by nobody.
    fn help(&self, download: &mut Download) {
        let mesh = &self.push.mesh;
        if download.still_since.elapsed() >= RESTLESS {
            log::info!("{}: nothing new comes, introducing it to others", self.host.name);
            download.still_since = Instant::now();
            mesh.more(self.index);
        }
        let peers = usize::try_from(download.progress.peers).unwrap_or(usize::MAX);
        if peers >= mesh.links(self.index) {
            download.lonely_since = Instant::now();
        } else if download.lonely_since.elapsed() >= LONELY {
            log::info!("{}: reached by fewer than it should be, has it dial them", self.host.name);
            download.lonely_since = Instant::now();
            mesh.dial_all(self.index);
        }
    }

    /// It has the release: told at once, though its receiver stays.
    fn settle(&mut self) {
        self.report.state = record::PushState::Staged;
        self.push.mesh.settle(self.index);
        (self.tell)(HostUpdate::Settled(self.report.clone()));
    }
}
