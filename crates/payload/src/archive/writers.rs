//! Threads that create small files while the next ones are still being decompressed.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::Scope;

use crate::Error;
use crate::content::entry::{Entry, Kind};
use crate::digest::Sha256;
use crate::disk::beneath::{Beneath, finish_file};
use crate::disk::pool::cores;
use crate::error::shown;

/// Largest file that is handed over as a whole; larger ones are written as they are decompressed.
pub(super) const SMALL: u64 = 256 * 1024;
/// Files waiting to be written. Together with the threads' own, less than 20 MiB.
const WAITING: usize = 64;

type Job<'a> = (&'a Entry, Vec<u8>);

/// Where the writers and the reader meet.
pub(super) struct Writers<'a> {
    dir: &'a Beneath,
    failed: AtomicBool,
    first_error: Mutex<Option<Error>>,
}

impl<'a> Writers<'a> {
    pub(super) fn new(dir: &'a Beneath) -> Self {
        Self { dir, failed: AtomicBool::new(false), first_error: Mutex::new(None) }
    }

    /// Starts the threads, which end when the sender is dropped and every file is written.
    pub(super) fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> Result<SyncSender<Job<'scope>>, Error>
    where
        'a: 'scope,
    {
        let (sender, receiver) = sync_channel(WAITING);
        let receiver = std::sync::Arc::new(Mutex::new(receiver));
        for _ in 0..cores().clamp(1, 8) {
            let receiver = receiver.clone();
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || self.work(&receiver));
            thread.map_err(|error| Error::Threads { path: ".".into(), reason: error.to_string() })?;
        }
        Ok(sender)
    }

    /// Whether a writer has failed, so that the reader can stop early.
    pub(super) fn failed(&self) -> bool {
        self.failed.load(Ordering::Relaxed)
    }

    /// The first writer's error, once all threads have ended.
    pub(super) fn into_result(self) -> Result<(), Error> {
        match self.first_error.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// Takes files until there are no more. After a failure they are only taken, so that the reader never blocks.
    fn work(&self, receiver: &Mutex<Receiver<Job<'_>>>) {
        loop {
            let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok((entry, content)) = job else { return };
            if self.failed() {
                continue;
            }
            if let Err(error) = write(self.dir, entry, &content) {
                self.failed.store(true, Ordering::Relaxed);
                self.first_error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    }
}

fn write(dir: &Beneath, entry: &Entry, content: &[u8]) -> Result<(), Error> {
    let Kind::File { mode, sha256, .. } = &entry.kind else { return Ok(()) };
    // Hashed before it is created: wrong content never reaches the disk.
    if Sha256::of(content) != *sha256 {
        return Err(Error::Content { path: shown(&entry.path) });
    }
    let failed = |error: std::io::Error| Error::write(&entry.path, error);
    let mut file = dir.create_file(&entry.path).map_err(|error| failed(error.into()))?;
    file.write_all(content).map_err(failed)?;
    finish_file(&file, mode.bits(), entry.mtime).map_err(|error| failed(error.into()))
}
