//! Why a site could not be packed: the fact, the exit code, the remedy.

pub(crate) mod refusals;

use std::io;
use std::path::PathBuf;

use cli::{Failure, human};
use record::ExitCode;

pub(crate) use self::refusals::pattern;
use self::refusals::tree_hint;

/// Every way in which `mkt-pack` fails.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The site cannot be released as it is, or could not be read; or the archive could not be written.
    #[error(transparent)]
    Tree(payload::Error),
    /// The torrent cannot be made.
    #[error(transparent)]
    Torrent(metainfo::Error),
    /// The record could not be written, or the base's could not be read.
    #[error(transparent)]
    Record(record::Error),
    /// A manifest that was named, or that a record names, and that is none.
    #[error("manifest `{}` cannot be used: {source}", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What is wrong with it.
        source: payload::Error,
    },
    /// A record or manifest could not be read.
    #[error("cannot read record or manifest `{}`: {source}", .path.display())]
    ManifestRead {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A `.torrent` that was to be shown or checked.
    #[error(transparent)]
    TorrentFile(metainfo::Error),
    /// Content that is there and cannot be read: it may be whole or not.
    #[error("cannot verify `{}`: {source}", .path.display())]
    CannotVerify {
        /// The file or directory that was to be checked.
        path: PathBuf,
        /// What could not be read.
        source: metainfo::Error,
    },
    /// Content that is not what the torrent says.
    #[error("`{}` is damaged: {bad_pieces} of {}, {}", .path.display(), human::count(*.pieces, "piece", "pieces"), human::count(*.files, "file", "files"))]
    Damaged {
        /// The file or directory that was checked.
        path: PathBuf,
        /// Pieces with another hash.
        bad_pieces: u64,
        /// Pieces in all.
        pieces: u64,
        /// Files that are missing, have another size or another content.
        files: u64,
    },
    /// A payload could not be unpacked.
    #[error("cannot unpack `{}`: {source}", .path.display())]
    Unpack {
        /// The payload.
        path: PathBuf,
        /// Why.
        source: payload::Error,
    },
    /// A payload could not be opened.
    #[error("cannot open payload `{}`: {source}", .path.display())]
    PayloadRead {
        /// The payload.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A release without its content.
    #[error("the payload of `{}` is not beside it", .path.display())]
    NoContent {
        /// The record or manifest.
        path: PathBuf,
    },
    /// An output could not be written.
    #[error("cannot write `{}`: {source}", .path.display())]
    Write {
        /// The output, or standard output.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The output would become part of the next release.
    #[error("the folder of records `{}` lies inside the site `{}`", .records.display(), .site.display())]
    RecordsInSite {
        /// `--records`.
        records: PathBuf,
        /// The site.
        site: PathBuf,
        /// The folder as a pattern; nothing if it is the site itself, which cannot be left out.
        pattern: Option<String>,
    },
    /// The torrent would become part of the next one.
    #[error("the output `{}` lies inside `{}`", .output.display(), .site.display())]
    OutputInSite {
        /// `--output`.
        output: PathBuf,
        /// The site.
        site: PathBuf,
        /// The output as a pattern.
        pattern: String,
    },
    /// The output is there, and is not overwritten unasked.
    #[error("the output `{}` is there already", .path.display())]
    Exists {
        /// `--output`.
        path: PathBuf,
    },
    /// A flag that is about a release, where only a torrent is made.
    #[error("`{flag}` has no meaning where only a .torrent is made")]
    NoRecords {
        /// The flag.
        flag: &'static str,
    },
    /// A flag that would spoil a release.
    #[error("`{flag}` is not for a release")]
    NotInRecords {
        /// The flag.
        flag: &'static str,
    },
    /// Neither a name nor a target that has one.
    #[error("`{}` has no name that a torrent could have", .path.display())]
    NoName {
        /// The target.
        path: PathBuf,
    },
    /// A file of `--exclude-from` could not be read.
    #[error("cannot read patterns from `{}`: {source}", .path.display())]
    PatternFile {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Not a usable web seed.
    #[error("web seed `{url}` is not an http, https or ftp URL")]
    WebSeed {
        /// The end of it.
        url: String,
    },
    /// SOURCE_DATE_EPOCH is set and no time.
    #[error("SOURCE_DATE_EPOCH `{text}` is not a number of seconds since 1970, from 1 up to the year 2242")]
    SourceDateEpoch {
        /// Its value.
        text: String,
    },
    /// SOURCE_DATE_EPOCH is 0.
    #[error(
        "SOURCE_DATE_EPOCH is 0: PHP's opcache keeps no file of that time, so the site would be compiled anew by every request"
    )]
    NoTime,
    /// A level without an archive.
    #[error("`--level {level}` has no meaning with `--layout tree`, which compresses nothing")]
    LevelOfTree {
        /// The level.
        level: i32,
    },
    /// A name made here does not do as a file name; a fault of this program.
    #[error("`{name}` cannot be a file name")]
    Name {
        /// The name.
        name: String,
    },
    /// SIGTERM.
    #[error("terminated while packing `{}`: nothing was written", .site.display())]
    Terminated {
        /// The site.
        site: PathBuf,
    },
    /// SIGTERM, outside packing.
    #[error("terminated while working on `{}`", .path.display())]
    Stopped {
        /// What was checked or unpacked.
        path: PathBuf,
    },
}

impl Failure for Error {
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Tree(error) => tree_code(error),
            Self::Torrent(error) => torrent_code(error),
            Self::Record(error) => error.exit_code(),
            Self::Manifest { .. }
            | Self::ManifestRead { .. }
            | Self::TorrentFile(_)
            | Self::NoContent { .. }
            | Self::PayloadRead { .. } => ExitCode::BadInput,
            Self::CannotVerify { .. } => ExitCode::CannotVerify,
            Self::Damaged { .. } => ExitCode::Mismatch,
            Self::Unpack { source, .. } if source.is_mismatch() => ExitCode::Mismatch,
            Self::Unpack { source, .. } => tree_code(source),
            Self::Write { .. } => ExitCode::CannotWrite,
            Self::Exists { .. } => ExitCode::CannotWrite,
            Self::RecordsInSite { .. }
            | Self::OutputInSite { .. }
            | Self::NoRecords { .. }
            | Self::NotInRecords { .. }
            | Self::NoName { .. }
            | Self::WebSeed { .. }
            | Self::PatternFile { .. }
            | Self::SourceDateEpoch { .. }
            | Self::NoTime
            | Self::LevelOfTree { .. } => ExitCode::Usage,
            Self::Name { .. } => ExitCode::Unexpected,
            Self::Terminated { .. } | Self::Stopped { .. } => ExitCode::Terminated,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Tree(error) => tree_hint(error),
            Self::Torrent(error) => torrent_hint(error),
            Self::Record(error) => error.hint(),
            Self::Manifest { .. } | Self::ManifestRead { .. } => {
                Some("give a record, such as pack.json, beside its manifest, or that manifest".into())
            }
            Self::TorrentFile(_) => Some("give a .torrent, such as one in the folder of records".into()),
            Self::CannotVerify { .. } => Some(
                "this says nothing about the content: run as somebody who may read it, or look at the disk"
                    .into(),
            ),
            Self::Damaged { .. } => Some("copy or download the named files again, then check again".into()),
            Self::Unpack { source, .. } => unpack_hint(source),
            Self::PayloadRead { .. } => {
                Some("give the .tar.zst, or the directory with the plain files".into())
            }
            Self::NoContent { .. } => {
                Some("name the record that mkt-pack wrote beside the payload, or the unpacked release with --new-tree".into())
            }
            Self::Write { .. } => Some("check that the folder exists, is writable and has space".into()),
            Self::RecordsInSite { pattern: Some(pattern), .. } => Some(format!(
                "it would be packed into the next release: name a folder outside with --records, or leave it out \
                 with --exclude '{pattern}'"
            )),
            Self::RecordsInSite { pattern: None, .. } => Some("name another folder with --records".into()),
            Self::OutputInSite { pattern, .. } => Some(format!(
                "the next torrent would hold it: write it elsewhere, or leave it out with --exclude '{pattern}'"
            )),
            Self::Exists { .. } => Some("remove it, or overwrite it with --force".into()),
            Self::NoRecords { .. } => Some(
                "a file, --mktorrent-compat, and --output without --records make a .torrent and nothing else".into(),
            ),
            Self::NotInRecords { .. } => Some(
                "the payload is named by its content, so that releases never overwrite each other on a server; for a \
                 .torrent only, give --output and no --records"
                    .into(),
            ),
            Self::NoName { .. } => Some("give one with --name".into()),
            Self::PatternFile { .. } => Some("it is a text file with one pattern a line, as a .gitignore".into()),
            Self::WebSeed { .. } => Some("e.g. https://files.example/site.tar.zst".into()),
            Self::SourceDateEpoch { .. } | Self::NoTime => {
                Some("set it to `git show -s --format=%ct HEAD`, or unset it".into())
            }
            Self::LevelOfTree { .. } => Some("leave out one of the two".into()),
            Self::Name { .. } => Some("please report this".into()),
            Self::Stopped { .. } => Some("run it again; nothing is left of this run".into()),
            Self::Terminated { .. } => Some("run it again; the same tree gives the same bytes".into()),
        }
    }
}

fn tree_code(error: &payload::Error) -> ExitCode {
    use payload::Error as E;
    match error {
        E::Root { .. }
        | E::Read { .. }
        | E::NotUtf8 { .. }
        | E::Special { .. }
        | E::Link { .. }
        | E::HostOwned { .. }
        | E::Empty { .. }
        | E::Changed { .. }
        | E::Path { .. }
        | E::Twins { .. }
        | E::Manifest { .. }
        | E::Digest { .. }
        | E::Patch { .. }
        | E::OtherBase { .. }
        | E::Member { .. }
        | E::Content { .. }
        | E::Unpack { .. } => ExitCode::BadInput,
        E::Pattern { .. } => ExitCode::Usage,
        E::Write { .. } | E::ManifestIo { .. } | E::Pack { .. } | E::Occupied { .. } => ExitCode::CannotWrite,
        E::Threads { .. } => ExitCode::Unexpected,
        E::Aborted { .. } => ExitCode::Terminated,
        // All of them are about the tree; a caller that does the remedy of each comes through.
        E::Several { all } => all.first().map_or(ExitCode::Unexpected, tree_code),
    }
}

fn unpack_hint(error: &payload::Error) -> Option<String> {
    use payload::Error as E;
    let hint = match error {
        E::Occupied { .. } => "name a directory that is not there yet, or is empty",
        E::Write { .. } => "check that the directory is writable and has space",
        E::Digest { .. } => "payload and record or manifest are of different releases",
        E::Patch { .. } => "make it anew with mkt-pack patch, or unpack the whole payload",
        E::OtherBase { .. } => {
            "name the record of the release that the patch was made for, or unpack the whole payload"
        }
        _ if error.is_mismatch() => "the payload is damaged: copy or download it again",
        other => return tree_hint(other),
    };
    Some(hint.into())
}

fn torrent_code(error: &metainfo::Error) -> ExitCode {
    use metainfo::Error as E;
    match error {
        E::PieceLength { .. } | E::Announce { .. } | E::Field { .. } => ExitCode::Usage,
        E::Torrent { .. }
        | E::TooLarge { .. }
        | E::Bencode { .. }
        | E::Missing { .. }
        | E::UnsafePath { .. }
        | E::DuplicatePath { .. }
        | E::PathClash { .. }
        | E::PieceCount { .. }
        | E::Empty { .. }
        | E::Read { .. }
        | E::Changed { .. }
        | E::Touched { .. } => ExitCode::BadInput,
        E::Threads { .. } => ExitCode::Unexpected,
        E::Aborted { .. } => ExitCode::Terminated,
    }
}

fn torrent_hint(error: &metainfo::Error) -> Option<String> {
    use metainfo::Error as E;
    let hint = match error {
        E::PieceLength { .. } => "64KiB suits most sites: --piece-length 64KiB, or -l 16",
        E::Announce { .. } => "give the tracker's URL, e.g. http://tracker.example:34000/announce",
        E::Field { .. } => "--source is a short text such as the tracker's name",
        E::Empty { .. } => "was the site built? check the path and the --exclude patterns",
        E::Changed { .. } | E::Touched { .. } | E::PieceCount { .. } => {
            "let the build end before packing, and nothing else write into the site"
        }
        E::Read { .. } => "run as the user who built the site, or leave it out with --exclude",
        E::TooLarge { .. } => "use the archive layout, or leave something out with --exclude",
        E::UnsafePath { .. } | E::DuplicatePath { .. } | E::PathClash { .. } => {
            "rename it, or leave it out with --exclude"
        }
        E::Threads { .. } => "raise the limit of processes of this user",
        E::Aborted { .. } => "run it again; the same tree gives the same bytes",
        E::Torrent { .. } | E::Bencode { .. } | E::Missing { .. } => return None,
    };
    Some(hint.into())
}
