//! The Push stage: the `.torrent` goes to every server's client by SSH, the peers are introduced to each other, the
//! download is followed, and every server stages the payload and proves its tree digest.
//!
//! - `job`, `torrent`: what is pushed, from the records of the stages before;
//! - `visit`: one host from connect to staged, on a thread of its own;
//! - `watch`: what to do next about a download, as a pure function of what is seen;
//! - `engine`, `rtorrent`: a standing client that carries the payload;
//! - `watch_dir`, `unasked`: one that cannot be asked, for want of an RPC socket;
//! - `swarm`, `groups`, `pace`: which rtorrents are there to be introduced, and which begins when;
//! - `copies`: whether the seeder is needed any more;
//! - `receiver`, `opening`, `seed`: the embedded engine, on a host and here;
//! - `mesh`: the embedded peers, and who is told of whom;
//! - `swap`: `swap-release` on the host;
//! - `plan`, `hosts`: what would be done, and where, without doing it;
//! - `board`, `report`: what people see, and what is left behind.

mod board;
mod channel;
mod cli;
mod clock;
mod copies;
mod engine;
mod error;
mod events;
mod fault;
mod gate;
mod groups;
mod hosts;
mod job;
mod mesh;
mod metrics;
mod opening;
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
mod torrent;
mod unasked;
mod visit;
#[cfg(test)]
mod visit_tests;
mod watch;
mod watch_dir;

pub use error::Error;

use crate::cli::Job;
use record::Records;

/// The binary.
#[must_use]
pub fn main() -> std::process::ExitCode {
    ::cli::main(|cli: cli::Cli, console, abort| match cli.into_job() {
        Job::Push(settings) => run::run(&settings, console, abort),
        Job::Plan { reach, records, link, json } => {
            plan::plan(&reach, &Records::new(records), link, json, console, abort)
        }
        Job::Hosts { reach, json } => hosts::hosts(&reach, json, console),
        Job::Schema => hosts::schema(console),
    })
}
