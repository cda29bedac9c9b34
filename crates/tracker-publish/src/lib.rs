//! The Publish stage: the local rtorrent seeds what `mkt-pack` made, the tracker knows it, and a peer can fetch all of it.

mod cli;
mod error;
mod registry;
mod release;
mod seeder;
mod settings;
mod verbs;

pub use crate::cli::main;
