//! The crate from outside: every engine of this machine against known answers and against the `sha1` crate.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod corpus;
mod each;
mod known;
mod oracle;
mod parts;
