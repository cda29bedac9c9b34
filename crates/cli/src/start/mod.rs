//! From `main` to a stage and back, and the documents made from its command line.

pub(crate) mod entry;
pub(crate) mod generate;
pub(crate) mod help;
pub(crate) mod settings;
