//! The bencode reader against arbitrary replies; what must hold is said once, in the tests.
#![no_main]

#[path = "../../tests/client/oracle.rs"]
mod oracle;

libfuzzer_sys::fuzz_target!(|reply: &[u8]| oracle::check(reply));
