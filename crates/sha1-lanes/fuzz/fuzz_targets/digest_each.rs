//! Any messages, any engine, against the `sha1` crate. The tests run the same check over a fixed corpus.

#![no_main]

#[path = "../../tests/lanes/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracle::check(input));
