//! The bencode reader against arbitrary replies; what must hold is said once, in the tests.
#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "to fail loudly is what a fuzz target is for"
)]

#[path = "../../../crates/tracker-client/tests/client/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|reply: &[u8]| oracle::check(reply));
