//! The Pack stage: a built tree becomes one deterministic payload, its `.torrent`, its manifest, and `pack.json`. Beside
//! it, what people want to do with these: make a plain `.torrent`, show, check, compare, unpack.
//!
//! Nothing that is hashed depends on the clock, the locale, the user, the umask, the order of directories or the
//! number of cores: the same tree gives the same payload, the same torrent and the same infohash on every agent.

mod awkward;
mod base;
mod check;
mod cli;
mod compat_walk;
mod diff;
mod digesting;
mod error;
mod git;
mod magnet;
mod manifest_file;
mod not_kept;
mod outputs;
mod pack;
mod pack_args;
mod pattern_file;
mod payload_file;
mod place;
mod refusals;
mod release_id;
mod release_time;
mod settings;
mod show;
mod summary;
mod torrent_file;
mod torrent_only;
mod unpack;
mod urls;
mod verb_args;
mod written_manifest;

pub use error::Error;

use crate::cli::Cli;
use crate::settings::Work;
use crate::verb_args::Verb;
use ::cli::{Abort, Console};
use record::ExitCode;

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    ::cli::main(run)
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
        Some(Verb::Unpack(args)) => unpack::unpack(&args, console, abort)?,
    }
    Ok(ExitCode::Ok)
}
