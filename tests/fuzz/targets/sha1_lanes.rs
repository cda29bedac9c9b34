//! Any messages, any engine, against the `sha1` crate. The tests run the same check over a fixed corpus.

#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "to fail loudly is what a fuzz target is for"
)]

#[path = "../../../crates/sha1-lanes/tests/lanes/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracle::check(input));
