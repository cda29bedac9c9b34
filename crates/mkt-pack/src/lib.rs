//! The Pack stage: a built tree becomes one deterministic payload, its `.torrent`, its manifest, and `pack.json`.

mod cli;
mod error;
mod output;
mod settings;
mod site;
mod verbs;

pub use crate::cli::main;
pub use crate::error::Error;
