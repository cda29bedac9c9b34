//! `check`: whether what is on disk is what a torrent says.

use std::path::{Path, PathBuf};

use clap::Args;
use cli::{Abort, Console, human};
use metainfo::{Content, Damage, Metainfo, Report};
use serde::Serialize;

use crate::Error;
use crate::verbs::show::{answer, document};

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The .torrent
    #[arg(value_name = "FILE.torrent")]
    pub(crate) torrent: PathBuf,

    /// The file, or the directory that holds the files [default: by its name, beside the .torrent]
    pub(crate) path: Option<PathBuf>,

    /// One JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The document of `--json`.
#[derive(Serialize)]
struct Checked<'a> {
    infohash: String,
    whole: bool,
    pieces: u64,
    bad_pieces: &'a [u64],
    damaged: Vec<DamagedFile<'a>>,
}

#[derive(Serialize)]
struct DamagedFile<'a> {
    path: &'a str,
    /// `missing`, `not_a_file`, `size`, `content` or `unproved`.
    damage: &'static str,
    /// For people.
    text: String,
}

/// Checks content piece by piece. Damage is named file by file; what cannot be read is never called damaged.
pub(crate) fn check(args: &CheckArgs, console: &Console, abort: &Abort) -> Result<(), Error> {
    let torrent = Metainfo::read(&args.torrent).map_err(Error::TorrentFile)?;
    let info = torrent.info();
    let path = location(args, &torrent);
    let progress = console.progress("checking", info.bytes());
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    let report = torrent.check(&path, &on).map_err(|source| match source.is_aborted() {
        true => Error::Stopped { path: path.clone() },
        false => Error::CannotVerify { path: path.clone(), source },
    })?;
    drop(progress);
    let pieces = info.pieces().len() as u64;
    if args.json {
        document(&checked(&torrent, &report), console)?;
    } else {
        for file in &report.damaged {
            answer(&cli::sanitize(&format!("{}: {}", file.path, text(file.damage))), console)?;
        }
    }
    if report.is_whole() {
        let pieces = human::count(pieces, "piece", "pieces");
        console.say(format!("{}: whole, {pieces}, {}", path.display(), human::bytes(info.bytes())));
        return Ok(());
    }
    let (bad_pieces, files) = (report.bad_pieces.len() as u64, report.damaged.len() as u64);
    Err(Error::Damaged { path, bad_pieces, pieces, files })
}

/// What is checked: a torrent of one file may be given the directory that holds it, as a client is.
fn location(args: &CheckArgs, torrent: &Metainfo) -> PathBuf {
    let name = torrent.info().name();
    match &args.path {
        None => args.torrent.parent().unwrap_or(Path::new("")).join(name),
        Some(path) if matches!(torrent.info().content(), Content::File { .. }) && path.is_dir() => {
            path.join(name)
        }
        Some(path) => path.clone(),
    }
}

fn checked<'a>(torrent: &Metainfo, report: &'a Report) -> Checked<'a> {
    let damaged = report.damaged.iter().map(|file| {
        let damage = match file.damage {
            Damage::Missing => "missing",
            Damage::NotAFile => "not_a_file",
            Damage::Size { .. } => "size",
            Damage::Content { .. } => "content",
            Damage::Unproved => "unproved",
        };
        DamagedFile { path: &file.path, damage, text: text(file.damage) }
    });
    Checked {
        infohash: torrent.infohash().to_string(),
        whole: report.is_whole(),
        pieces: torrent.info().pieces().len() as u64,
        bad_pieces: &report.bad_pieces,
        damaged: damaged.collect(),
    }
}

fn text(damage: Damage) -> String {
    match damage {
        Damage::Missing => "missing".into(),
        Damage::NotAFile => "not a file".into(),
        Damage::Size { expected, found } => format!("{found} bytes where {expected} belong"),
        Damage::Content { bad_pieces } => human::count(bad_pieces, "bad piece", "bad pieces"),
        Damage::Unproved => "may be whole, but shares a piece with a file that is not".into(),
    }
}
