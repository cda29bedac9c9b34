//! The Swap stage. On a server: verify, stage, switch, confirm, roll back, prune. From the controller: the same for the
//! whole fleet, as one two-phase commit.
//!
//! - `site`: the layout on a server, its lock, its state, and finishing what a killed process left;
//! - `verbs`: what is done on a server, one verb a file;
//! - `reader`: whether whoever asked still waits;
//! - `receive`: an embedded peer for the length of one push, and staging what it got;
//! - `fleet`: what is done from the controller;
//! - `hooks`, `drupal`: what is run around a switch, on orders (`order`) of the controller;
//! - `remedy`: what helps when something cannot be written;
//! - `disk`: the effects that a switch depends on, behind a trait.

mod cli;
mod disk;
mod drupal;
mod error;
mod fleet;
mod hooks;
mod job;
mod lint;
#[cfg(any(test, feature = "fuzzing"))]
pub mod oracle;
mod order;
mod reader;
mod receive;
mod record_file;
mod remedy;
mod server;
mod shared;
mod site;
mod spool;
mod verbs;

pub use error::Error;
pub use receive::ReceiveError;
pub use shared::SharedFault;

use crate::cli::Cli;
use crate::job::Place;
use ::cli::{Abort, Console};
use record::ExitCode;

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    ::cli::main(run)
}

fn run(cli: Cli, console: &Console, abort: &Abort) -> Result<ExitCode, Error> {
    match cli.into_place() {
        Place::Server(job) => server::run(job, console, abort),
        Place::Receive(deploy_to) => receive::receive(&deploy_to, console, abort),
        Place::Fleet(job) => fleet::run(job, console, abort),
        Place::Lint(ask) => server::lint(&ask, console),
        Place::Apache(ask) => server::apache(&ask, console),
        Place::Spool { spool, infohash, place } => spool::write(&spool, &infohash, &place),
        Place::Unspool { spool, deploy_to } => spool::work(&spool, &deploy_to, console, abort),
    }
}
