//! The command lines of the verbs.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// What can be done beside packing.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Show what a .torrent says: name, infohash, magnet link, pieces, files
    Show(ShowArgs),
    /// Hash what is on disk piece by piece and name the damaged files
    Check(CheckArgs),
    /// Compare two releases: files added, removed, changed
    Diff(DiffArgs),
    /// Unpack a payload into a new directory, proving every byte
    Unpack(UnpackArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ShowArgs {
    /// The .torrent
    #[arg(value_name = "FILE.torrent")]
    pub(crate) torrent: PathBuf,

    /// One JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,

    /// Show announce URLs in full, which may hold a passkey, also in the magnet link
    #[arg(long)]
    pub(crate) reveal: bool,
}

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

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// A record (pack.json or another stage's) or a manifest: what was
    pub(crate) before: PathBuf,

    /// A record or a manifest: what is
    pub(crate) after: PathBuf,

    /// One JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct UnpackArgs {
    /// The archive, or in the tree layout the directory with the plain files
    pub(crate) payload: PathBuf,

    /// Where the tree goes: a directory that is not there yet, or is empty
    pub(crate) dir: PathBuf,

    /// Record of the release (pack.json or another stage's): what must come out
    #[arg(long, value_name = "FILE", required_unless_present = "manifest", conflicts_with = "manifest")]
    pub(crate) record: Option<PathBuf>,

    /// Manifest of the release: what must come out
    #[arg(long, value_name = "FILE")]
    pub(crate) manifest: Option<PathBuf>,
}
