//! Asking a server whether what it serves is well: of the server itself, never of the balancer.
//!
//! A [`Question`](inventory::Question) says what is asked for and what must come back. [`ask`] gives the [`Verdict`]; what it makes of an answer
//! that has come is [`judge`], which asks nobody. That nothing answers is told apart from a bad answer: the first
//! may have any cause, the second is what the release said.

mod ask;
mod code;
mod judge;
mod words;

pub use self::ask::ask;
pub use self::code::{CLOSED, HEADER, QUERY};
pub use self::judge::{Answer, Verdict, judge};
