//! The Push stage: the `.torrent` goes to every server's client by SSH, the peers are introduced to each other, the
//! download is followed, and every server stages the payload and proves its tree digest.

mod cli;
mod converge;
mod doctor;
mod engine;
mod error;
mod hosts;
mod install;
mod job;
mod keys;
mod plan;
mod push;
mod show;

pub use error::Error;

use crate::cli::Job;
use record::Records;

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    ::cli::main(|cli: cli::Cli, console, abort| match cli.into_job() {
        Job::Push(settings) => push::run::run(&settings, console, abort),
        Job::Converge { settings, dry_run } => converge::converge(&settings, dry_run, console, abort),
        Job::Plan { reach, records, link, json } => {
            plan::plan(&reach, &Records::new(records), link, json, console, abort)
        }
        Job::Doctor { reach, json } => doctor::doctor(&reach, json, console, abort),
        Job::Install { reach, task, log_in_as } => {
            install::install(&reach, task, log_in_as.as_ref(), console, abort)
        }
        Job::Hosts { reach, json } => hosts::list::hosts(&reach, json, console),
        Job::Schema => hosts::list::schema(console),
        Job::Keys(scan) => keys::scan(&scan, console, abort),
    })
}
