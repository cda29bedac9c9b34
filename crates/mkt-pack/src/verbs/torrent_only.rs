//! A `.torrent` of a file or of plain files and nothing else, as mktorrent makes it: the same info dict, byte for byte.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use cli::{Abort, Console, human};
use metainfo::{AnnounceUrl, Content, FileEntry, Metainfo, PieceLength};
use payload::{Scan, WalkOptions, walk};

use crate::Error;
use crate::error::refusals;
use crate::output::payload_file;
use crate::settings::{NewFile, TorrentSettings};
use crate::site::awkward;
use crate::site::compat_walk;
use crate::site::place;
use crate::verbs::show;

/// Bytes a piece when none are given: mktorrent's, so that the infohash is its.
const PIECE: u64 = 1 << 18;

/// What was asked for.
#[derive(Debug)]
pub(crate) struct Settings {
    /// A file or a directory.
    pub(crate) target: PathBuf,
    pub(crate) output: Option<PathBuf>,
    pub(crate) force: bool,
    pub(crate) name: Option<String>,
    pub(crate) cross_seed: bool,
    /// Whether the clock is read.
    pub(crate) date: bool,
    /// Links are followed, and nothing is refused.
    pub(crate) compat: bool,
    pub(crate) walk: WalkOptions,
    pub(crate) torrent: TorrentSettings,
}

/// Makes the torrent.
pub(crate) fn make(settings: &Settings, console: &Console, abort: &Abort) -> Result<(), Error> {
    let started = Instant::now();
    let target = &settings.target;
    let name = name(settings)?;
    let path = settings.output.clone().unwrap_or_else(|| format!("{name}.torrent").into());
    let out = NewFile { path, force: settings.force };
    out.check()?;
    let metadata = fs::metadata(target)
        .map_err(|source| Error::Tree(payload::Error::Root { path: target.clone(), source }))?;
    let piece_length = match settings.torrent.piece_length {
        Some(length) => length,
        None => PieceLength::new(PIECE).map_err(Error::Torrent)?,
    };
    let mut builder = settings.torrent.builder(&name, piece_length).creation_date(settings.date.then(now));
    if settings.torrent.announce.is_empty() && !settings.compat {
        // rtorrent refuses a torrent without any announce, so there is always one.
        builder = builder.announce(Some(AnnounceUrl::no_tracker()));
    }
    if settings.cross_seed {
        builder = builder.cross_seed(Some(mark()?));
    }
    let stopped = || Error::Stopped { path: target.clone() };
    let torrent_error = |error: metainfo::Error| match error.is_aborted() {
        true => stopped(),
        false => Error::Torrent(error),
    };
    let torrent = if metadata.is_dir() {
        if !settings.compat {
            place::check_file(target, &settings.walk, &out.path)?;
        }
        let listed = list(settings, console, abort)?;
        let progress = console.progress("hashing", listed.bytes());
        let on = |bytes| {
            progress.advance(bytes);
            !abort.is_set()
        };
        let made = match listed {
            Listed::Followed(files) => builder.from_tree(target, &files, &on).map_err(torrent_error),
            Listed::Strictly(scan) => {
                let listing = payload_file::listing(&scan);
                let made = thread::scope(|scope| {
                    // Which takes a moment that hashing need not wait for.
                    let warn = || awkward::warn(scan.files().map(|(path, _)| path), console);
                    if thread::Builder::new().spawn_scoped(scope, warn).is_err() {
                        warn();
                    }
                    builder.from_sources(payload_file::sources(target, &listing), &on)
                });
                let torrent = made.map_err(torrent_error)?;
                let unchanged = scan.check_names_unchanged(&|_| !abort.is_set());
                unchanged.map_err(|error| if error.is_aborted() { stopped() } else { Error::Tree(error) })?;
                Ok(torrent)
            }
        };
        made?
    } else if metadata.is_file() {
        let progress = console.progress("hashing", metadata.len());
        let on = |bytes| {
            progress.advance(bytes);
            !abort.is_set()
        };
        builder.from_file(target, &on).map_err(torrent_error)?
    } else {
        let path = target.display().to_string();
        return Err(Error::Tree(payload::Error::Special { path, kind: "device, FIFO or socket" }));
    };
    if abort.is_set() {
        return Err(stopped());
    }
    out.write(&torrent.to_bytes())?;
    say(&torrent, &out.path, started, console);
    Ok(())
}

/// The files of a tree.
enum Listed {
    /// As mktorrent lists them.
    Followed(Vec<FileEntry>),
    /// What they must still be in the end.
    Strictly(Box<Scan>),
}

impl Listed {
    fn bytes(&self) -> u64 {
        match self {
            Self::Followed(files) => files.iter().map(|file| file.length).sum(),
            Self::Strictly(scan) => scan.bytes(),
        }
    }
}

fn list(settings: &Settings, console: &Console, abort: &Abort) -> Result<Listed, Error> {
    let go_on = |_| !abort.is_set();
    if settings.compat {
        let exclude = &settings.walk.exclude;
        return compat_walk::walk(&settings.target, exclude, console, abort).map(Listed::Followed);
    }
    let walked = walk(&settings.target, &settings.walk, &go_on);
    let scan = walked.inspect_err(|error| refusals::tell(error, console)).map_err(|error| {
        match error.is_aborted() {
            true => Error::Stopped { path: settings.target.clone() },
            false => Error::Tree(error),
        }
    })?;
    let (links, empty) = (scan.links(), scan.empty_dirs());
    if links + empty > 0 {
        console.warn(format!(
            "{} and {} are not in the torrent, which holds files only",
            human::count(links, "link", "links"),
            human::count(empty, "empty directory", "empty directories")
        ));
        console.hint("with --records they are in a manifest beside it; --mktorrent-compat follows links");
    }
    for path in scan.excluded() {
        log::info!("left out: {path}");
    }
    Ok(Listed::Strictly(Box::new(scan)))
}

/// The name that was given, else that of the file or directory; `.` is asked for its own.
fn name(settings: &Settings) -> Result<String, Error> {
    if let Some(name) = &settings.name {
        return Ok(name.clone());
    }
    let target = &settings.target;
    let own = || target.canonicalize().ok().and_then(|path| path.file_name().map(ToOwned::to_owned));
    let ends_in_name = target.file_name().is_some() && !target.ends_with(".");
    let name = if ends_in_name { target.file_name().map(ToOwned::to_owned) } else { own() };
    let text = name.and_then(|name| name.into_string().ok());
    text.ok_or_else(|| Error::NoName { path: target.clone() })
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs())
}

/// 128 random bits.
fn mark() -> Result<String, Error> {
    const RANDOM: &str = "/dev/urandom";
    let mut bits = [0; 16];
    let read = fs::File::open(RANDOM).and_then(|mut file| file.read_exact(&mut bits));
    read.map_err(|source| Error::Torrent(metainfo::Error::Read { path: RANDOM.into(), source }))?;
    Ok(format!("{:032x}", u128::from_be_bytes(bits)))
}

fn say(torrent: &Metainfo, path: &Path, started: Instant, console: &Console) {
    let info = torrent.info();
    let files = match info.content() {
        Content::File { .. } => 1,
        Content::Tree { files } => files.len(),
    };
    console.say(format!(
        "{}: {}, {}, {} of {} ({}), infohash {}",
        info.name(),
        human::count(files, "file", "files"),
        human::bytes(info.bytes()),
        human::count(info.pieces().len(), "piece", "pieces"),
        info.piece_length(),
        show::reason(info.piece_length(), info.bytes()),
        torrent.infohash()
    ));
    console.say(format!("wrote {} in {}", path.display(), human::seconds(started.elapsed())));
}
