//! The archive reader against what is in an archive, uncompressed and with the digest that its manifest has; what must hold
//! is said once, in the tests.
#![no_main]

#[allow(dead_code, reason = "each target uses one part")]
#[path = "../../tests/payload/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| oracle::members(bytes));
