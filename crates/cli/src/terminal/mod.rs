//! Standard output, standard error and the terminal.

pub(crate) mod console;
pub mod human;
pub(crate) mod live;
pub(crate) mod progress;
pub(crate) mod sanitize;
pub(crate) mod table;
