//! One host, from connect to staged.
//!
//! Every step finds out first what is already there, so a visit that lost its connection simply begins again, and so does
//! a push that was aborted.

mod follow;
mod receive;
#[cfg(test)]
pub(crate) mod tests;
mod unasked;

use std::sync::Arc;
use std::time::{Duration, Instant};

use fleet::{Argv, Host, Remote, RemotePath};
use record::PushState;

use crate::engine::embedded::mesh::Mesh;
use crate::engine::rtorrent::channel::Channel;
use crate::engine::rtorrent::swarm::Swarm;
use crate::engine::rtorrent::watch::Watch;
use crate::engine::{Engine, Loaded, Seen};
use crate::error::Fault;
use crate::hosts::agent;
use crate::job::clock::Clock;
use crate::job::{Job, Seeding};
use crate::push::copies::Copies;
use crate::push::retry::{RETRIES, delay};
use crate::push::semaphore::Gate;
use crate::show::board::Told;
use crate::show::origin::Origin;
use crate::show::report::{HostReport, add};

use self::unasked::Unheard;

/// Between two questions to a client that does not answer.
const POLL: Duration = Duration::from_millis(250);
/// Between two questions whether it is this host's turn.
const TURN: Duration = Duration::from_millis(20);
/// For each further so many hosts, everybody is looked at less often.
const LOT: usize = 64;
/// A client that is away for so long when it is first needed has not merely been restarted.
const LONGEST_START: Duration = Duration::from_secs(15);
/// Time for a command that should take none.
const BRIEF: Duration = Duration::from_secs(30);

/// The way to a host: SSH for real, a recording in tests.
pub(crate) type Dial = Arc<dyn Fn(&Host) -> Result<Box<dyn Remote>, fleet::Error> + Send + Sync>;
/// The host's client, once there is a way to the host.
pub(crate) type MakeEngine =
    Arc<dyn for<'a> Fn(&'a dyn Remote, &'a Host, &'a Job, &'a Clock) -> Box<dyn Engine + 'a> + Send + Sync>;

/// What all visits of one push share.
#[derive(Clone)]
pub(crate) struct Tour {
    pub(crate) job: Arc<Job>,
    /// All hosts of this push, by their numbers.
    pub(crate) hosts: Arc<[Host]>,
    pub(crate) swarm: Arc<Swarm>,
    pub(crate) mesh: Arc<Mesh>,
    pub(crate) copies: Arc<Copies>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) clock: Clock,
    pub(crate) dial: Dial,
    pub(crate) engine: MakeEngine,
}

/// The visit of one host.
pub(crate) struct Visit<'a> {
    tour: &'a Tour,
    host: &'a Host,
    index: usize,
    tell: &'a dyn Fn(Told),
    began: Instant,
    report: HostReport,
    watch: Watch,
    origin: Origin,
    /// The client has had the torrent in this visit.
    began_once: bool,
    /// It has had its turn: the host was, or is being, connected to.
    connecting: bool,
    /// When the embedded peer last got something new; the beginning at first.
    moved: Instant,
    /// The payload was refused once and has been fetched again.
    refetched: bool,
}

/// What came of the beginning.
enum Begun {
    /// The client has the torrent.
    Loaded,
    /// There is no way to ask the client.
    Unasked,
}

impl Tour {
    /// Visits `host`, the `index`th of this push.
    pub(crate) fn visit(&self, index: usize, host: &Host, tell: &dyn Fn(Told)) -> HostReport {
        let watch = Watch::new(self.job.stall, Duration::ZERO);
        let (began, report) = (Instant::now(), HostReport::new());
        // Whatever becomes of it, nobody waits for this host after that.
        let _settled = Settled(&self.mesh, &self.swarm, index);
        let mut visit = Visit {
            tour: self,
            host,
            index,
            tell,
            began,
            report,
            watch,
            origin: Origin::default(),
            began_once: false,
            connecting: false,
            moved: began,
            refetched: false,
        };
        match visit.attempts() {
            Ok(()) => visit.report.state = PushState::Staged,
            // Its thread was there, but nobody has spoken to the host.
            Err(Fault::Terminated) if !visit.connecting => {
                tell(Told::Now(HostReport::new()));
                return HostReport::new();
            }
            Err(fault) => {
                self.swarm.leave(index);
                self.mesh.leave(index);
                visit.report = visit.report.failed(fault.beside(&host.name));
                visit.report.hint = fault.hint();
            }
        }
        visit.tell_now();
        // An rtorrent goes on giving what it has, a peer of ours ends with its visit.
        visit.tell_spared(self.copies.out(index, host.engine == fleet::Engine::Rtorrent));
        visit.report
    }
}

/// Settles a host when dropped.
struct Settled<'a>(&'a Mesh, &'a Swarm, usize);

impl Drop for Settled<'_> {
    fn drop(&mut self) {
        self.0.settle(self.2);
        self.1.give_up_turn(self.2);
    }
}

impl Visit<'_> {
    /// Once, and again over a new connection when the old one broke.
    fn attempts(&mut self) -> Result<(), Fault> {
        for number in 0.. {
            match self.once() {
                Err(fault) if fault.is_connection_loss() && self.may_retry(number) => {
                    let wait = delay(number);
                    self.say(format!(
                        "lost, trying again in {:.1} s: {}",
                        wait.as_secs_f64(),
                        fault.beside(&self.host.name)
                    ));
                    self.tour.clock.pause(wait)?;
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
            || (self.host.engine == fleet::Engine::Embedded
                && self.began_once
                && self.moved.elapsed() < self.tour.job.stall)
    }

    fn once(&mut self) -> Result<(), Fault> {
        let tour = self.tour;
        let pass = tour.gate.enter(&tour.clock)?;
        self.connecting = true;
        let started = Instant::now();
        let connected = self.connect();
        add(&mut self.report.seconds.connect, started.elapsed());
        let (remote, has_release) = connected?;
        if has_release && tour.job.seeding != Seeding::Host(self.index) {
            return Ok(());
        }
        self.tell_now();
        if self.host.engine == fleet::Engine::Embedded {
            return self.receive(&*remote, has_release, pass);
        }

        let engine = (tour.engine)(&*remote, self.host, &tour.job, &tour.clock);
        let started = Instant::now();
        let (manifest, left_word) = self.want(&*remote)?;
        // The next host may begin; a wait for the turn, or a download that stalls, keeps nobody from it.
        drop(pass);
        let mut begun = self.begin(&*engine, &*remote);
        add(&mut self.report.seconds.push, started.elapsed());
        while let Begun::Unasked = begun? {
            let manifest = manifest.as_ref().map(RemotePath::as_str);
            if self.follow_unasked(&*remote, manifest, left_word)? == Unheard::Staged {
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

    /// Connects and asks what is there; also whether that is the release.
    fn connect(&mut self) -> Result<(Box<dyn Remote>, bool), Fault> {
        let release = &self.tour.job.release;
        let remote = (self.tour.dial)(self.host)?;
        let status = agent::status_with(&*remote, self.host, &self.tour.job.shared)?;
        if status.has(&release.id, &release.tree_digest) {
            self.report.already = self.report.seconds.stage.is_none();
            self.report.bytes = release.payload.bytes;
            return Ok((remote, true));
        }
        match status.release(&release.id).map(|known| known.release.tree_digest) {
            Some(found) if found != release.tree_digest => {
                Err(Fault::OtherTree { release: release.id.clone(), found })
            }
            _ => {
                agent::expect_nothing_at_stake(&status)?;
                Ok((remote, false))
            }
        }
    }

    /// Waits for its turn, then gives the client the torrent, if it can be asked.
    fn begin(&mut self, engine: &dyn Engine, remote: &dyn Remote) -> Result<Begun, Fault> {
        while !self.tour.swarm.may_begin(self.index) {
            self.tour.clock.pause(self.per_lot(TURN))?;
        }
        let mut is_there = false;
        let loaded = self.patiently(LONGEST_START, |visit| {
            let loaded = engine.load();
            match &loaded {
                // A client that is being restarted leaves its socket behind.
                Err(fault) if fault.is_client_down() && !is_there => {
                    is_there = Channel { remote, host: visit.host }.is_there()?;
                    if is_there { loaded.map(Some) } else { Ok(None) }
                }
                _ => loaded.map(Some),
            }
        })?;
        let Some(loaded) = loaded else { return Ok(Begun::Unasked) };
        if loaded == Loaded::Before && !self.began_once {
            let left = engine.look()?.is_some_and(|seen| !seen.complete && !seen.hashing);
            if left {
                // An earlier push ended here. Its client does not dial again whom it could not reach then.
                engine.forget()?;
                engine.load()?;
            }
        }
        self.began_once = true;
        let now = self.now();
        self.watch.refresh(now);
        Ok(Begun::Loaded)
    }

    fn reload(&mut self, engine: &dyn Engine) -> Result<(), Fault> {
        engine.forget()?;
        self.patiently(LONGEST_START, |_| engine.load())?;
        let now = self.now();
        self.watch.refresh(now);
        Ok(())
    }

    /// Repeats `call` while the client does not answer, as while it is restarted, for at most `patience`.
    fn patiently<T>(
        &mut self,
        patience: Duration,
        mut call: impl FnMut(&mut Self) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let until = Instant::now() + patience.min(self.tour.job.stall);
        loop {
            self.tour.clock.check()?;
            match call(self) {
                Err(fault) if fault.is_client_down() && Instant::now() < until => {
                    log::debug!("{}: {fault}", self.host.name);
                    self.tour.clock.pause(POLL)?;
                }
                result => return result,
            }
        }
    }

    /// Has the host unpack and prove what was downloaded.
    fn stage(&self, remote: &dyn Remote, seen: &Seen, manifest: Option<&RemotePath>) -> Result<(), Fault> {
        let (job, clock) = (&*self.tour.job, &self.tour.clock);
        // The client's answer becomes an argument of a command.
        let place: RemotePath = seen.place.parse().map_err(|_| Fault::Place { path: seen.place.clone() })?;
        let manifest = manifest.map(RemotePath::as_str);
        agent::stage(remote, self.host, job, place.as_str(), manifest, clock).map(drop)
    }

    /// Leaves all on the host that it needs to stage the release by itself, and gives where the manifest is; also whether
    /// the word could be left.
    fn want(&self, remote: &dyn Remote) -> Result<(Option<RemotePath>, bool), Fault> {
        let job = &*self.tour.job;
        let manifest = job.manifest.as_ref().map(|bytes| self.put_manifest(remote, bytes)).transpose()?;
        let left_word = agent::want(remote, self.host, job)?;
        Ok((manifest, left_word))
    }

    /// The manifest of a plain tree, which no torrent carries, where the next push finds it too.
    fn put_manifest(&self, remote: &dyn Remote, bytes: &[u8]) -> Result<RemotePath, Fault> {
        let name = format!(".swap/manifests/{}.jsonl", self.tour.job.release.tree_digest);
        let path = self.host.deploy_to.join(&name).map_err(Fault::Settings)?;
        let argv = Argv::new("mkdir").args(["-p", "--", path.parent()]);
        let output = remote.exec(&argv, b"", BRIEF)?;
        if !output.status.success() {
            return Err(Fault::Command {
                command: argv.to_string(),
                reason: output.reason(),
                hint: output.hint(),
            });
        }
        remote.upload(bytes, &path)?;
        Ok(path)
    }

    /// `time` between two looks where there are few hosts. All are followed at the same time, so with many of them each is
    /// looked at less often.
    fn per_lot(&self, time: Duration) -> Duration {
        time * u32::try_from(self.tour.hosts.len().div_ceil(LOT)).unwrap_or(u32::MAX)
    }

    /// Since the visit began.
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// It has every piece, for others as well.
    fn tell_whole(&self) {
        self.tell_spared(self.tour.copies.whole(self.index));
    }

    fn tell_spared(&self, spared: Option<record::SeederSpared>) {
        if let Some(spared) = spared {
            (self.tell)(Told::Spared(spared));
        }
    }

    fn say(&self, line: impl Into<String>) {
        (self.tell)(Told::Line(line.into()));
    }

    /// Where it stands now; a visit that is cut off here has failed.
    fn tell_now(&self) {
        let state = match self.report.state {
            PushState::Skipped => PushState::Failed,
            state => state,
        };
        (self.tell)(Told::Now(HostReport { state, ..self.report.clone() }));
    }
}
