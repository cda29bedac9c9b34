//! The command line: a verb, or a site to pack.

mod pack_args;
mod pattern_file;
mod urls;

use std::process;

use clap::{Parser, Subcommand};
use cli::{Abort, Common, Console};
use record::ExitCode;

use self::pack_args::{PackArgs, Work};
use crate::Error;
use crate::verbs::check::CheckArgs;
use crate::verbs::diff::DiffArgs;
use crate::verbs::patch::PatchArgs;
use crate::verbs::show::ShowArgs;
use crate::verbs::unpack::UnpackArgs;
use crate::verbs::{check, diff, pack, patch, show, torrent_only, unpack};

const EXAMPLES: &str = "\
Examples:
  mkt-pack build/site
  mkt-pack build/site --exclude node_modules/ --exclude '*.map' --records ../records
  mkt-pack build/site --base previous/pack.json        unchanged files keep the time they had there, not in records/
  mkt-pack build/site --layout tree                    plain files with the manifest beside the torrent
  mkt-pack -a http://tracker.example/announce -l 18 -o site.torrent build/site    a .torrent only, as mktorrent makes it
  mkt-pack show records/*.torrent
  mkt-pack check site.torrent /srv/copy
  mkt-pack diff previous/pack.json records/pack.json
  mkt-pack unpack records/*.tar.zst /srv/copy --record records/pack.json
  mkt-pack patch previous/pack.json records/pack.json -o update.patch
  mkt-pack unpack update.patch /srv/new --record records/pack.json --base previous/pack.json --base-tree /srv/old

A site whose folder is called like a verb is given as ./show; a verb comes first, before every option.

Left out by default: .git (take it back with --exclude '!.git'). Refused unless allowed with --allow:
sites/*/settings.php, sites/*/settings.local.php, sites/*/files/** and .env, at the root or one directory below it, which
belong to the hosts; and private keys anywhere, which belong nowhere. Refused always: what would not be the same everywhere,
such as two names that differ in case or in Unicode form only.

Said, and not kept: modes other than 0644 and 0755, extended attributes, hard links.

The time of new and changed files is SOURCE_DATE_EPOCH, else the commit's time; the clock is never read.";

/// The binary.
#[must_use]
pub fn main() -> process::ExitCode {
    cli::main(run)
}

fn run(cli: Cli, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    match cli.verb {
        None => match cli.pack.into_work()? {
            Work::Release(settings) => pack::pack(&settings, console, abort)?,
            Work::Torrent(settings) => torrent_only::make(&settings, console, abort)?,
        },
        Some(Verb::Show(args)) => show::show(&args, console)?,
        Some(Verb::Check(args)) => check::check(&args, console, abort)?,
        Some(Verb::Diff(args)) => diff::diff(&args, console)?,
        Some(Verb::Patch(args)) => patch::make(&args, console, abort)?,
        Some(Verb::Unpack(args)) => unpack::unpack(&args, console, abort)?,
    }
    Ok(ExitCode::Ok)
}

/// Turn a built site into one deterministic payload, its .torrent and its manifest; make, show and check torrents
#[derive(Debug, Parser)]
#[command(
    name = "mkt-pack",
    version,
    after_help = EXAMPLES,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    disable_help_subcommand = true
)]
struct Cli {
    #[command(subcommand)]
    verb: Option<Verb>,

    #[command(flatten)]
    pack: PackArgs,

    #[command(flatten)]
    common: Common,
}

/// What can be done beside packing.
#[derive(Debug, Subcommand)]
enum Verb {
    /// Show what a .torrent says: name, infohash, magnet link, pieces, files
    Show(ShowArgs),
    /// Hash what is on disk piece by piece and name the damaged files
    Check(CheckArgs),
    /// Compare two releases: files added, removed, changed
    Diff(DiffArgs),
    /// Make what turns one release into another: some kilobytes for an ordinary update
    Patch(PatchArgs),
    /// Unpack a payload into a new directory, or make it of another release by a patch, proving every byte
    Unpack(UnpackArgs),
}

impl cli::Settings for Cli {
    const TOOL: &'static str = "mkt-pack";
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("pack.json", "the record of the stage, in the folder of records"),
        ("*.tar.zst", "the payload; the tree layout has none"),
        ("*.torrent", "the metainfo"),
        ("*.manifest.jsonl", "every path with type, mode, size and SHA-256"),
        ("summary.txt", "one line for the description of a build"),
    ];
    const EXIT_CODES: &'static [ExitCode] = &[
        ExitCode::Ok,
        ExitCode::Unexpected,
        ExitCode::Usage,
        ExitCode::BadInput,
        ExitCode::CannotWrite,
        ExitCode::Mismatch,
        ExitCode::CannotVerify,
        ExitCode::Terminated,
    ];

    fn common(&self) -> &Common {
        &self.common
    }
}
