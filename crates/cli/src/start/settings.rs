//! What a program says of itself.

use clap::Parser;
use record::ExitCode;

use crate::Common;

/// A command line of the suite.
pub trait Settings: Parser {
    /// Name of the binary.
    const TOOL: &'static str;

    /// What it leaves behind: a file or stream, and what is in it.
    const OUTPUTS: &'static [(&'static str, &'static str)];

    /// The codes it may end with.
    const EXIT_CODES: &'static [ExitCode];

    /// The flags that all have.
    fn common(&self) -> &Common;
}
