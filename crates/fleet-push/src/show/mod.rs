//! What people and programs see of a push: the board while it runs, files beside it, and what is left behind.

pub(crate) mod board;
pub(crate) mod events;
mod live;
pub(crate) mod metrics;
pub(crate) mod origin;
pub(crate) mod output;
pub(crate) mod report;
pub(crate) mod words;
