//! The crate from outside: trees go in, archives and copies come out, and what is hostile stays outside.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod abort;
mod corpus;
mod frozen;
mod hostile;
mod manifest;
mod mtimes;
mod oracle;
mod patch;
mod refused;
mod round_trip;
mod sandbox;
mod verify;
