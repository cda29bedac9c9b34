//! The binary.

use cli::{Abort, Console};
use record::ExitCode;

use super::arguments::Cli;
use super::place::Place;
use crate::host::{self, events, receive};
use crate::{Error, fleet};

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    cli::main(run)
}

fn run(cli: Cli, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    match cli.into_place() {
        Place::Server(job) => host::run::run(job, console, abort),
        Place::Receive(deploy_to) => receive::receive(&deploy_to, console, abort),
        Place::Fleet(job) => fleet::run(job, console, abort),
        Place::Lint(ask) => host::run::lint(&ask, console),
        Place::Apache(ask) => host::run::apache(&ask, console),
        Place::Spool { spool, infohash, place } => events::spool(&spool, &infohash, &place),
        Place::Unspool { spool, deploy_to } => events::unspool(&spool, &deploy_to, console, abort),
    }
}
