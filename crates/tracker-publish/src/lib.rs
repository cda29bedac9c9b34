//! The stage Publish: takes what `mkt-pack` left, puts it where the local rtorrent seeds it, makes the tracker known to
//! it (or the lack of one), and proves as a peer would that the seeder has every piece.
//!
//! Reads `pack.json`, leaves `publish.json`. Running it again finds everything in place and proves it again.

mod announced;
mod cli;
mod copy;
mod error;
mod packed;
mod place;
mod publish;
mod seeder_proof;
mod seeding;
mod settings;
mod tracker;
mod tree;

use std::process::ExitCode;

/// The whole binary, from the command line to the exit code.
#[must_use]
pub fn main() -> ExitCode {
    ::cli::main(|command_line: cli::CommandLine, console, abort| {
        let settings = command_line.resolve()?;
        publish::publish(&settings, console, abort).map(|()| record::ExitCode::Ok)
    })
}
