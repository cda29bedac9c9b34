//! Unpacking and proving on a thread of its own, while the peer goes on giving.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cli::Abort;
use inventory::SharedPaths;
use record::host::StageReply;
use record::{Build, Release, durable};

use super::opening::Opening;
use crate::Error;
use crate::host::disk::RealDisk;
use crate::host::recovery;
use crate::host::site::{Site, owner};
use crate::host::verbs::stage;

/// How long a held lock is waited for: an activation or a prune ends in this time.
const BUSY: Duration = Duration::from_secs(90);

/// A staging under way.
pub(super) struct Staging {
    abort: Abort,
    thread: JoinHandle<Result<StageReply, Error>>,
}

struct Work {
    deploy_to: PathBuf,
    payload: PathBuf,
    release: Release,
    build: Option<Build>,
    manifest: Option<String>,
    shared: SharedPaths,
    owner: String,
    abort: Abort,
}

impl Staging {
    /// Starts to stage `payload`.
    pub(super) fn start(deploy_to: &Path, payload: &Path, opening: &Opening) -> Self {
        let abort = Abort::default();
        let work = Work {
            deploy_to: deploy_to.to_owned(),
            payload: payload.to_owned(),
            release: opening.release.clone(),
            build: opening.build.clone(),
            manifest: opening.manifest.clone(),
            shared: opening.shared.clone(),
            owner: owner(opening.owner.clone()),
            abort: abort.clone(),
        };
        Self::of(abort, move || work.run())
    }

    fn of(abort: Abort, work: impl FnOnce() -> Result<StageReply, Error> + Send + 'static) -> Self {
        Self { abort, thread: thread::spawn(work) }
    }

    /// Whether it has come to an end.
    pub(super) fn is_done(&self) -> bool {
        self.thread.is_finished()
    }

    /// Its result; waits for it.
    pub(super) fn finish(self) -> Result<StageReply, Error> {
        self.thread.join().unwrap_or_else(|_| Err(Error::unpacking_defect()))
    }

    /// Ends it early; what it has written is undone.
    pub(super) fn abort(self) {
        self.abort.set();
        let _aborted = self.finish();
    }
}

impl Work {
    fn run(self) -> Result<StageReply, Error> {
        let disk = RealDisk;
        let site = Site::open(&self.deploy_to, &disk)?;
        let locked = recovery::lock_when_free(site, self.owner.clone(), BUSY, &self.abort)?;
        let manifest = match &self.manifest {
            Some(text) => Some(self.put_manifest(&locked.site, text)?),
            None => None,
        };
        let request = stage::Request {
            release: &self.release,
            build: self.build.as_ref(),
            payload: &self.payload,
            manifest: manifest.as_deref(),
            shared: &self.shared,
        };
        stage::stage(&locked, &request, &|_| !self.abort.is_set())
    }

    /// The manifest of a plain tree, which no torrent carries.
    fn put_manifest(&self, site: &Site<'_>, text: &str) -> Result<PathBuf, Error> {
        let folder = site.paths.state().join("manifests");
        site.disk.make_folder(&folder).map_err(|source| Error::write(&folder, source))?;
        let path = folder.join(format!("{}.jsonl", self.release.tree_digest));
        durable::write(&path, text.as_bytes()).map_err(|source| Error::write(&path, source))?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_panics_has_failed_and_is_called_a_defect() {
        let staging = Staging::of(Abort::default(), || panic!("a defect, on purpose"));
        let error = staging.finish().unwrap_err();
        assert!(error.to_string().contains("a defect of its own"), "{error}");
    }
}
