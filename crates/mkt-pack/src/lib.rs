//! The Pack stage: a built tree becomes one deterministic payload, its `.torrent`, its manifest, and `pack.json`. Beside
//! it, what people want to do with these: make a plain `.torrent`, show, check, compare, unpack.
//!
//! Nothing that is hashed depends on the clock, the locale, the user, the umask, the order of directories or the
//! number of cores: the same tree gives the same payload, the same torrent and the same infohash on every agent.

mod cli;
mod error;
mod output;
mod settings;
mod site;
mod verbs;

pub use crate::cli::main;
pub use crate::error::Error;
