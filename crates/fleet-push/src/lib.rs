//! The Push stage: the `.torrent` goes to every server's client by SSH, the peers are introduced to each other, the
//! download is followed, and every server stages the payload and proves its tree digest.
//!
//! - `job`, `torrent`: what is pushed, from the records of the stages before;
//! - `visit`: one host from connect to staged, on a thread of its own;
//! - `watch`: what to do next about a download, as a pure function of what is seen;
//! - `engine`, `rtorrent`: a standing client that carries the payload;
//! - `watch_dir`, `unasked`: one that cannot be asked, for want of an RPC socket;
//! - `origin`: whom a host's bytes came from;
//! - `swarm`, `groups`, `pace`: which rtorrents are there to be introduced, and which begins when;
//! - `copies`: whether the seeder is needed any more;
//! - `receiver`, `opening`, `seed`: the embedded engine, on a host and here;
//! - `mesh`: the embedded peers, and who is told of whom;
//! - `swap`: `swap-release` on the host;
//! - `doctor`, `install`: whether hosts have what all of that needs, and what we can put there;
//! - `web`: what `swap-release` says of the host's web servers;
//! - `deliver`: all of these together;
//! - `converge`: hosts that were away follow the others;
//! - `plan`, `hosts`: what would be done, and where, without doing it;
//! - `keys`: whom the hosts' keys say they are;
//! - `board`, `live`, `report`: what people see, and what is left behind.

mod board;
mod channel;
mod cli;
mod clock;
mod converge;
mod copies;
mod deliver;
mod doctor;
mod drupal;
mod engine;
mod error;
mod events;
mod family;
mod fault;
mod gate;
mod groups;
mod hosts;
mod install;
mod job;
mod keys;
mod live;
mod mesh;
mod metrics;
mod opening;
mod origin;
mod pace;
mod plan;
mod receiver;
mod report;
mod require;
mod retry;
mod rtorrent;
mod run;
mod seed;
mod swap;
mod swarm;
mod told;
mod torrent;
mod unasked;
mod visit;
#[cfg(test)]
mod visit_tests;
mod watch;
mod watch_dir;
mod web;

pub use error::Error;

use crate::cli::Job;
use record::Records;

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    ::cli::main(|cli: cli::Cli, console, abort| match cli.into_job() {
        Job::Push(settings) => run::run(&settings, console, abort),
        Job::Converge { settings, dry_run } => converge::converge(&settings, dry_run, console, abort),
        Job::Plan { reach, records, link, json } => {
            plan::plan(&reach, &Records::new(records), link, json, console, abort)
        }
        Job::Doctor { reach, json } => doctor::doctor(&reach, json, console, abort),
        Job::Install { reach, task, log_in_as } => {
            install::install(&reach, task, log_in_as.as_ref(), console, abort)
        }
        Job::Hosts { reach, json } => hosts::hosts(&reach, json, console),
        Job::Schema => hosts::schema(console),
        Job::Keys(scan) => keys::scan(&scan, console, abort),
    })
}
