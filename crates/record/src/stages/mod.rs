//! What each stage says in its record.

pub(crate) mod converge;
pub(crate) mod pack;
pub(crate) mod publish;
pub(crate) mod push;
pub(crate) mod swap;
pub(crate) mod undo;
