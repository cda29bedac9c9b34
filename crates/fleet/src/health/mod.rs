//! Asking a server whether what it serves is well: of the server itself, never of the balancer.
//!
//! A [`Question`] says what is asked for and what must come back. [`ask`] gives the [`Verdict`]; what it makes of an answer
//! that has come is [`Expected::judge`], which asks nobody. That nothing answers is told apart from a bad answer: the first
//! may have any cause, the second is what the release said.

mod ask;
mod code;
mod judge;
mod words;

pub use ask::ask;
pub use code::{CLOSED, HEADER, QUERY};
pub use judge::{Answer, Expected, Verdict};

/// One page that is asked of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The page, with the server's own address.
    pub url: String,
    /// The name of the site, as a visitor's browser would say it.
    pub host: Option<String>,
    /// Headers that go with it.
    pub headers: Vec<(String, String)>,
    /// What is right.
    pub expected: Expected,
}
