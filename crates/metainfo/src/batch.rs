//! Hashing consecutive pieces, several in lock-step, by many threads.

use crate::plan::Plan;
use crate::source::Source;
use crate::spans::Spans;
use crate::{Error, Piece, Progress, SourceFile};
use sha1_lanes::{Engine, Hashers};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Bytes of one piece that are read before the next one's: large enough for the kernel to read ahead, small enough that
/// sixteen of them stay in the cache until they are hashed.
const STRIPE: usize = 256 << 10;

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
    /// Runs on the threads of the rayon pool that it is called in. A batch is contiguous, so that a thread reads on where
    /// it stopped, in a file that it has open.
    pub(crate) fn run(&self, wanted: impl Fn(u64) -> bool + Sync) -> Result<Vec<(u64, Piece)>, Error> {
        let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
        let end_of = |first| {
            let left = self.spans.pieces().saturating_sub(first);
            (left > 0).then(|| first + self.plan.batch(left))
        };
        let results = rayon::broadcast(|_| {
            let mut worker = Worker::new(self);
            while !stop.load(Ordering::Relaxed) {
                let taken = next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, end_of);
                let Ok(first) = taken else { break };
                let batch = first..end_of(first).unwrap_or(first);
                let (pieces, passed): (Vec<u64>, Vec<u64>) = batch.partition(|piece| wanted(*piece));
                let passed = passed.into_iter().map(|piece| self.spans.length_of(piece)).sum();
                if let Err(error) = self.report(passed).and_then(|()| worker.hash(&pieces)) {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
            Ok(worker.hashed)
        });
        let mut hashed = Vec::new();
        for result in results {
            hashed.extend(result?);
        }
        hashed.sort_unstable_by_key(|(piece, _)| *piece);
        Ok(hashed)
    }

    fn report(&self, bytes: u64) -> Result<(), Error> {
        if (self.progress)(bytes) { Ok(()) } else { Err(Error::Aborted { name: self.name.into() }) }
    }
}

/// One thread.
struct Worker<'a> {
    job: &'a Job<'a>,
    engine: Engine,
    source: Source<'a>,
    /// One byte more than planned: see [`Source::read`].
    buffer: Vec<u8>,
    hashed: Vec<(u64, Piece)>,
}

impl<'a> Worker<'a> {
    fn new(job: &'a Job<'a>) -> Self {
        let source = Source::new(job.files, job.spans);
        Self { job, engine: Engine::best(), source, buffer: vec![0; job.plan.buffer + 1], hashed: Vec::new() }
    }

    /// Hashes some pieces of one batch.
    fn hash(&mut self, pieces: &[u64]) -> Result<(), Error> {
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

    /// How many of these pieces to hash together, the first of them given again, and how much of each at a time.
    ///
    /// No file is opened twice for them: pieces that lie in the files a thread may hold open are read in turns; others,
    /// in many small files, one after the other, as many as the buffer takes whole.
    fn group(&self, first: u64, pieces: &[u64]) -> (usize, usize) {
        let (spans, buffer) = (self.job.spans, self.job.plan.buffer);
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
    fn hash(files: &[SourceFile<'_>], piece_length: PieceLength, batch: usize, buffer: usize) -> Vec<Piece> {
        let spans = Spans::new(files, piece_length);
        let plan = Plan { threads: 1, most: 16, buffer };
        let job = Job { name: "x", files, spans: &spans, plan, progress: &|_| true };
        let mut worker = Worker::new(&job);
        let pieces: Vec<u64> = (0..spans.pieces()).collect();
        for batch in pieces.chunks(batch) {
            let before = worker.source.opened;
            worker.hash(batch).unwrap();
            let touched: std::collections::BTreeSet<_> =
                batch.iter().flat_map(|piece| spans.of_piece(*piece)).map(|span| span.file).collect();
            assert!(worker.source.opened - before <= touched.len(), "{plan:?}");
        }
        worker.hashed.into_iter().map(|(_, piece)| piece).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn neither_batches_nor_buffers_change_a_hash(
            lengths in prop::collection::vec(prop_oneof![0_usize..50, 0_usize..400_000], 1..12),
            batch in 1_usize..=16,
            buffer in prop_oneof![1024_usize..5000, 16_384_usize..300_000],
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
            prop_assert_eq!(hash(&files, PieceLength::MIN, batch, buffer), expected);
        }
    }
}
