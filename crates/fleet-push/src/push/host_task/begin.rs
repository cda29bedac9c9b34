//! The beginning on one host: what is there already, what the host needs to stage by itself, and the torrent for its client.

use std::time::{Duration, Instant};

use inventory::RemotePath;
use remote::{Argv, Remote};

use super::task::HostTask;
use crate::engine::rtorrent::channel::Channel;
use crate::engine::{Engine, Loaded, Seen};
use crate::error::Fault;
use crate::hosts::staging;

/// Between two questions whether it is this host's turn.
const TURN: Duration = Duration::from_millis(20);
/// A client that is away for so long when it is first needed has not merely been restarted.
const LONGEST_START: Duration = Duration::from_secs(15);
/// A client that was just started begins to hash what it has within this time.
const BEGINS_TO_HASH: Duration = Duration::from_secs(5);
/// Between two looks at that; each is a call to the host, and there is nothing to wait on.
const LOOK: Duration = Duration::from_millis(250);
/// Time for a command that should take none.
const BRIEF: Duration = Duration::from_secs(30);

/// What came of the beginning.
pub(super) enum Begun {
    /// The client has the torrent.
    Loaded,
    /// There is no way to ask the client.
    NoRpc,
}

impl HostTask<'_> {
    /// Connects and asks what is there; also whether that is the release.
    pub(super) fn connect(&mut self) -> Result<(Box<dyn Remote>, bool), Fault> {
        let release = &self.push.job.release;
        let remote = (self.push.dial)(self.host)?;
        let status = staging::status_with(&*remote, self.host, &self.push.job.shared)?;
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
                staging::expect_nothing_at_stake(&status)?;
                Ok((remote, false))
            }
        }
    }

    /// Leaves all on the host that it needs to stage the release by itself, and gives where the manifest is; also whether
    /// the word could be left.
    pub(super) fn want(&self, remote: &dyn Remote) -> Result<(Option<RemotePath>, bool), Fault> {
        let job = &*self.push.job;
        let manifest = job.manifest.as_ref().map(|bytes| self.put_manifest(remote, bytes)).transpose()?;
        let left_word = staging::want(remote, self.host, job)?;
        Ok((manifest, left_word))
    }

    /// The manifest of a plain tree, which no torrent carries, where the next push finds it too.
    fn put_manifest(&self, remote: &dyn Remote, bytes: &[u8]) -> Result<RemotePath, Fault> {
        let name = format!(".swap/manifests/{}.jsonl", self.push.job.release.tree_digest);
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

    /// Waits for its turn, then gives the client the torrent, if it can be asked.
    pub(super) fn begin(&mut self, engine: &dyn Engine, remote: &dyn Remote) -> Result<Begun, Fault> {
        while !self.push.swarm.may_begin(self.index) {
            self.push.clock.pause(self.per_lot(TURN))?;
        }
        let mut is_there = false;
        let loaded = self.patiently(LONGEST_START, |task| {
            let loaded = engine.load();
            match &loaded {
                // A client that is being restarted leaves its socket behind.
                Err(fault) if fault.is_client_down() && !is_there => {
                    is_there = Channel { remote, host: task.host }.is_there()?;
                    if is_there { loaded.map(Some) } else { Ok(None) }
                }
                _ => loaded.map(Some),
            }
        })?;
        let Some(loaded) = loaded else { return Ok(Begun::NoRpc) };
        if loaded == Loaded::Before
            && !self.began_once
            && self.settled(engine)?.is_some_and(|seen| !seen.complete && !seen.hashing)
        {
            // An earlier push ended here. Its client does not dial again whom it could not reach then.
            engine.forget()?;
            engine.load()?;
        }
        self.began_once = true;
        let now = self.now();
        self.watch.refresh(now);
        Ok(Begun::Loaded)
    }

    /// What the client has of the download, once a client that was just started has begun to hash it or has been left alone for
    /// a while: rtorrent 0.9.8 aborts when a download is erased in the moment before.
    fn settled(&self, engine: &dyn Engine) -> Result<Option<Seen>, Fault> {
        let until = Instant::now() + BEGINS_TO_HASH;
        loop {
            let seen = engine.look()?;
            let is_settled = |seen: &Seen| seen.complete || seen.hashing || seen.hash_checked;
            if seen.as_ref().is_none_or(is_settled) || Instant::now() >= until {
                return Ok(seen);
            }
            self.push.clock.pause(LOOK)?;
        }
    }

    pub(super) fn reload(&mut self, engine: &dyn Engine) -> Result<(), Fault> {
        engine.forget()?;
        self.patiently(LONGEST_START, |_| engine.load())?;
        let now = self.now();
        self.watch.refresh(now);
        Ok(())
    }
}
