//! The command line of the default verb: pack a site, or make a `.torrent` as mktorrent does.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use metainfo::PieceLength;
use payload::WalkOptions;
use payload::archive::{DEFAULT_LEVEL, LEVELS};
use record::ReleaseId;

use super::pattern_file;
use super::urls;
use crate::Error;
use crate::settings::{Base, LayoutSettings, NewFile, RecordCopy, Settings, TorrentSettings};
use crate::verbs::torrent_only;

/// The folder of records when `--records` does not name one.
const RECORDS: &str = "MKT_RECORDS";

/// What the default verb does.
#[derive(Debug)]
pub(crate) enum Work {
    /// Payload, torrent, manifest and record.
    Release(Settings),
    /// A `.torrent` and nothing else.
    Torrent(torrent_only::Settings),
}

#[derive(Debug, Args)]
pub(crate) struct PackArgs {
    /// The built site: the directory that becomes the release; or a file, of which a .torrent is made
    #[arg(required = true)]
    site: Option<PathBuf>,

    /// Folder for the payload, the .torrent, the manifest and pack.json; made when missing
    /// [env: MKT_RECORDS] [default: records, or none with --output]
    #[arg(long, value_name = "DIR")]
    records: Option<PathBuf>,

    /// Write the record here, too; `-` is standard output
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,

    /// Name of the release [default: BUILD_NUMBER-COMMIT under Jenkins, else 12 digits of the tree digest]
    #[arg(long, value_name = "ID")]
    release_id: Option<ReleaseId>,

    /// One .tar.zst with the manifest inside (default), or the plain files with the manifest beside the torrent
    #[arg(long, value_enum, value_name = "LAYOUT")]
    layout: Option<LayoutName>,

    /// Leave out what matches, as in a .gitignore at the root of the site (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    exclude: Vec<String>,

    /// File with patterns to leave out, one a line, as a .gitignore; --exclude comes after it (can be repeated)
    #[arg(long, value_name = "FILE")]
    exclude_from: Vec<PathBuf>,

    /// Release what looks like a host's own file or a private key, as in a .gitignore (can be repeated)
    #[arg(long, value_name = "PATTERN")]
    allow: Vec<String>,

    /// pack.json or manifest of the release before, or what swap-release manifest printed (`-` reads that from standard
    /// input): unchanged files keep their modification time [default: the last pack.json in the folder of records]
    #[arg(long, value_name = "FILE")]
    base: Option<PathBuf>,

    /// Every file gets the release's time, whatever was packed before
    #[arg(long, conflicts_with = "base")]
    no_base: bool,

    /// zstd level of the archive, 1 to 19; more is worth it where links are slow and hosts many [default: 3]
    #[arg(long, value_name = "N", value_parser = level)]
    level: Option<i32>,

    #[command(flatten)]
    torrent: TorrentArgs,
}

/// What mktorrent 1.1 has, with its names.
#[derive(Debug, Args)]
#[command(next_help_heading = "As in mktorrent")]
struct TorrentArgs {
    /// Announce URLs of one tier, without a passkey: every host gets its own later. Each further -a is the next tier
    /// [default: none, see tracker-publish]
    #[arg(short, long, value_name = "URL[,URL]", env = "MKT_ANNOUNCE", hide_env_values = true)]
    announce: Vec<String>,

    /// Comment about the torrent
    #[arg(short, long, value_name = "TEXT")]
    comment: Option<String>,

    /// Write no creation date; only --mktorrent-compat writes one
    #[arg(short = 'd', long)]
    no_date: bool,

    /// Leave out what matches, several patterns separated by commas
    #[arg(short = 'e', value_name = "PATTERN[,PATTERN]")]
    leave_out: Vec<String>,

    /// Overwrite the file of --output
    #[arg(short, long)]
    force: bool,

    /// Bytes a piece: a power of two from 16KiB to 128MiB, or its exponent, 15 to 27
    /// [default: the longest with 200 pieces, at least 64KiB; 18 (256KiB) where no records are written]
    #[arg(short = 'l', long, value_name = "SIZE", value_parser = piece_length)]
    piece_length: Option<PieceLength>,

    /// Name in the torrent [default: that of the site or file]
    #[arg(short, long, value_name = "NAME")]
    name: Option<String>,

    /// Write the .torrent here, and no records unless --records is given
    /// [default for a file and for --mktorrent-compat: NAME.torrent]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Set the private flag: peers only from the tracker. rtorrent then refuses peers that are introduced to it
    #[arg(short, long)]
    private: bool,

    /// Text that some trackers want in the info dict
    #[arg(short, long, value_name = "TEXT")]
    source: Option<String>,

    /// Threads that hash, at most; 0 for as many as are useful
    #[arg(short, long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    threads: usize,

    /// Web seeds (can be repeated)
    #[arg(short, long, value_name = "URL[,URL]")]
    web_seed: Vec<String>,

    /// Put a random mark into the info dict, for an infohash of its own
    #[arg(short = 'x', long)]
    cross_seed: bool,

    /// Do what mktorrent does also where that is wrong for a release: follow links, leave unreadable files out with a
    /// warning, refuse and exclude nothing by itself, write a date and no announce URL of its own
    #[arg(long)]
    mktorrent_compat: bool,
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

/// A size, or mktorrent's exponent: no size is so small a number.
fn piece_length(text: &str) -> Result<PieceLength, String> {
    let length = match text.parse::<u32>() {
        Ok(exponent) if exponent < 64 => PieceLength::new(1 << exponent),
        _ => text.parse(),
    };
    length.map_err(|error| error.to_string())
}

impl PackArgs {
    /// Checks what the single values do not tell.
    pub(crate) fn into_work(mut self) -> Result<Work, Error> {
        // Required by clap; without it a verb was given, and this is not called.
        let site = self.site.clone().unwrap_or_default();
        let mut exclude = pattern_file::read_all(&self.exclude_from)?;
        exclude.append(&mut self.exclude);
        self.exclude = exclude;
        let compat = self.torrent.mktorrent_compat;
        if compat || site.is_file() || (self.torrent.output.is_some() && self.records.is_none()) {
            return self.torrent_only(site).map(Work::Torrent);
        }
        self.release(site).map(Work::Release)
    }

    fn torrent_only(self, target: PathBuf) -> Result<torrent_only::Settings, Error> {
        let needs = [
            ("--records", self.records.is_some()),
            ("--record", self.record.is_some()),
            ("--release-id", self.release_id.is_some()),
            ("--base", self.base.is_some()),
            ("--no-base", self.no_base),
            ("--level", self.level.is_some()),
            ("--layout archive", self.layout == Some(LayoutName::Archive)),
        ];
        if let Some((flag, _)) = needs.into_iter().find(|(_, given)| *given) {
            return Err(Error::NoRecords { flag });
        }
        let compat = self.torrent.mktorrent_compat;
        let left_out = urls::split(&self.torrent.leave_out);
        let exclude = match compat {
            // mktorrent knows only the list with commas, by either name.
            true => [urls::split(&self.exclude), left_out].concat(),
            false => [self.exclude, left_out].concat(),
        };
        Ok(torrent_only::Settings {
            target,
            output: self.torrent.output.clone(),
            force: self.torrent.force,
            name: self.torrent.name.clone(),
            cross_seed: self.torrent.cross_seed,
            date: compat && !self.torrent.no_date,
            compat,
            walk: WalkOptions { exclude, allow: self.allow },
            torrent: self.torrent.settings()?,
        })
    }

    fn release(self, site: PathBuf) -> Result<Settings, Error> {
        if let Some(flag) =
            [("--name", self.torrent.name.is_some()), ("--cross-seed", self.torrent.cross_seed)]
                .into_iter()
                .find_map(|(flag, given)| given.then_some(flag))
        {
            return Err(Error::NotInRecords { flag });
        }
        let layout = match (self.layout.unwrap_or(LayoutName::Archive), self.level) {
            (LayoutName::Archive, level) => LayoutSettings::Archive { level: level.unwrap_or(DEFAULT_LEVEL) },
            (LayoutName::Tree, None) => LayoutSettings::Tree,
            (LayoutName::Tree, Some(level)) => return Err(Error::LevelOfTree { level }),
        };
        let copy = self.record.map(|path| match path.as_os_str() == "-" {
            true => RecordCopy::Stdout,
            false => RecordCopy::File(path),
        });
        let from_env = || std::env::var_os(RECORDS).filter(|value| !value.is_empty()).map(PathBuf::from);
        let force = self.torrent.force;
        Ok(Settings {
            site,
            records: self.records.or_else(from_env).unwrap_or_else(|| record::DEFAULT_FOLDER.into()),
            torrent_file: self.torrent.output.clone().map(|path| NewFile { path, force }),
            copy,
            release_id: self.release_id,
            layout,
            walk: WalkOptions {
                exclude: [self.exclude, urls::split(&self.torrent.leave_out)].concat(),
                allow: self.allow,
            },
            base: match (self.base, self.no_base) {
                (Some(path), _) => Base::Named(path),
                (None, true) => Base::None,
                (None, false) => Base::Last,
            },
            torrent: self.torrent.settings()?,
        })
    }
}

impl TorrentArgs {
    fn settings(self) -> Result<TorrentSettings, Error> {
        Ok(TorrentSettings {
            piece_length: self.piece_length,
            private: self.private,
            source: self.source,
            // Not parsed by clap, which prints a bad value in full, passkey and all.
            announce: urls::tiers(&self.announce)?,
            comment: self.comment,
            web_seeds: urls::web_seeds(&self.web_seed)?,
            threads: std::num::NonZeroUsize::new(self.threads),
        })
    }
}
