//! The reader of patches against arbitrary bytes; what must hold is said once, in the tests.
#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "to fail loudly is what a fuzz target is for"
)]

#[allow(dead_code, reason = "each target uses one part")]
#[path = "../../../crates/payload/tests/payload/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracle::patch(bytes));
