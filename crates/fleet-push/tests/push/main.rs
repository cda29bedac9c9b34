//! The binary against bad input, dead hosts, and real rtorrents that do what rtorrents do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot set its stage must fail loudly"
)]

mod bad_input;
mod door;
mod ipv6;
mod keepalive;
mod keys;
mod keys_terminal;
mod published;
mod recovers;
mod silent_hosts;
mod ssh_faults;
mod ways_in;

/// Ends the test with a printed reason where the real programs are missing; fails instead when `E2E_PEERS=required`.
macro_rules! needs_peers {
    () => {
        if !e2e::peers::ready(module_path!()) {
            return;
        }
    };
}
pub(crate) use needs_peers;
