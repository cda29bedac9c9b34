//! What every binary of the suite does alike: the entry point, errors and hints, progress (a bar on a terminal, lines
//! in Jenkins), logging, and ending on SIGTERM. Nobody else prints or ends the process.

mod abort;
mod cause;
mod chosen;
mod common;
mod console;
mod entry;
mod failure;
mod generate;
mod help;
pub mod human;
mod junit;
mod live;
mod progress;
mod sanitize;
mod table;

pub use self::console::Console;
pub use abort::{Abort, Aborted};
pub use cause::Cause;
pub use chosen::Chosen;
pub use common::{ColorChoice, Common};
pub use entry::{Settings, main};
pub use failure::Failure;
pub use junit::{HostCase, junit};
pub use live::{Live, cut};
pub use progress::Progress;
pub use sanitize::sanitize;
pub use table::table;
