//! `show`: what a `.torrent` says.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use cli::{Console, human};
use metainfo::{AnnounceUrl, Content, Metainfo, PieceLength};
use serde::Serialize;

use crate::Error;
use crate::verbs::magnet::magnet;

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

/// What mktorrent takes when it is not told.
const MKTORRENTS: u32 = 1 << 18;

/// The document of `--json`.
#[derive(Serialize)]
struct Shown {
    name: String,
    infohash: String,
    magnet: String,
    bytes: u64,
    piece_length: u32,
    pieces: usize,
    /// Why that length; for people.
    piece_length_reason: String,
    private: bool,
    source: Option<String>,
    cross_seed: Option<String>,
    /// Tiers (BEP 12); none if the torrent has no tracker.
    trackers: Vec<Vec<String>>,
    web_seeds: Vec<String>,
    comment: Option<String>,
    created_by: Option<String>,
    /// Seconds since 1970.
    creation_date: Option<u64>,
    /// False for a torrent of one file, which has the torrent's name.
    directory: bool,
    files: Vec<ShownFile>,
}

#[derive(Serialize)]
struct ShownFile {
    path: String,
    bytes: u64,
}

/// Shows a torrent: to people, or as JSON on standard output.
pub(crate) fn show(args: &ShowArgs, console: &Console) -> Result<(), Error> {
    let torrent = Metainfo::read(&args.torrent).map_err(Error::TorrentFile)?;
    let shown = look(&torrent, args.reveal);
    if args.json {
        return document(&shown, console);
    }
    answer(&text(&shown), console)
}

/// Prints what was asked for on standard output.
pub(crate) fn answer(text: &str, console: &Console) -> Result<(), Error> {
    console.answer(text).map_err(|source| Error::Write { path: Path::new("standard output").into(), source })
}

/// Prints one JSON document on standard output.
pub(crate) fn document(document: &impl Serialize, console: &Console) -> Result<(), Error> {
    let failed = |source| Error::Write { path: Path::new("standard output").into(), source };
    let mut bytes = serde_json::to_vec_pretty(document).map_err(|error| failed(error.into()))?;
    bytes.push(b'\n');
    console.data(&bytes).map_err(failed)
}

fn look(torrent: &Metainfo, reveal: bool) -> Shown {
    let info = torrent.info();
    let url = |url: &AnnounceUrl| if reveal { url.expose().to_owned() } else { url.to_string() };
    let tiers = match (torrent.announce_list(), torrent.announce()) {
        ([], None) => Vec::new(),
        ([], Some(one)) if one.is_no_tracker() => Vec::new(),
        ([], Some(one)) => vec![vec![url(one)]],
        (tiers, _) => tiers.iter().map(|tier| tier.iter().map(url).collect()).collect(),
    };
    let files = match info.content() {
        Content::File { length } => vec![ShownFile { path: info.name().into(), bytes: *length }],
        Content::Tree { files } => {
            files.iter().map(|file| ShownFile { path: file.path.clone(), bytes: file.length }).collect()
        }
    };
    Shown {
        name: info.name().into(),
        infohash: torrent.infohash().to_string(),
        magnet: magnet(torrent, reveal),
        bytes: info.bytes(),
        piece_length: info.piece_length().bytes(),
        pieces: info.pieces().len(),
        piece_length_reason: reason(info.piece_length(), info.bytes()),
        private: info.private(),
        source: info.source().map(Into::into),
        cross_seed: info.cross_seed().map(Into::into),
        trackers: tiers,
        web_seeds: torrent.web_seeds(),
        comment: torrent.comment(),
        created_by: torrent.created_by(),
        creation_date: torrent.creation_date(),
        directory: matches!(info.content(), Content::Tree { .. }),
        files,
    }
}

/// Why a torrent of this size may have this piece length. A torrent does not say, the rule does.
pub(crate) fn reason(length: PieceLength, bytes: u64) -> String {
    let chosen = PieceLength::chosen_for(bytes);
    if length == chosen {
        return match length.pieces(bytes) {
            pieces if pieces >= PieceLength::ENOUGH_PIECES => format!(
                "chosen for {}: the longest that gives at least {} pieces",
                human::bytes(bytes),
                PieceLength::ENOUGH_PIECES
            ),
            _ => format!("chosen for {}: the shortest that is ever chosen", human::bytes(bytes)),
        };
    }
    let otherwise = format!("{chosen} would be chosen for {}", human::bytes(bytes));
    match length.bytes() {
        MKTORRENTS => format!("given, or mktorrent's default; {otherwise}"),
        _ => format!("given; {otherwise}"),
    }
}

fn text(shown: &Shown) -> String {
    let mut out = String::new();
    let mut line = |key: &str, value: &str| {
        // Writing to a String does not fail.
        let _ = writeln!(out, "{key:<9} {}", cli::sanitize(value));
    };
    line("name", &shown.name);
    line("infohash", &shown.infohash);
    line("magnet", &shown.magnet);
    let length = PieceLength::new(shown.piece_length.into()).map(|length| length.to_string());
    line(
        "pieces",
        &format!("{} of {} ({})", shown.pieces, length.unwrap_or_default(), shown.piece_length_reason),
    );
    line("private", if shown.private { "yes: peers only from the tracker" } else { "no" });
    for (key, value) in [
        ("source", &shown.source),
        ("x-seed", &shown.cross_seed),
        ("comment", &shown.comment),
        ("made by", &shown.created_by),
    ] {
        if let Some(value) = value {
            line(key, value);
        }
    }
    if let Some(seconds) = shown.creation_date {
        line("made at", &format!("{seconds} s since 1970"));
    }
    match shown.trackers.as_slice() {
        [] => line("trackers", "none"),
        tiers => {
            for (number, tier) in (1..).zip(tiers) {
                line("tracker", &format!("tier {number}: {}", tier.join(", ")));
            }
        }
    }
    for url in &shown.web_seeds {
        line("web seed", url);
    }
    line("files", &format!("{}, {}", shown.files.len(), human::bytes(shown.bytes)));
    for file in &shown.files {
        let _ = writeln!(out, "{:>15}  {}", file.bytes, cli::sanitize(&file.path));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_says_who_chose() {
        let reason = |length: &str, bytes| reason(length.parse().unwrap(), bytes);
        assert!(reason("64KiB", 17_000_000).contains("at least 200 pieces"));
        assert!(reason("64KiB", 1_000).contains("shortest"));
        assert!(reason("16MiB", u64::MAX / 2).contains("at least 200"));
        assert!(reason("256KiB", 17_000_000).contains("mktorrent's default; 64 KiB would be"));
        assert!(reason("1MiB", 17_000_000).starts_with("given; 64 KiB"));
    }
}
