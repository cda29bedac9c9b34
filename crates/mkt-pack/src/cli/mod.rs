//! The command line: a verb, or a site to pack.

use crate::pack_args::PackArgs;
use crate::verb_args::Verb;
use clap::Parser;
use cli::Common;
use record::ExitCode;

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

A site whose folder is called like a verb is given as ./show; a verb comes first, before every option.

Left out by default: .git (take it back with --exclude '!.git'). Refused unless allowed with --allow:
sites/*/settings.php, sites/*/settings.local.php, sites/*/files/** and .env, at the root or one directory below it, which
belong to the hosts; and private keys anywhere, which belong nowhere. Refused always: what would not be the same everywhere,
such as two names that differ in case or in Unicode form only.

Said, and not kept: modes other than 0644 and 0755, extended attributes, hard links.

The time of new and changed files is SOURCE_DATE_EPOCH, else the commit's time; the clock is never read.";

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
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) verb: Option<Verb>,

    #[command(flatten)]
    pub(crate) pack: PackArgs,

    #[command(flatten)]
    common: Common,
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
