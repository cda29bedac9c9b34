//! The Push stage: brings a published release to every server of a fleet by BitTorrent, has each stage it and prove its
//! tree digest.

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

pub use crate::cli::main;
pub use crate::error::Error;
