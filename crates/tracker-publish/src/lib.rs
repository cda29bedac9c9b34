//! The stage Publish: takes what `mkt-pack` left, puts it where the local rtorrent seeds it, makes the tracker known to
//! it (or the lack of one), and proves as a peer would that the seeder has every piece.
//!
//! Reads `pack.json`, leaves `publish.json`. Running it again finds everything in place and proves it again.

mod cli;
mod error;
mod registry;
mod release;
mod seeder;
mod settings;
mod verbs;

pub use crate::cli::main;
