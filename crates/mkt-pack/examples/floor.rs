//! What no torrent maker that reads every file can be faster than, for `scripts/bench-pack`: listing a tree and reading
//! it, or reading one file, with as many readers as mkt-pack has and without hashing a byte.
//!
//! `cargo run --release -p mkt-pack --example floor -- PATH [cold]`

use std::error::Error;
use std::fs::File;
use std::io::{Write, stdout};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use payload::{WalkOptions, walk};

/// Readers, as mkt-pack has on a cold cache.
const COLD: usize = 16;
/// Bytes of one system call, and what of a large file one reader takes at a time.
const READ: usize = 1 << 20;

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("PATH is missing")?;
    let path = Path::new(&path);
    let files: Vec<(PathBuf, u64)> = match path.is_dir() {
        true => {
            let scan = walk(path, &WalkOptions::default(), &|_| true)?;
            scan.files().map(|(file, stamp)| (path.join(file), stamp.size)).collect()
        }
        false => vec![(path.into(), path.metadata()?.len())],
    };
    // Parts of at most one read each, in order, so that large files are shared out too.
    let parts: Vec<(usize, u64)> = (0..)
        .zip(&files)
        .flat_map(|(index, (_, size))| (0..*size).step_by(READ).map(move |offset| (index, offset)))
        .collect();
    let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
    let read = || -> std::io::Result<()> {
        let mut buffer = vec![0; 2 * READ + 1];
        let mut filled = 0;
        let mut open: Option<(usize, File)> = None;
        loop {
            let first = next.fetch_add(32, Ordering::Relaxed);
            let Some(batch) = parts.get(first..parts.len().min(first + 32)) else { return Ok(()) };
            for &(index, offset) in batch {
                if open.as_ref().is_none_or(|(is, _)| *is != index) {
                    let path = files.get(index).map_or(path, |(path, _)| path);
                    open = Some((index, File::open(path)?));
                }
                if let Some((_, file)) = &open {
                    // Behind what was read before, as content must lie to be hashed.
                    let into = buffer.get_mut(filled..=filled + READ).unwrap_or_default();
                    let read = file.read_at(into, offset)?.min(READ);
                    bytes.fetch_add(read as u64, Ordering::Relaxed);
                    filled = if filled + read > READ { 0 } else { filled + read };
                }
            }
        }
    };
    let cores = thread::available_parallelism()?.get();
    let readers = if std::env::args_os().nth(2).is_some_and(|word| word == "cold") { COLD } else { cores };
    thread::scope(|scope| {
        let readers: Vec<_> = (0..readers).map(|_| scope.spawn(read)).collect();
        readers.into_iter().try_for_each(|reader| reader.join().unwrap_or(Ok(())))
    })?;
    writeln!(stdout(), "{} files, {} bytes", files.len(), bytes.into_inner())?;
    Ok(())
}
