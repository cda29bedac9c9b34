//! The crate against real OpenSSH servers on loopback addresses of this machine.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set its stage must fail loudly"
)]

mod accounts;
mod agent;
mod causes;
mod certificates;
mod connect;
mod files;
mod ipv6;
mod jump;
mod rekey;
mod run;
mod scan;
mod server;
mod shells;
mod sockets;
mod starts;
mod ways;
