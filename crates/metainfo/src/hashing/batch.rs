//! Hashing consecutive pieces, several in lock-step, by many threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crew::Member;
use sha1_lanes::{Engine, Hashers};

use crate::hashing::gather::{Filled, Gather, Turn};
use crate::hashing::plan::{Plan, Way};
use crate::hashing::source::{Root, Source};
use crate::hashing::spans::Spans;
use crate::{Error, Piece, Progress, SourceFile};

/// Bytes of one piece that are read before the next one's: large enough for the kernel to read ahead, small enough that
/// sixteen of them stay in the cache until they are hashed.
const STRIPE: usize = 256 << 10;

/// Pieces by their index.
type Hashed = Vec<(u64, Piece)>;

/// What is hashed, for all threads.
pub(crate) struct Job<'a> {
    pub(crate) name: &'a str,
    pub(crate) files: &'a [SourceFile<'a>],
    pub(crate) spans: &'a Spans,
    pub(crate) plan: Plan,
    pub(crate) progress: &'a Progress<'a>,
}

impl Job<'_> {
    /// Hashes the pieces that are wanted and answers with their indexes, in order. Unwanted ones count as progress too.
    ///
    /// A batch is contiguous, so that a thread reads on where
    /// it stopped, in a file that it has open.
    pub(crate) fn run(&self, wanted: impl Fn(u64) -> bool + Sync) -> Result<Hashed, Error> {
        let team = Team {
            job: self,
            wanted,
            gather: self.gather(),
            root: Root::of(self.files),
            next: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        };
        let mut hashed = Vec::new();
        for result in crew::work(self.plan.size(), |member| team.work(member)) {
            hashed.extend(result?);
        }
        hashed.sort_unstable_by_key(|(piece, _)| *piece);
        Ok(hashed)
    }

    /// Where threads meet that read whole pieces.
    fn gather(&self) -> Option<Gather> {
        let Way::Whole { buffers } = self.plan.way else { return None };
        let length = usize::try_from(self.spans.length_of(0)).unwrap_or_default();
        Some(Gather::new(Engine::best().lanes(), length + 1, buffers))
    }

    fn report(&self, bytes: u64) -> Result<(), Error> {
        if (self.progress)(bytes) { Ok(()) } else { Err(Error::Aborted { name: self.name.into() }) }
    }
}

/// All threads. At the first error each comes to an end.
struct Team<'a, W> {
    job: &'a Job<'a>,
    wanted: W,
    gather: Option<Gather>,
    root: Option<Root<'a>>,
    next: AtomicU64,
    stop: AtomicBool,
}

impl<W: Fn(u64) -> bool + Sync> Team<'_, W> {
    fn work(&self, member: &mut Member<'_>) -> Result<Hashed, Error> {
        let result = self.batches(member);
        if result.is_err() {
            self.stop.store(true, Ordering::Relaxed);
        }
        result
    }

    /// Takes batch after batch.
    fn batches(&self, member: &mut Member<'_>) -> Result<Hashed, Error> {
        let job = self.job;
        let end_of = |first| {
            let left = job.spans.pieces().saturating_sub(first);
            (left > 0).then(|| first + job.plan.batch(left))
        };
        let mut worker = Worker::new(job, self.gather.as_ref(), self.root.as_ref());
        while !self.stop.load(Ordering::Relaxed) {
            let taken = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end_of);
            let Ok(first) = taken else { break };
            let batch = first..end_of(first).unwrap_or(first);
            let (pieces, passed): (Vec<u64>, Vec<u64>) = batch.partition(|piece| (self.wanted)(*piece));
            let passed = passed.into_iter().map(|piece| job.spans.length_of(piece)).sum();
            job.report(passed)?;
            worker.hash(&pieces)?;
            member.pause();
        }
        worker.finish();
        Ok(worker.hashed)
    }
}

/// One thread.
struct Worker<'a> {
    job: &'a Job<'a>,
    gather: Option<&'a Gather>,
    engine: Engine,
    source: Source<'a>,
    /// One byte more than planned: see [`Source::read`].
    buffer: Vec<u8>,
    hashed: Vec<(u64, Piece)>,
}

impl<'a> Worker<'a> {
    fn new(job: &'a Job<'a>, gather: Option<&'a Gather>, root: Option<&'a Root<'a>>) -> Self {
        let source = Source::new(job.files, job.spans, root);
        let buffer = match job.plan.way {
            Way::Whole { .. } => Vec::new(),
            Way::InTurns { buffer } => vec![0; buffer + 1],
        };
        Self { job, gather, engine: Engine::best(), source, buffer, hashed: Vec::new() }
    }

    /// Hashes some pieces of one batch.
    fn hash(&mut self, pieces: &[u64]) -> Result<(), Error> {
        if let Some(gather) = self.gather {
            return pieces.iter().try_for_each(|piece| self.whole(gather, *piece));
        }
        let spans = self.job.spans;
        // Only the last piece of all may be shorter than the others, and is hashed alone.
        for alike in pieces.chunk_by(|one, other| spans.length_of(*one) == spans.length_of(*other)) {
            let mut rest = alike;
            while let Some(&first) = rest.first() {
                let (count, stripe) = self.group(first, rest);
                let (group, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
                self.lockstep(group, stripe)?;
                rest = after;
            }
        }
        Ok(())
    }

    /// Reads a piece for whoever fills the lanes.
    fn whole(&mut self, gather: &Gather, piece: u64) -> Result<(), Error> {
        let mut buffer = loop {
            match gather.turn() {
                Turn::Read(buffer) => break buffer,
                Turn::Hash(filled) => self.all(gather, filled),
                // Some thread reads or hashes, and then gives its buffers back or leaves them filled.
                Turn::Wait => std::thread::yield_now(),
            }
        };
        let (spans, whole) = (self.job.spans, buffer.len());
        let length = spans.length_of(piece);
        // The last piece is shorter; what is behind it in the buffer is another piece's.
        let end = usize::try_from(length).unwrap_or(whole).saturating_add(1).min(whole);
        let read = self.source.read(spans.start_of(piece), buffer.get_mut(..end).unwrap_or_default());
        let read = read.and_then(|()| self.job.report(length));
        if read.is_err() {
            gather.give_back(std::iter::once(buffer));
            return read;
        }
        if let Some(filled) = gather.add((piece, buffer)) {
            self.all(gather, filled);
        }
        Ok(())
    }

    /// Hashes pieces, whoever has read them.
    fn all(&mut self, gather: &Gather, filled: Vec<Filled>) {
        let spans = self.job.spans;
        let content =
            |(piece, buffer): &'_ Filled| usize::try_from(spans.length_of(*piece)).unwrap_or(buffer.len());
        let mut hashers = Hashers::new(self.engine, filled.len());
        hashers.update(|lane| filled.get(lane).and_then(|one| one.1.get(..content(one))).unwrap_or_default());
        self.hashed.extend(filled.iter().map(|(piece, _)| *piece).zip(hashers.finalize()));
        gather.give_back(filled.into_iter().map(|(_, buffer)| buffer));
    }

    /// Hashes what is left once this thread reads no more.
    fn finish(&mut self) {
        if let Some(gather) = self.gather {
            self.all(gather, gather.rest());
        }
    }

    /// How many of these pieces to hash together, the first of them given again, and how much of each at a time.
    ///
    /// No file is opened twice for them: pieces that lie in the files a thread may hold open are read in turns; others,
    /// in many small files, one after the other, as many as the buffer takes whole.
    fn group(&self, first: u64, pieces: &[u64]) -> (usize, usize) {
        let (spans, buffer) = (self.job.spans, self.buffer.len().saturating_sub(1));
        let (start, length) = (spans.start_of(first), spans.length_of(first));
        let files =
            |last| spans.of_range(start, spans.start_of(last) + length - start).take(Source::OPEN + 1);
        let near = pieces.iter().take_while(|last| files(**last).count() <= Source::OPEN).count();
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let room = (buffer / length).clamp(1, pieces.len());
        if near < room && room > 1 {
            return (room, length);
        }
        let count = near.max(1);
        (count, (buffer / count).min(STRIPE).min(length))
    }

    /// Hashes equally long pieces, a stripe of each at a time.
    fn lockstep(&mut self, pieces: &[u64], stripe: usize) -> Result<(), Error> {
        let spans = self.job.spans;
        let length = pieces.first().map_or(0, |piece| spans.length_of(*piece));
        let mut hashers = Hashers::new(self.engine, pieces.len());
        let mut done = 0;
        while done < length {
            let part = usize::try_from(length - done).unwrap_or(stripe).min(stripe);
            for (lane, piece) in pieces.iter().enumerate() {
                // The byte more is the first of the next lane, which is read after this one.
                let into = self.buffer.get_mut(lane * part..=(lane + 1) * part).unwrap_or_default();
                self.source.read(spans.start_of(*piece) + done, into)?;
            }
            let buffer = &self.buffer;
            hashers.update(|lane| buffer.get(lane * part..(lane + 1) * part).unwrap_or_default());
            done += part as u64;
            self.job.report((part * pieces.len()) as u64)?;
        }
        self.hashed.extend(pieces.iter().copied().zip(hashers.finalize()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PieceLength;
    use proptest::prelude::*;
    use sha1::{Digest, Sha1};

    /// What one thread makes of the files with this plan; no file may be opened twice for one batch.
    fn hash(files: &[SourceFile<'_>], piece_length: PieceLength, batch: usize, way: Way) -> Vec<Piece> {
        let spans = Spans::new(files, piece_length);
        let plan = Plan { start: 1, threads: 1, most: 16, way };
        let job = Job { name: "x", files, spans: &spans, plan, progress: &|_| true };
        let gather = job.gather();
        let root = Root::of(files);
        let mut worker = Worker::new(&job, gather.as_ref(), root.as_ref());
        let pieces: Vec<u64> = (0..spans.pieces()).collect();
        for batch in pieces.chunks(batch) {
            let before = worker.source.opened;
            worker.hash(batch).unwrap();
            let touched: std::collections::BTreeSet<_> =
                batch.iter().flat_map(|piece| spans.of_piece(*piece)).map(|span| span.file).collect();
            assert!(worker.source.opened - before <= touched.len(), "{plan:?}");
        }
        worker.finish();
        worker.hashed.sort_unstable_by_key(|(piece, _)| *piece);
        worker.hashed.into_iter().map(|(_, piece)| piece).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn neither_batches_nor_buffers_change_a_hash(
            lengths in prop::collection::vec(prop_oneof![0_usize..50, 0_usize..400_000], 1..12),
            batch in 1_usize..=16,
            way in prop_oneof![
                prop_oneof![1024_usize..5000, 16_384_usize..300_000].prop_map(|buffer| Way::InTurns { buffer }),
                (1_usize..40).prop_map(|buffers| Way::Whole { buffers }),
            ],
        ) {
            let dir = tempfile::tempdir().unwrap();
            let (mut written, mut content) = (Vec::new(), Vec::new());
            for (index, length) in lengths.into_iter().enumerate() {
                let bytes: Vec<u8> = (0..length).map(|at| ((at * (index + 3)) >> 4) as u8).collect();
                let path = index.to_string();
                std::fs::write(dir.path().join(&path), &bytes).unwrap();
                written.push((path, length as u64));
                content.extend(bytes);
            }
            let files: Vec<_> = written
                .iter()
                .map(|(path, length)| SourceFile { root: dir.path(), path, length: *length, stamp: None })
                .collect();
            let expected: Vec<Piece> = content.chunks(16_384).map(|piece| Sha1::digest(piece).into()).collect();
            prop_assert_eq!(hash(&files, PieceLength::MIN, batch, way), expected);
        }
    }
}
