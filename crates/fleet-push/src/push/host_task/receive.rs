//! One host with the embedded engine: its receiver is started, introduced, followed until the release is staged, and kept
//! for the others' sake until nobody needs it any more.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleet::Remote;
use record::receive::{Event, Progress};

use super::Visit;
use crate::engine::embedded::mesh::Introduction;
use crate::engine::embedded::receiver::Receiver;
use crate::error::Fault;
use crate::hosts::address::peer_ip;
use crate::hosts::agent;
use crate::push::semaphore::Pass;
use crate::show::board::Told;
use crate::show::report::add;

/// Without a new byte for so long, a host gets to know others.
const RESTLESS: Duration = Duration::from_secs(4);
/// Fewer peers than it ought to have for so long: it dials those that were to dial it.
const LONELY: Duration = Duration::from_secs(2);
/// A receiver that was killed is started again so often.
const RESTARTS: u32 = 3;

/// What is known of a host's download.
struct Course {
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

impl Visit<'_> {
    /// From its start to its end. Once the release is staged nothing is a failure any more.
    pub(super) fn receive(
        &mut self,
        remote: &dyn Remote,
        has_release: bool,
        pass: Pass<'_>,
    ) -> Result<(), Fault> {
        let mut pass = Some(pass);
        let mut restarts = 0;
        loop {
            match self.receive_once(remote, has_release, pass.take()) {
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
        pass: Option<Pass<'_>>,
    ) -> Result<(), Fault> {
        let (mesh, index) = (Arc::clone(&self.tour.mesh), self.index);
        let started = Instant::now();
        let opening = self.tour.job.opening(self.host, !has_release)?;
        let (mut receiver, port) = Receiver::start(remote, self.host, opening, &self.tour.clock)?;
        // It is begun: the next host may.
        self.began_once = true;
        drop(pass);
        add(&mut self.report.seconds.push, started.elapsed());
        self.tell_now();
        let group = self.host.group.as_ref().map(fleet::HostName::as_str);
        if let Some(ip) = peer_ip(self.host) {
            mesh.listens(index, SocketAddr::new(ip, port), group);
        }
        let now = Instant::now();
        let mut course = Course {
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
        let followed = self.follow_receiver(&mut receiver, &mut course);
        mesh.leave(index);
        if course.complete.is_none() {
            self.add_download(&course);
        }
        let uploaded = match &followed {
            Err(Fault::Terminated) => receiver.stop_now(),
            Err(fault) if fault.is_connection_loss() => None,
            _ => receiver.stop_at_leisure(),
        };
        self.report.uploaded = uploaded.or(self.report.uploaded);
        match followed {
            // The release is there and proved: that its receiver could not stay is the others' loss only.
            Err(fault) if course.settled && !matches!(fault, Fault::Terminated) => {
                log::info!("{}: after it was done: {fault}", self.host.name);
                Ok(())
            }
            Err(Fault::Terminated) if course.settled => Ok(()),
            result => result,
        }
    }

    /// Until nobody in the fleet wants anything any more.
    fn follow_receiver(&mut self, receiver: &mut Receiver, course: &mut Course) -> Result<(), Fault> {
        let tour = self.tour;
        loop {
            tour.clock.check()?;
            if let Some(Introduction { seeders, others }) = tour.mesh.news(self.index) {
                receiver.introduce(seeders, others)?;
                let now = Instant::now();
                if course.introduced.is_none() {
                    course.introduced = Some(now);
                    if course.complete.is_none() {
                        add(&mut self.report.seconds.push, course.listens.elapsed());
                    }
                    (course.still_since, course.lonely_since) = (now, now);
                }
            }
            if let Some(event) = receiver.next()? {
                self.hear(event, course)?;
            }
            if course.settled && tour.mesh.is_over() {
                return Ok(());
            }
            if course.introduced.is_some() && course.complete.is_none() {
                self.help(course);
            }
        }
    }

    fn hear(&mut self, event: Event, course: &mut Course) -> Result<(), Fault> {
        match event {
            Event::Progress(progress) => {
                if progress.bytes > course.progress.bytes || progress.checking {
                    course.still_since = Instant::now();
                    self.moved = Instant::now();
                }
                course.progress = progress;
                self.report.hear(&progress);
                self.tell_now();
            }
            Event::Complete { .. } => {
                course.complete = Some(Instant::now());
                self.add_download(course);
                self.report.bytes = self.tour.job.release.payload.bytes;
                self.tell_now();
                self.tour.swarm.gives(self.index);
                self.tell_whole();
            }
            Event::Staged(reply) => {
                if let Some(complete) = course.complete {
                    add(&mut self.report.seconds.stage, complete.elapsed());
                }
                agent::prove(&self.tour.job, reply)?;
                course.settled = true;
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
    fn add_download(&mut self, course: &Course) {
        add(&mut self.report.seconds.download, course.introduced.unwrap_or(course.listens).elapsed());
    }

    /// Finds more peers for a host that gets nothing, or is reached by nobody.
    fn help(&self, course: &mut Course) {
        let mesh = &self.tour.mesh;
        if course.still_since.elapsed() >= RESTLESS {
            log::info!("{}: nothing new comes, introducing it to others", self.host.name);
            course.still_since = Instant::now();
            mesh.more(self.index);
        }
        let peers = usize::try_from(course.progress.peers).unwrap_or(usize::MAX);
        if peers >= mesh.links(self.index) {
            course.lonely_since = Instant::now();
        } else if course.lonely_since.elapsed() >= LONELY {
            log::info!("{}: reached by fewer than it should be, has it dial them", self.host.name);
            course.lonely_since = Instant::now();
            mesh.dial_all(self.index);
        }
    }

    /// It has the release: told at once, though its receiver stays.
    fn settle(&mut self) {
        self.report.state = record::PushState::Staged;
        self.tour.mesh.settle(self.index);
        (self.tell)(Told::Settled(self.report.clone()));
    }
}
