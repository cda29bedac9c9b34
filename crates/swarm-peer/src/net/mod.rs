//! The thread that owns the sockets: it carries what happens to [`Strategy`] and what that decides to the network and the
//! disk.
//!
//! - `driver`, `run`: all that the thread has, and its rounds;
//! - `socket`, `connection`: listening, dialling, buffers;
//! - `greeting`, `admission`: handshakes, proofs, who may come in, and which of two connections to one peer stays;
//! - `traffic`: messages in, messages and blocks out; `bucket` bounds the blocks;
//! - `roster`: who is known, dialled, refused; `upkeep`: deadlines, dialling, what is told to the caller, by `counters`.

mod admission;
mod bucket;
mod connection;
mod counters;
mod driver;
mod greeting;
mod roster;
mod run;
mod socket;
mod traffic;
mod upkeep;

pub(crate) use self::driver::{Driver, Started};
