//! The file or files that the torrent carries.

use crate::Error;
use crate::outputs::Outputs;
use crate::settings::{LayoutSettings, Settings};
use cli::{Abort, Progress};
use metainfo::{AnnounceUrl, Builder, FileEntry, Metainfo};
use payload::{Kind, Manifest, archive};
use record::Sha256;
use sha2::Digest;
use std::io::{self, BufWriter, Write};
use tempfile::NamedTempFile;

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
    manifest: &Manifest,
    outputs: &Outputs,
    progress: &Progress,
    abort: &Abort,
) -> Result<Packed, Error> {
    let on = |bytes| {
        progress.advance(bytes);
        !abort.is_set()
    };
    match settings.layout {
        LayoutSettings::Archive { level } => {
            let archive = write_archive(settings, manifest, level, outputs, &on)?;
            let stem: String = archive.sha256.to_string().chars().take(16).collect();
            // The name is part of the infohash, and content decides it: same tree, same name, same infohash.
            let torrent = builder(settings, format!("{stem}.tar.zst"))
                .from_file(archive.file.path(), &|_| !abort.is_set())
                .map_err(Error::Torrent)?;
            Ok(Packed { stem, torrent, archive: Some(archive) })
        }
        LayoutSettings::Tree => {
            let stem: String = manifest.digest().to_string().chars().take(16).collect();
            let files = manifest.entries().iter().filter(|entry| matches!(entry.kind, Kind::File { .. }));
            let files =
                files.map(|entry| FileEntry { path: entry.path.clone(), length: entry.size() }).collect();
            let torrent = builder(settings, stem.clone())
                .from_tree(&settings.site, files, &on)
                .map_err(Error::Torrent)?;
            Ok(Packed { stem, torrent, archive: None })
        }
    }
}

fn builder(settings: &Settings, name: String) -> Builder {
    // rtorrent refuses a torrent without any announce, so there is always one.
    let announce = settings.announce.clone().unwrap_or_else(AnnounceUrl::no_tracker);
    Builder::new(name, settings.piece_length)
        .private(settings.private)
        .source(settings.source.clone())
        .announce(Some(announce))
        .created_by(concat!("mkt-pack ", env!("CARGO_PKG_VERSION")))
}

fn write_archive(
    settings: &Settings,
    manifest: &Manifest,
    level: i32,
    outputs: &Outputs,
    progress: &payload::Progress<'_>,
) -> Result<Archive, Error> {
    let file = outputs.temporary()?;
    let digesting = Digesting { out: BufWriter::new(file), hasher: sha2::Sha256::new() };
    let digesting =
        archive::write(&settings.site, manifest, digesting, level, progress).map_err(Error::Tree)?;
    let Digesting { out, hasher } = digesting;
    let file = out.into_inner().map_err(|error| outputs.write_error(error.into_error()))?;
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
