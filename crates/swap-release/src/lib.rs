//! The Swap stage: makes a release live, verified, atomic and reversible, on one server or on a whole fleet together.

mod cli;
mod error;
mod fleet;
mod host;
#[cfg(any(test, feature = "fuzzing"))]
pub mod oracle;
mod order;

pub use self::cli::main;
pub use self::error::Error;
