//! The release that is published, and what was published before it.
//!
//! - `packed`: what `mkt-pack` left; `ledger`: what is published; `turn`: one run at a time.

pub(crate) mod ledger;
pub(crate) mod packed;
pub(crate) mod turn;
