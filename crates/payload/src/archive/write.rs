//! Packing.

use super::header::{self, END};
use crate::digest::Sha256;
use crate::entry::{Entry, Kind};
use crate::error::shown;
use crate::hash::read_some;
use crate::pool::cores;
use crate::{Error, Manifest, Progress, beneath::Beneath};
use sha2::Digest;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::Path;
use zstd::stream::raw::CParameter;

/// zstd levels that are offered. Above 19 the receiver needs hundreds of megabytes.
pub const LEVELS: RangeInclusive<i32> = 1..=19;
/// What serves a fleet soonest over links of 100 Mb/s to 1 Gb/s: a higher level takes longer to pack than its smaller
/// payload saves on the way. `scripts/bench-level` measures it.
pub const DEFAULT_LEVEL: i32 = 3;
/// Bytes of tar that one zstd job compresses. Fixed, so that neither the level nor the number of cores decides it;
/// small enough that a site keeps several cores busy.
const JOB_BYTES: u32 = 8 * 1024 * 1024;

/// Writes the archive of a tree. Every file is hashed again while it is written, so that the archive holds exactly
/// what the manifest says, whatever happens to the tree meanwhile. Gives back `out`, flushed by nobody.
///
/// # Errors
/// [`Error::Read`]; [`Error::Changed`] for a file that is not as in the manifest; [`Error::Pack`] when `out` fails;
/// [`Error::Aborted`], which at a high level comes late: the compressor takes nothing while all its jobs run, and ends
/// only after them, seconds each. Who cannot wait calls this on a thread that it need not join.
pub fn write<W: Write>(
    root: &Path,
    manifest: &Manifest,
    out: W,
    level: i32,
    progress: &Progress<'_>,
) -> Result<W, Error> {
    write_with(root, manifest, out, level, cores(), progress)
}

fn write_with<W: Write>(
    root: &Path,
    manifest: &Manifest,
    out: W,
    level: i32,
    workers: usize,
    progress: &Progress<'_>,
) -> Result<W, Error> {
    let dir = Beneath::open(root)?;
    let failed = |source| Error::Pack { path: header::MANIFEST.into(), source };
    let mut out = encoder(out, level, workers).map_err(failed)?;
    members(&dir, manifest, &mut out, progress)?;
    let failed = |source| Error::Pack { path: "end of archive".into(), source };
    out.finish().map_err(failed)
}

fn members(
    dir: &Beneath,
    manifest: &Manifest,
    out: &mut impl Write,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    let failed = |source| Error::Pack { path: header::MANIFEST.into(), source };
    let json = manifest.to_bytes()?;
    let size = json.len() as u64;
    out.write_all(&header::of_manifest(manifest, size)).map_err(failed)?;
    out.write_all(&json).map_err(failed)?;
    pad(out, size).map_err(failed)?;
    drop(json);
    let mut buffer = Vec::new();
    for entry in manifest.entries() {
        let failed = |source| Error::Pack { path: shown(&entry.path), source };
        if !progress(0) {
            return Err(Error::aborted(&entry.path));
        }
        out.write_all(&header::of_entry(entry)).map_err(failed)?;
        if let Kind::File { size, sha256, .. } = &entry.kind {
            file(dir, entry, *size, sha256, out, &mut buffer, progress)?;
            pad(out, *size).map_err(failed)?;
        }
    }
    out.write_all(&END).map_err(|source| Error::Pack { path: "end of archive".into(), source })
}

fn encoder<'a, W: Write>(out: W, level: i32, workers: usize) -> io::Result<zstd::Encoder<'a, W>> {
    let mut encoder = zstd::Encoder::new(out, level)?;
    // At least one: with no worker zstd cuts its input otherwise, and the bytes differ.
    encoder.set_parameter(CParameter::NbWorkers(u32::try_from(workers).unwrap_or(1).clamp(1, 64)))?;
    encoder.set_parameter(CParameter::JobSize(JOB_BYTES))?;
    encoder.include_checksum(true)?;
    Ok(encoder)
}

fn file(
    dir: &Beneath,
    entry: &Entry,
    size: u64,
    expected: &Sha256,
    out: &mut impl Write,
    buffer: &mut Vec<u8>,
    progress: &Progress<'_>,
) -> Result<(), Error> {
    let path = &entry.path;
    let changed = || Error::Changed { path: shown(path) };
    let mut file = dir.read(path).map_err(|error| Error::read(path, error))?;
    let mut hasher = sha2::Sha256::new();
    let mut left = size;
    while left > 0 {
        let got = read_some(&mut file, buffer, left).map_err(|error| Error::read(path, error))?;
        if got.is_empty() {
            return Err(changed());
        }
        hasher.update(got);
        left -= got.len() as u64;
        out.write_all(got).map_err(|source| Error::Pack { path: shown(path), source })?;
        if !progress(got.len() as u64) {
            return Err(Error::aborted(path));
        }
    }
    let length = file.metadata().map_err(|error| Error::read(path, error))?.len();
    if length != size || Sha256::finish(hasher) != *expected {
        return Err(changed());
    }
    Ok(())
}

fn pad(out: &mut impl Write, size: u64) -> io::Result<()> {
    out.write_all(END.get(..header::padding(size)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mtimes, WalkOptions, walk};

    #[test]
    fn the_bytes_do_not_depend_on_the_number_of_cores() {
        let dir = tempfile::tempdir().unwrap();
        // Several jobs of text that compresses as source code does.
        for file in 0..60_u64 {
            let line = |n: u64| format!("function f{}_{file}() {{ return {}; }}\n", n * file, n * n % 977);
            let content: String = (0..15_000).map(line).collect();
            std::fs::write(dir.path().join(file.to_string()), content).unwrap();
        }
        let scan = walk(dir.path(), &WalkOptions::default(), &|_| true).unwrap();
        assert!(scan.bytes() > 3 * u64::from(JOB_BYTES), "{}", scan.bytes());
        let manifest = scan.manifest(Mtimes { release: 1, base: None }, &|_| true).unwrap();
        let pack = |workers| write_with(dir.path(), &manifest, Vec::new(), 3, workers, &|_| true).unwrap();
        let one = pack(1);
        for workers in [0, 2, 3, 16] {
            assert!(pack(workers) == one, "{workers} workers give other bytes");
        }
    }
}
