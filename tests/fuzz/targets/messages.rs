//! The reader of messages against arbitrary streams; what must hold is said once, in the tests.
#![no_main]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "to fail loudly is what a fuzz target is for"
)]

#[path = "../../../crates/swarm-peer/tests/swarm/wire_oracle.rs"]
mod wire_oracle;

libfuzzer_sys::fuzz_target!(|stream: &[u8]| wire_oracle::check(stream));
