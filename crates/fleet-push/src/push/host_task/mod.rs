//! One host, from connect to staged.
//!
//! Every step finds out first what is already there, so a task that lost its connection simply begins again, and so does
//! a push that was aborted.
//!
//! - `task`: the state, and what every step needs;
//! - `begin`: what is there already, and the torrent for the host's client;
//! - `follow`: the download by an rtorrent; `without_rpc`: by one that cannot be asked;
//! - `receive`: the embedded engine, from its start to its end.

mod begin;
mod follow;
mod receive;
mod task;
#[cfg(test)]
mod tests;
mod without_rpc;

use std::time::Instant;

use inventory::{Host, RemotePath};
use record::PushState;
use remote::Remote;

use self::begin::Begun;
use self::task::HostTask;
use self::without_rpc::Outcome;
use crate::engine::Seen;
use crate::engine::embedded::mesh::Mesh;
use crate::engine::rtorrent::swarm::Swarm;
use crate::error::Fault;
use crate::hosts::staging;
use crate::job::Seeding;
use crate::push::context::PushContext;
use crate::push::retry::{RETRIES, delay};
use crate::show::board::HostUpdate;
use crate::show::report::{HostReport, add};

/// Brings the release to `host`, the `index`th of `push`.
pub(crate) fn run(push: &PushContext, index: usize, host: &Host, tell: &dyn Fn(HostUpdate)) -> HostReport {
    // Whatever becomes of it, nobody waits for this host after that.
    let _settled = Settled(&push.mesh, &push.swarm, index);
    let mut task = HostTask::new(push, index, host, tell);
    match task.attempts() {
        Ok(()) => task.report.state = PushState::Staged,
        // Its thread was there, but nobody has spoken to the host.
        Err(Fault::Terminated) if !task.connecting => {
            tell(HostUpdate::Progress(HostReport::new()));
            return HostReport::new();
        }
        Err(fault) => {
            push.swarm.leave(index);
            push.mesh.leave(index);
            task.report = task.report.failed(fault.beside());
            task.report.hint = fault.hint();
        }
    }
    task.tell_now();
    // An rtorrent goes on giving what it has, a peer of ours ends with its task.
    task.tell_spared(push.copies.done(index, host.engine == inventory::Engine::Rtorrent));
    task.report
}

/// Settles a host when dropped.
struct Settled<'a>(&'a Mesh, &'a Swarm, usize);

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        self.0.settle(self.2);
        self.1.give_up_turn(self.2);
    }
}

impl HostTask<'_> {
    /// Once, and again over a new connection when the old one broke.
    fn attempts(&mut self) -> Result<(), Fault> {
        for number in 0.. {
            match self.once() {
                Err(fault) if fault.is_connection_loss() && self.may_retry(number) => {
                    let wait = delay(number);
                    self.say(format!(
                        "lost, trying again in {:.1} s: {}",
                        wait.as_secs_f64(),
                        fault.beside()
                    ));
                    self.push.clock.pause(wait)?;
                    let now = self.now();
                    self.watch.refresh(now);
                }
                result => return result,
            }
        }
        Ok(())
    }

    /// An embedded peer that was started goes on without us, so its host is tried for as long as it could be given up for
    /// lack of bytes. A host that was never reached is not worth the wait.
    fn may_retry(&self, number: u32) -> bool {
        number < RETRIES
            || (self.host.engine == inventory::Engine::Embedded
                && self.began_once
                && self.moved.elapsed() < self.push.job.stall)
    }

    fn once(&mut self) -> Result<(), Fault> {
        let push = self.push;
        let permit = push.begin.acquire(&push.clock)?;
        self.connecting = true;
        let started = Instant::now();
        let connected = self.connect();
        add(&mut self.report.seconds.connect, started.elapsed());
        let (remote, has_release) = connected?;
        if has_release && push.job.seeding != Seeding::Host(self.index) {
            return Ok(());
        }
        self.tell_now();
        if self.host.engine == inventory::Engine::Embedded {
            return self.receive(&*remote, has_release, permit);
        }

        let engine = (push.engine)(&*remote, self.host, &push.job, &push.clock);
        let started = Instant::now();
        let (manifest, left_word) = self.want(&*remote)?;
        // The next host may begin; a wait for the turn, or a download that stalls, keeps nobody from it.
        drop(permit);
        let mut begun = self.begin(&*engine, &*remote);
        add(&mut self.report.seconds.push, started.elapsed());
        while let Begun::NoRpc = begun? {
            let manifest = manifest.as_ref().map(RemotePath::as_str);
            if self.follow_without_rpc(&*remote, manifest, left_word)? == Outcome::Staged {
                return Ok(());
            }
            begun = self.begin(&*engine, &*remote);
        }
        self.tell_now();

        loop {
            let started = Instant::now();
            let followed = self.follow(&*engine);
            add(&mut self.report.seconds.download, started.elapsed());
            let seen = followed?;
            self.tell_now();

            let started = Instant::now();
            let staged = self.stage(&*remote, &seen, manifest.as_ref());
            add(&mut self.report.seconds.stage, started.elapsed());
            match staged {
                // What the client believes to have is not what is on disk, or is gone. Loading it anew makes it hash
                // everything and fetch what is bad; if that is no help, nothing else here would be.
                Err(Fault::Payload { reason }) if !self.refetched => {
                    self.refetched = true;
                    self.say(format!("refused the payload, having it checked and fetched again: {reason}"));
                    self.reload(&*engine)?;
                }
                result => return result,
            }
        }
    }

    /// Has the host unpack and prove what was downloaded.
    fn stage(&self, remote: &dyn Remote, seen: &Seen, manifest: Option<&RemotePath>) -> Result<(), Fault> {
        let (job, clock) = (&*self.push.job, &self.push.clock);
        // The client's answer becomes an argument of a command.
        let place: RemotePath = seen.place.parse().map_err(|_| Fault::Place { path: seen.place.clone() })?;
        let manifest = manifest.map(RemotePath::as_str);
        staging::stage(remote, self.host, job, place.as_str(), manifest, clock).map(drop)
    }
}
