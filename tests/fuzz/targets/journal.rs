//! The readers of a server's state against arbitrary bytes; what must hold is said once, in the library.
#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "to fail loudly is what a fuzz target is for"
)]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| swap_release::oracle::journal(bytes));
