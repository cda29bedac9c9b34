//! Packing: every file is read once, hashed and compressed by as many threads as there is work for.

use std::io::{self, Seek, Write};
use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;
use tempfile::SpooledTempFile;

use super::compressors::Compressors;
use super::fill::Filler;
use super::header::{self, END};
use super::page::Page;
use super::plan::{Block, block_bytes, blocks};
use super::turns::Turns;
use crate::content::entry::Entry;
use crate::disk::pool::{cores, on_cores, pool};
use crate::{Error, Manifest, Mtimes, Progress, Scan};

/// zstd levels that are offered. Above 19 the receiver needs hundreds of megabytes.
pub const LEVELS: RangeInclusive<i32> = 1..=19;
/// What serves a fleet soonest over links of 100 Mb/s to 1 Gb/s: a higher level takes longer to pack than its smaller
/// payload saves on the way. `scripts/bench-level` measures it.
pub const DEFAULT_LEVEL: i32 = 3;
/// Readers, at least: on a cold cache they wait for the disk.
const READERS: usize = 8;
/// Bytes of a compressed tree that are kept in memory until its manifest is known, which comes first in the archive.
const MEMORY: usize = 32 << 20;

/// How an archive is written.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// One of [`LEVELS`].
    pub level: i32,
    /// Modification times.
    pub mtimes: Mtimes<'a>,
    /// Directory with room for a file as large as the archive. The file has no name, so nothing of it is ever left.
    pub spool: &'a Path,
}

/// Writes the archive of a tree: frames with the manifest, then frames with the tree, each of which a decompressor can
/// do without the others. The archive holds exactly what the manifest says, and that is the tree at one moment. Gives
/// back `out`, flushed by nobody.
///
/// # Errors
/// [`Error::Empty`] for a tree without content; [`Error::Read`]; [`Error::Changed`] for what is not as it was listed;
/// [`Error::Pack`] when `out` fails; [`Error::Aborted`], which at a high level comes late: a block takes the compressor
/// seconds. Who cannot wait calls this on a thread that it need not join.
pub fn write<W: Write>(
    scan: &Scan,
    options: &Options<'_>,
    out: W,
    progress: &Progress<'_>,
) -> Result<(Manifest, W), Error> {
    write_with(scan, options, out, cores(), progress)
}

fn write_with<W: Write>(
    scan: &Scan,
    options: &Options<'_>,
    mut out: W,
    cores: usize,
    progress: &Progress<'_>,
) -> Result<(Manifest, W), Error> {
    if scan.bytes() == 0 {
        return Err(Error::Empty { path: scan.root.clone() });
    }
    let bytes = block_bytes(options.level);
    let packer = Packer {
        compressors: Compressors::new(options.level, cores).map_err(|error| pack("tree", error))?,
        blocks: blocks(scan.found(), bytes),
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        body: Turns::new(Body {
            frames: SpooledTempFile::new_in(MEMORY, options.spool),
            entries: Vec::with_capacity(scan.entries()),
        }),
    };
    let filler = Filler::new(scan, options.mtimes, &packer.blocks, progress)?;
    let threads = cores.max(READERS).min(packer.blocks.len());
    pool(threads)?.broadcast(|_| packer.work(&filler)).into_iter().collect::<Result<(), _>>()?;
    drop(filler);
    scan.check_unchanged(progress)?;
    let Packer { compressors, body, .. } = packer;
    let Body { mut frames, entries } = body.into_inner();
    let manifest = Manifest::new(entries)?;
    let first = member(&manifest)?;
    let compress =
        || first.par_chunks(bytes).map(|part| compressors.frame(part)).collect::<io::Result<Vec<_>>>();
    let first = on_cores(compress)?.map_err(|error| pack(header::MANIFEST, error))?;
    let copied = first.iter().try_for_each(|frame| out.write_all(frame)).and_then(|()| {
        frames.rewind()?;
        io::copy(&mut frames, &mut out)
    });
    copied.map_err(|error| pack("the whole of it", error))?;
    Ok((manifest, out))
}

/// The archive's first member, header and all.
fn member(manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let json = manifest.to_bytes()?;
    let size = json.len() as u64;
    let mut member = header::of_manifest(manifest, size);
    member.extend_from_slice(&json);
    member.extend_from_slice(header::pad(size));
    Ok(member)
}

/// Where the threads meet.
struct Packer {
    compressors: Compressors,
    blocks: Vec<Block>,
    next: AtomicUsize,
    stop: AtomicBool,
    body: Turns<Body>,
}

/// What comes after the manifest.
struct Body {
    frames: SpooledTempFile,
    entries: Vec<Entry>,
}

impl Packer {
    /// Takes block after block. At the first error every thread comes to an end.
    fn work(&self, filler: &Filler<'_>) -> Result<(), Error> {
        let mut page = Page::default();
        while !self.stop.load(Ordering::Relaxed) {
            let index = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(block) = self.blocks.get(index) else { break };
            if let Err(error) = self.block(index, block, filler, &mut page) {
                self.stop.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    }

    fn block(&self, index: usize, block: &Block, filler: &Filler<'_>, page: &mut Page) -> Result<(), Error> {
        let Some(mut entries) = filler.fill(block, page, &self.stop)? else { return Ok(()) };
        if index + 1 == self.blocks.len() {
            page.push(&END);
        }
        let frame = self.compressors.frame(page.content()).map_err(|error| pack("tree", error))?;
        let written = self.body.at(index, &self.stop, |body| {
            body.entries.append(&mut entries);
            body.frames.write_all(&frame)
        });
        written.unwrap_or(Ok(())).map_err(|error| pack("tree", error))
    }
}

fn pack(path: &str, source: io::Error) -> Error {
    Error::Pack { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::WalkOptions;
    use crate::walk;

    #[test]
    fn the_bytes_do_not_depend_on_the_number_of_cores() {
        let dir = tempfile::tempdir().unwrap();
        let line =
            |file: u64, n: u64| format!("function f{}_{file}() {{ return {}; }}\n", n * file, n * n % 977);
        // Several blocks of text that compresses as source code does, and two files in parts among them.
        for file in 0..40_u64 {
            let lines = if file % 17 == 3 { 160_000 } else { 10_000 };
            let content: String = (0..lines).map(|n| line(file, n)).collect();
            std::fs::write(dir.path().join(file.to_string()), content).unwrap();
        }
        let scan = walk(dir.path(), &WalkOptions::default(), &|_| true).unwrap();
        assert!(blocks(scan.found(), block_bytes(1)).len() > 6);
        let options =
            Options { level: 1, mtimes: Mtimes { release: 1, bases: &[] }, spool: &std::env::temp_dir() };
        let pack = |cores| write_with(&scan, &options, Vec::new(), cores, &|_| true).unwrap();
        let one = pack(1);
        for cores in [2, 3, 16] {
            assert!(pack(cores) == one, "{cores} cores give other bytes");
        }
    }
}
