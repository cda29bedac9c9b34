//! The command line: what was typed becomes a job for a server or for a fleet, and is done.
//!
//! - `arguments`: the verbs; `here` those of a server, `everywhere` those that a fleet has as well;
//! - `place`: where a job is done;
//! - `entry`: the binary.

mod arguments;
mod entry;
mod everywhere;
mod here;
mod place;

pub use self::entry::main;
