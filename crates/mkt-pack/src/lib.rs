//! The Pack stage: a built tree becomes one deterministic payload, its `.torrent`, its manifest, and `pack.json`.
//!
//! Nothing that is hashed depends on the clock, the locale, the user, the umask, the order of directories or the
//! number of cores: the same tree gives the same payload, the same torrent and the same infohash on every agent.

mod base;
mod cli;
mod error;
mod git;
mod outputs;
mod pack;
mod payload_file;
mod place;
mod release_id;
mod release_time;
mod settings;
mod summary;

pub use error::Error;

use crate::cli::Cli;
use ::cli::{Abort, Console};
use record::ExitCode;

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    ::cli::main(run)
}

fn run(cli: Cli, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    pack::pack(&cli.into_settings()?, console, abort)?;
    Ok(ExitCode::Ok)
}
