//! The binary from outside, with the peers it stands beside: mktorrent and transmission-show.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]

mod abort;
mod base;
mod changing;
mod determinism;
mod drop_in;
mod etag;
mod fidelity;
mod git;
mod limits;
mod options;
mod outputs;
mod patch;
mod peers;
mod refused;
mod sandbox;
mod trees;
mod verbs;
