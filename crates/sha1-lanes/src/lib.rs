//! SHA-1 (FIPS 180-4) of several independent messages in lock-step on one core.
//!
//! One SHA-1 stream is a chain: every round waits for the round before, so the fastest instructions reach about 2 GB/s
//! and leave most of the core idle. The pieces of a torrent do not depend on each other. Hashing several of them side by
//! side, one instruction doing the same step for each, fills the idle units: about 2.5 times one stream with the SHA
//! instructions on four messages, about 5 times with AVX-512 on sixteen.
//!
//! - [`digest_each`] hashes messages that are in memory;
//! - [`Hashers`] takes them in parts, for pieces larger than a buffer;
//! - [`Engine`] is how: the best the processor can do, found at run time. Without x86-64 it is always the `sha1` crate.
//!
//! SHA-1 has known collisions. It is what BEP 3 asks for; nothing else should be built on it.

#![deny(unsafe_op_in_unsafe_fn)]

mod compress;
mod engine;
mod hashers;
#[cfg(target_arch = "x86_64")]
#[expect(
    unsafe_code,
    clippy::indexing_slicing,
    reason = "vector loads and stores, calls into code that needs a processor feature; lanes count up to a constant"
)]
mod x86;

pub use engine::Engine;
pub use hashers::{Hashers, digest_each};

/// SHA-1 of one message.
pub type Digest = [u8; 20];

/// What the compression function eats at a time (FIPS 180-4, 5.2.1).
type Block = [u8; 64];
/// The five words that are carried from block to block (FIPS 180-4, 6.1).
type State = [u32; 5];
