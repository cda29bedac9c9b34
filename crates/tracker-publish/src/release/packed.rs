//! What `mkt-pack` left: its record, checked against the files it names.

use std::path::{Path, PathBuf};

use metainfo::{Content, Metainfo};
use record::{Layout, Loaded, Pack, Records, Release};

use crate::error::Error;

/// A release as packed.
#[derive(Debug)]
pub(crate) struct Packed {
    /// `pack.json`.
    pub(crate) record: Loaded<Pack>,
    /// The torrent it names.
    pub(crate) torrent: Metainfo,
}

impl Packed {
    /// Reads `pack.json`, and the torrent and manifest it names, which must be the very files it was written for.
    pub(crate) fn load(records: &Records) -> Result<Self, Error> {
        let record = records.load::<Pack>()?;
        let release = &record.record.release;
        records.check_file(&release.manifest.file, &release.manifest.sha256, &record.path)?;
        let path = records.check_file(&release.torrent.file, &release.torrent.sha256, &record.path)?;
        let torrent = Metainfo::read(&path).map_err(|source| Error::Torrent { source })?;
        belongs(&path, &torrent, release)?;
        Ok(Self { record, torrent })
    }

    /// The release it is about.
    pub(crate) fn release(&self) -> &Release {
        &self.record.record.release
    }

    /// Where the payload comes from: `given`, else the archive in the folder of records.
    pub(crate) fn payload(&self, given: Option<&Path>, records: &Records) -> Result<PathBuf, Error> {
        match (given, self.release().layout) {
            (Some(path), _) => Ok(path.to_owned()),
            (None, Layout::Archive) => Ok(self.release().payload.file.in_folder(records.folder())),
            (None, Layout::Tree) => Err(Error::PayloadUnknown),
        }
    }
}

/// Whether a torrent says what its record says of it.
fn belongs(path: &Path, torrent: &Metainfo, release: &Release) -> Result<(), Error> {
    let info = torrent.info();
    let layout = match info.content() {
        Content::File { .. } => Layout::Archive,
        Content::Tree { .. } => Layout::Tree,
    };
    let pairs = [
        ("infohash", torrent.infohash().to_string(), release.infohash.to_string()),
        ("name", info.name().to_owned(), release.payload.file.to_string()),
        ("bytes", info.bytes().to_string(), release.payload.bytes.to_string()),
        ("piece length", info.piece_length().bytes().to_string(), release.piece_length.to_string()),
        ("private flag", info.private().to_string(), release.private.to_string()),
        ("layout", format!("{layout:?}"), format!("{:?}", release.layout)),
    ];
    match pairs.into_iter().find(|(_, found, expected)| found != expected) {
        None => Ok(()),
        Some((field, found, expected)) => {
            Err(Error::ForeignTorrent { path: path.to_owned(), field, found, expected })
        }
    }
}
