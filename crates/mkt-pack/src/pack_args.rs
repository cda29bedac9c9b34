//! The command line of the default verb: pack.

use crate::Error;
use crate::settings::{LayoutSettings, RecordCopy, Settings};
use clap::{Args, ValueEnum};
use metainfo::{AnnounceUrl, PieceLength};
use payload::WalkOptions;
use payload::archive::{DEFAULT_LEVEL, LEVELS};
use record::ReleaseId;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// The built site: the directory that becomes the release
    #[arg(required = true)]
    site: Option<PathBuf>,

    /// Folder for the payload, the .torrent, the manifest and pack.json; made when missing
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,

    /// Write the record here, too; `-` is standard output
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Name of the release [default: BUILD_NUMBER-COMMIT under Jenkins, else 12 digits of the tree digest]
    #[arg(long, value_name = "ID")]
    release_id: Option<ReleaseId>,

    /// One .tar.zst with the manifest inside, or the plain files with the manifest beside the torrent
    #[arg(long, value_enum, default_value_t = LayoutName::Archive, value_name = "LAYOUT")]
    layout: LayoutName,

    /// Bytes a piece: a power of two from 16KiB to 128MiB [default: the longest with 200 pieces, at least 64KiB]
    #[arg(long, value_name = "SIZE")]
    piece_length: Option<PieceLength>,

    /// Set the private flag: peers only from the tracker. rtorrent then refuses peers that are introduced to it
    #[arg(long)]
    private: bool,

    /// Text that some trackers want in the info dict
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,

    /// Announce URL, without a passkey: every host gets its own later [default: none, see tracker-publish]
    #[arg(long, value_name = "URL", env = "MKT_ANNOUNCE", hide_env_values = true)]
    announce: Option<String>,

    /// Leave out what matches, as in a .gitignore at the root of the site (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,

    /// Release what looks like a host's own file, as in a .gitignore (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    allow: Vec<String>,

    /// pack.json or manifest of the release before: unchanged files keep their modification time
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,

    /// zstd level of the archive, 1 to 19 [default: 9]
    #[arg(long, value_name = "N", value_parser = level)]
    level: Option<i32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutName {
    /// One file
    Archive,
    /// The plain files
    Tree,
}

fn level(text: &str) -> Result<i32, String> {
    let level = text.parse().ok().filter(|level| LEVELS.contains(level));
    level.ok_or_else(|| format!("a whole number from {} to {} is expected", LEVELS.start(), LEVELS.end()))
}

impl PackArgs {
    /// Checks what the single values do not tell.
    pub(crate) fn into_settings(self) -> Result<Settings, Error> {
        let layout = match (self.layout, self.level) {
            (LayoutName::Archive, level) => LayoutSettings::Archive { level: level.unwrap_or(DEFAULT_LEVEL) },
            (LayoutName::Tree, None) => LayoutSettings::Tree,
            (LayoutName::Tree, Some(level)) => return Err(Error::LevelOfTree { level }),
        };
        let copy = self.record.map(|path| match path.as_os_str() == "-" {
            true => RecordCopy::Stdout,
            false => RecordCopy::File(path),
        });
        // Not parsed by clap, which prints a bad value in full, passkey and all.
        let announce = self.announce.as_deref().map(str::parse::<AnnounceUrl>).transpose();
        Ok(Settings {
            // Required by clap; without it a verb was given, and this is not called.
            site: self.site.unwrap_or_default(),
            records: self.records,
            copy,
            release_id: self.release_id,
            layout,
            piece_length: self.piece_length,
            private: self.private,
            source: self.source,
            announce: announce.map_err(Error::Torrent)?,
            walk: WalkOptions { exclude: self.exclude, allow: self.allow },
            base: self.base,
        })
    }
}
