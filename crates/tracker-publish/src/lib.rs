//! The stage Publish: takes what `mkt-pack` left, puts it where the local rtorrent seeds it, makes the tracker known to
//! it (or the lack of one), and proves as a peer would that the seeder has every piece.
//!
//! Reads `pack.json`, leaves `publish.json`. Running it again finds everything in place and proves it again.

mod announced;
mod check;
mod cli;
mod copy;
mod error;
mod found;
mod gazelle;
mod hosts;
mod ledger;
mod packed;
mod passkeys;
mod place;
mod publish;
mod push_seeds;
mod reach;
mod register;
mod seeder_proof;
mod seeding;
mod settings;
mod tracker;
mod tree;
mod turn;
mod whitelist;
mod withdraw;

use std::process::ExitCode;

/// The whole binary, from the command line to the exit code.
#[must_use]
pub fn main() -> ExitCode {
    ::cli::main(|command_line: cli::CommandLine, console, abort| {
        let verb = command_line.verb();
        if let Some(push_seeds) = command_line.push_seeds()? {
            return push_seeds.run(&verb, console, abort).map(|()| record::ExitCode::Ok);
        }
        let settings = command_line.resolve()?;
        let done = match verb {
            cli::Verb::Publish => publish::publish(&settings, console, abort),
            cli::Verb::Check => check::check(&settings, console, abort),
            cli::Verb::Withdraw(release) => withdraw::withdraw(&settings, release.as_ref(), console, abort),
            cli::Verb::Hosts { create } => hosts::hosts(&settings, create, console, abort),
        };
        done.map(|()| record::ExitCode::Ok)
    })
}
