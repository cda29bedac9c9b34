//! How long it takes to hash a file or a tree, and to check it again:
//! `cargo run --release -p metainfo --example hash -- PATH [PIECE_LENGTH [check]]`, for example `hash site 256KiB check`.

use metainfo::{Builder, FileEntry, PieceLength};
use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let path = arguments.next().ok_or("PATH is missing")?;
    let path = Path::new(&path);
    let length: PieceLength = match arguments.next() {
        Some(text) => text.to_str().ok_or("PIECE_LENGTH is not text")?.parse()?,
        None => PieceLength::DEFAULT,
    };
    let mut out = stdout().lock();
    let name = path.file_name().and_then(|name| name.to_str()).ok_or("PATH has no name")?;
    // So that the infohash is that of `mktorrent -d -l N PATH`.
    let builder = Builder::new(name, length);

    let start = Instant::now();
    let mut files = Vec::new();
    let tree = path.is_dir();
    if tree {
        walk(path, "", &mut files)?;
        writeln!(out, "walk  {:8.1} ms, {} files", milliseconds(start), files.len())?;
    }
    let start = Instant::now();
    let torrent =
        if tree { builder.from_tree(path, &files, &|_| true) } else { builder.from_file(path, &|_| true) }?;
    let bytes = torrent.info().bytes();
    let time = milliseconds(start);
    writeln!(
        out,
        "hash  {time:8.1} ms, {:.2} GB/s, infohash {}",
        bytes as f64 / time / 1e6,
        torrent.infohash()
    )?;
    if arguments.next().is_some_and(|argument| argument == "check") {
        let start = Instant::now();
        let whole = torrent.check(path, &|_| true)?.is_whole();
        let time = milliseconds(start);
        writeln!(out, "check {time:8.1} ms, {:.2} GB/s, {whole}", bytes as f64 / time / 1e6)?;
    }
    Ok(())
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

fn walk(dir: &Path, prefix: &str, files: &mut Vec<FileEntry>) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let path = format!("{prefix}{}", entry.file_name().to_str().ok_or("a name is not UTF-8")?);
        let kind = entry.file_type()?;
        if kind.is_dir() {
            walk(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() {
            files.push(FileEntry { path, length: entry.metadata()?.len() });
        }
    }
    Ok(())
}
