//! What every binary of the suite does alike: the entry point, errors and hints, progress, logging, and ending on SIGTERM.

mod abort;
mod cause;
mod chosen;
mod common;
mod failure;
mod junit;
mod start;
mod terminal;

pub use self::abort::{Abort, Aborted};
pub use self::cause::Cause;
pub use self::chosen::Chosen;
pub use self::common::{ColorChoice, Common};
pub use self::failure::Failure;
pub use self::junit::{HostCase, junit};
pub use self::start::entry::main;
pub use self::start::settings::Settings;
pub use self::terminal::console::Console;
pub use self::terminal::human;
pub use self::terminal::live::{Live, cut};
pub use self::terminal::progress::Progress;
pub use self::terminal::sanitize::sanitize;
pub use self::terminal::table::table;
