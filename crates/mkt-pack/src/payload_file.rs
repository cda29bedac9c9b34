//! The file or files that the torrent carries.

use crate::Error;
use crate::outputs::Outputs;
use crate::settings::{LayoutSettings, Settings};
use cli::{Abort, Progress};
use metainfo::{AnnounceUrl, Builder, FileEntry, Metainfo, PieceLength};
use payload::{Kind, Manifest, archive};
use record::Sha256;
use sha2::Digest;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tempfile::NamedTempFile;

/// How often the abort flag is looked at while the archive is written.
const GLANCE: Duration = Duration::from_millis(50);

/// A payload and its torrent, before they have a name in the folder.
#[derive(Debug)]
pub(crate) struct Packed {
    /// First 16 digits of what identifies the payload; the files of one release share it.
    pub(crate) stem: String,
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

/// Makes the payload and hashes its pieces.
pub(crate) fn make(
    settings: &Settings,
    manifest: &Arc<Manifest>,
    outputs: &Outputs,
    progress: Progress,
    abort: &Abort,
) -> Result<Packed, Error> {
    let for_tree = abort.clone();
    let on = move |bytes| {
        progress.advance(bytes);
        !for_tree.is_set()
    };
    match settings.layout {
        LayoutSettings::Archive { level } => {
            let archive = write_archive(settings, manifest, level, outputs, on, abort)?;
            let stem: String = archive.sha256.to_string().chars().take(16).collect();
            // The name is part of the infohash, and content decides it: same tree, same name, same infohash.
            let bytes =
                archive.file.as_file().metadata().map_err(|source| outputs.write_error(source))?.len();
            let torrent = builder(settings, &format!("{stem}.tar.zst"), bytes)
                .from_file(archive.file.path(), &|_| !abort.is_set())
                .map_err(Error::Torrent)?;
            Ok(Packed { stem, torrent, archive: Some(archive) })
        }
        LayoutSettings::Tree => {
            let stem: String = manifest.digest().to_string().chars().take(16).collect();
            let files = manifest.entries().iter().filter(|entry| matches!(entry.kind, Kind::File { .. }));
            let files =
                files.map(|entry| FileEntry { path: entry.path.clone(), length: entry.size() }).collect();
            let torrent = builder(settings, &stem, manifest.bytes())
                .from_tree(&settings.site, files, &on)
                .map_err(Error::Torrent)?;
            Ok(Packed { stem, torrent, archive: None })
        }
    }
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
    settings: &Settings,
    manifest: &Arc<Manifest>,
    level: i32,
    outputs: &Outputs,
    progress: impl Fn(u64) -> bool + Send + Sync + 'static,
    abort: &Abort,
) -> Result<Archive, Error> {
    let failed = |source| outputs.write_error(source);
    let file = outputs.temporary()?;
    let out = BufWriter::new(file.as_file().try_clone().map_err(failed)?);
    let out = Digesting { out, hasher: sha2::Sha256::new() };
    let (site, manifest) = (settings.site.clone(), Arc::clone(manifest));
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        // Nobody listens any more after an abort.
        let _ = sender.send(archive::write(&site, &manifest, out, level, &progress));
    };
    thread::Builder::new().name("archive".into()).spawn(work).map_err(failed)?;
    let written = loop {
        match receiver.recv_timeout(GLANCE) {
            Ok(written) => break written,
            Err(RecvTimeoutError::Timeout) if abort.is_set() => {
                return Err(Error::Terminated { site: settings.site.clone() });
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Err(failed(io::Error::other("the thread that writes it died")));
            }
        }
    };
    let Digesting { out, hasher } = written.map_err(|error| match error {
        payload::Error::Pack { source, .. } => failed(source),
        other => Error::Tree(other),
    })?;
    out.into_inner().map_err(|error| failed(error.into_error()))?;
    Ok(Archive { file, sha256: Sha256::from_bytes(hasher.finalize().into()) })
}

/// Hashes what is written through it.
struct Digesting<W> {
    out: W,
    hasher: sha2::Sha256,
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.out.write(buffer)?;
        self.hasher.update(buffer.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
