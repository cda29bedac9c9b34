//! The file or files that the torrent carries.

use std::io::{self, BufWriter};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use cli::{Abort, Console, Progress};
use metainfo::{AnnounceUrl, Builder, Metainfo, PieceLength, SourceFile, Stamp};
use payload::{Manifest, Mtimes, Scan, archive};
use record::Sha256;
use tempfile::NamedTempFile;

use crate::Error;
use crate::output::digesting::Digesting;
use crate::output::outputs::Outputs;
use crate::output::written_manifest::WrittenManifest;
use crate::settings::{LayoutSettings, Settings};

/// How often the abort flag is looked at while the archive is written.
const GLANCE: Duration = Duration::from_millis(50);

/// A payload and its torrent, before they have a name in the folder.
#[derive(Debug)]
pub(crate) struct Packed {
    /// First 16 digits of what identifies the payload; the files of one release share it.
    pub(crate) stem: String,
    /// All that is in the payload.
    pub(crate) manifest: WrittenManifest,
    /// The torrent.
    pub(crate) torrent: Metainfo,
    /// The archive, in the archive layout.
    pub(crate) archive: Option<Archive>,
}

/// An archive under a temporary name.
#[derive(Debug)]
pub(crate) struct Archive {
    pub(crate) file: NamedTempFile,
    pub(crate) sha256: Sha256,
}

/// What the modification times come from.
#[derive(Debug)]
pub(crate) struct Times {
    /// Seconds since 1970.
    pub(crate) release: u64,
    pub(crate) bases: Vec<Manifest>,
}

impl Times {
    fn mtimes(&self) -> Mtimes<'_> {
        Mtimes { release: self.release, bases: &self.bases }
    }
}

/// Makes the payload and hashes its pieces.
pub(crate) fn make(
    settings: &Settings,
    scan: &Arc<Scan>,
    times: Times,
    outputs: &Outputs,
    console: &Console,
    abort: &Abort,
) -> Result<Packed, Error> {
    match settings.layout {
        LayoutSettings::Archive { level } => {
            let progress = console.progress("packing", scan.bytes());
            let (manifest, archive) = write_archive(scan, times, level, outputs, progress, abort)?;
            let manifest = WrittenManifest::write(manifest, outputs)?;
            let stem: String = archive.sha256.to_string().chars().take(16).collect();
            // The name is part of the infohash, and content decides it: same tree, same name, same infohash.
            let bytes =
                archive.file.as_file().metadata().map_err(|source| outputs.write_error(source))?.len();
            let torrent = builder(settings, &format!("{stem}.tar.zst"), bytes)
                .from_file(archive.file.path(), &|_| !abort.is_set())
                .map_err(Error::Torrent)?;
            Ok(Packed { stem, manifest, torrent, archive: Some(archive) })
        }
        LayoutSettings::Tree => {
            let manifest = {
                let progress = console.progress("hashing", scan.bytes());
                let manifest = scan.manifest(times.mtimes(), &advancing(progress, abort));
                WrittenManifest::write(manifest.map_err(Error::Tree)?, outputs)?
            };
            let stem: String = manifest.digest.to_string().chars().take(16).collect();
            let progress = console.progress("hashing pieces", scan.bytes());
            let torrent = builder(settings, &stem, manifest.bytes)
                .from_sources(sources(&settings.site, &listing(scan)), &advancing(progress, abort))
                .map_err(Error::Torrent)?;
            // The pieces come from a second reading, and what came or changed since the first is not in both.
            scan.check_unchanged(&|_| !abort.is_set()).map_err(Error::Tree)?;
            Ok(Packed { stem, manifest, torrent, archive: None })
        }
    }
}

/// Tells the progress, and asks whether to go on.
fn advancing(progress: Progress, abort: &Abort) -> impl Fn(u64) -> bool + Send + Sync + 'static {
    let abort = abort.clone();
    move |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    }
}

/// The files of a tree, with what they were when they were listed.
pub(crate) fn listing(scan: &Scan) -> Vec<(&str, u64, Stamp)> {
    let stamp = |stamp: payload::Stamp| Stamp {
        inode: stamp.inode,
        modified: stamp.modified,
        changed: stamp.changed,
    };
    scan.files().map(|(path, was)| (path, was.size, stamp(was))).collect()
}

/// The same for a torrent of them.
pub(crate) fn sources<'a>(
    root: &'a Path,
    listing: &'a [(&'a str, u64, Stamp)],
) -> impl Iterator<Item = SourceFile<'a>> {
    listing.iter().map(move |(path, length, stamp)| SourceFile {
        root,
        path,
        length: *length,
        stamp: Some(stamp),
    })
}

fn builder(settings: &Settings, name: &str, bytes: u64) -> Builder {
    let torrent = &settings.torrent;
    let builder =
        torrent.builder(name, torrent.piece_length.unwrap_or_else(|| PieceLength::chosen_for(bytes)));
    match torrent.announce.is_empty() {
        // rtorrent refuses a torrent without any announce, so there is always one.
        true => builder.announce(Some(AnnounceUrl::no_tracker())),
        false => builder,
    }
}

/// Writes the archive on a thread that is left behind by an abort: at the highest levels the compressor comes to an
/// end only seconds later, and SIGTERM must be answered before.
fn write_archive(
    scan: &Arc<Scan>,
    times: Times,
    level: i32,
    outputs: &Outputs,
    progress: Progress,
    abort: &Abort,
) -> Result<(Manifest, Archive), Error> {
    let failed = |source| outputs.write_error(source);
    let file = outputs.temporary()?;
    let out = BufWriter::new(file.as_file().try_clone().map_err(failed)?);
    let out = Digesting::new(out);
    let (scan, spool) = (Arc::clone(scan), outputs.folder().to_owned());
    let on = advancing(progress, abort);
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        let options = archive::Options { level, mtimes: times.mtimes(), spool: &spool };
        // Nobody listens any more after an abort.
        let _ = sender.send(archive::write(&scan, &options, out, &on));
    };
    thread::Builder::new().name("archive".into()).spawn(work).map_err(failed)?;
    let written = loop {
        match receiver.recv_timeout(GLANCE) {
            Ok(written) => break written,
            Err(RecvTimeoutError::Timeout) if abort.is_set() => {
                return Err(Error::Tree(payload::Error::Aborted { path: "archive".into() }));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed(io::Error::other("the thread that writes it died")));
            }
        }
    };
    let (manifest, out) = written.map_err(|error| match error {
        payload::Error::Pack { source, .. } => failed(source),
        other => Error::Tree(other),
    })?;
    let (out, sha256) = out.into_parts();
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok((manifest, Archive { file, sha256 }))
}
