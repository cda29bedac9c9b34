//! The thread that hashes what was there, writes what comes, and hashes that.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use bit_vec::BitVec;
use metainfo::{Metainfo, Piece};

use super::hash::PieceHasher;
use super::{Layout, Payload};
use crate::strategy::{Geometry, Verdict};
use crate::{Error, Role};

/// Something to do.
#[derive(Debug)]
pub(crate) enum Job {
    /// Write a block.
    Write {
        /// First byte in the payload.
        begin: u64,
        /// The block.
        data: Vec<u8>,
    },
    /// Hash a piece of which everything was given to be written before.
    Verify {
        /// The piece.
        piece: u32,
        /// Hash its blocks, too, even if it is right.
        digests: bool,
    },
}

/// Something done.
#[derive(Debug)]
pub(crate) enum Done {
    /// What was there is hashed: these pieces are right. The first thing that is said.
    Checked(BitVec),
    /// A piece is hashed.
    Verified(u32, Verdict),
    /// The disk failed: nothing more will be done.
    Failed(Error),
}

/// The other side of the thread. Dropped, it ends the thread and waits for that.
#[derive(Debug)]
pub(crate) struct Disk {
    jobs: Option<Sender<Job>>,
    /// What is done.
    pub(crate) done: Receiver<Done>,
    backlog: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// How many bytes may wait to be written before no more should be asked for, and from where on it goes on.
const BACKLOG: std::ops::Range<usize> = (2 << 20)..(4 << 20);

impl Disk {
    /// Starts the thread. `wake` is called whenever there is something to hear.
    pub(crate) fn start(
        metainfo: &Metainfo,
        geometry: Geometry,
        layout: Arc<Layout>,
        role: Role,
        wake: impl Fn() + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, incoming) = channel();
        let (outgoing, done) = channel();
        let (backlog, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let worker = Worker {
            expected: metainfo.info().pieces().to_vec(),
            payload: Payload::new(Arc::clone(&layout), role == Role::Download),
            hasher: PieceHasher::new(geometry),
            geometry,
            layout,
            role,
            backlog: Arc::clone(&backlog),
            stop: Arc::clone(&stop),
            done: outgoing,
        };
        let run = move || {
            // Dropped in this order, also by a panic: what is done can be heard to its end, and then somebody looks.
            let wake = Wake(wake);
            let mut worker = worker;
            if let Err(error) = worker.run(&incoming, &wake.0) {
                worker.say(Done::Failed(error));
            }
        };
        let thread = std::thread::Builder::new().name("swarm-disk".into()).spawn(run)?;
        Ok(Self { jobs: Some(jobs), done, backlog, stop, thread: Some(thread) })
    }

    /// Hands over a job. After a failure it is ignored: that has been said.
    pub(crate) fn give(&self, job: Job) {
        if let Job::Write { data, .. } = &job {
            self.backlog.fetch_add(data.len(), Ordering::Relaxed);
        }
        if let Some(jobs) = &self.jobs {
            let _ = jobs.send(job);
        }
    }

    /// Whether so much waits that no more should be asked for; `held` says whether that was so before.
    pub(crate) fn is_behind(&self, held: bool) -> bool {
        self.backlog.load(Ordering::Relaxed) > if held { BACKLOG.start } else { BACKLOG.end }
    }
}

/// Wakes when dropped.
struct Wake<F: Fn()>(F);

impl<F: Fn()> Drop for Wake<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What the thread has.
struct Worker {
    expected: Vec<Piece>,
    payload: Payload,
    hasher: PieceHasher,
    geometry: Geometry,
    layout: Arc<Layout>,
    role: Role,
    backlog: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    done: Sender<Done>,
}

impl Worker {
    fn run(&mut self, jobs: &Receiver<Job>, wake: &impl Fn()) -> Result<(), Error> {
        let Some(have) = self.check()? else { return Ok(()) };
        self.say(Done::Checked(have));
        wake();
        let mut verify = Vec::new();
        while let Ok(first) = jobs.recv() {
            // Everything that waits is written before anything is hashed.
            let behind = self.backlog.load(Ordering::Relaxed) > BACKLOG.start;
            for job in std::iter::once(first).chain(jobs.try_iter()).take(256) {
                match job {
                    Job::Write { begin, data } => {
                        self.payload.write(begin, &data)?;
                        self.backlog.fetch_sub(data.len(), Ordering::Relaxed);
                    }
                    Job::Verify { piece, digests } => verify.push((piece, digests)),
                }
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(());
                }
            }
            let verified = !verify.is_empty();
            self.verify(&mut verify)?;
            if verified || behind {
                wake();
            }
        }
        Ok(())
    }

    /// Hashes what was there at the start; nothing if it was told to stop.
    fn check(&mut self) -> Result<Option<BitVec>, Error> {
        let pieces = self.geometry.pieces();
        let mut have = BitVec::from_elem(pieces as usize, false);
        for piece in 0..pieces {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(None);
            }
            match self.hasher.piece(&mut self.payload, piece) {
                Ok(digest) => have.set(piece as usize, self.expected.get(piece as usize) == Some(&digest)),
                // A seeder's file may be short: then it is not complete, which is said below.
                Err(Error::Read { source, .. }) if source.kind() == io::ErrorKind::UnexpectedEof => {}
                Err(error) => return Err(error),
            }
        }
        let bad = have.iter().filter(|right| !right).count();
        if self.role == Role::Seed && bad > 0 {
            return Err(Error::NotComplete {
                path: self.layout.place().into(),
                bad,
                pieces: pieces as usize,
            });
        }
        Ok(Some(have))
    }

    fn verify(&mut self, wanted: &mut Vec<(u32, bool)>) -> Result<(), Error> {
        for &(piece, digests) in &*wanted {
            let found = self.hasher.piece(&mut self.payload, piece)?;
            let right = self.expected.get(piece as usize) == Some(&found);
            let blocks =
                if right && !digests { Vec::new() } else { self.hasher.blocks(&mut self.payload, piece)? };
            let verdict = if right { Verdict::Right(blocks) } else { Verdict::Wrong(blocks) };
            self.say(Done::Verified(piece, verdict));
        }
        wanted.clear();
        Ok(())
    }

    /// Nobody listens any more: the peer is being stopped.
    fn say(&self, done: Done) {
        let _ = self.done.send(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use metainfo::{Builder, PieceLength};

    #[test]
    fn one_that_panics_hangs_up_and_has_that_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("payload");
        std::fs::write(&path, [7; 100_000]).unwrap();
        let torrent = Builder::new("payload", PieceLength::DEFAULT).from_file(&path, &|_| true).unwrap();
        let info = torrent.info();
        let layout = Arc::new(Layout::open(info, &path, Role::Seed).unwrap());
        let geometry = Geometry::new(info.bytes(), info.piece_length().bytes()).unwrap();
        let woken = Arc::new(AtomicUsize::new(0));
        let wake = {
            let woken = Arc::clone(&woken);
            move || assert!(woken.fetch_add(1, Ordering::SeqCst) > 0, "a defect")
        };
        let disk = Disk::start(&torrent, geometry, layout, Role::Seed, wake).unwrap();
        assert!(matches!(disk.done.recv(), Ok(Done::Checked(_))));
        assert!(disk.done.recv().is_err());
        drop(disk);
        assert_eq!(woken.load(Ordering::SeqCst), 2);
    }
}
