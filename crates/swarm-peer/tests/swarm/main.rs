//! The peer: its strategy in a simulated network of up to ten thousand hosts, and the whole of it on real sockets.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot set its stage must fail loudly; the simulation shows its figures"
)]

mod disk;
mod fixture;
mod foreign;
mod hostile;
mod peers;
mod simulation;
mod whatever_peers_say;
mod wire;
mod wire_oracle;
