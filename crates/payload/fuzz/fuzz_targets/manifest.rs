//! The manifest reader against arbitrary bytes; what must hold is said once, in the tests.
#![no_main]

#[allow(dead_code, reason = "each target uses one part")]
#[path = "../../tests/payload/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracle::manifest(bytes));
