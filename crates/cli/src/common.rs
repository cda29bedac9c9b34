//! Flags that every binary has.

use clap::{Args, ValueEnum};

/// Flags that every binary has; flattened into its command line.
#[derive(Debug, Clone, Args)]
pub struct Common {
    /// Say more (can be repeated: -vv shows every step)
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,

    /// Colour of messages: auto looks whether standard error is a terminal
    #[arg(long, value_enum, default_value_t = ColorChoice::Auto, global = true, value_name = "WHEN")]
    pub color: ColorChoice,
}

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// If standard error is a terminal and NO_COLOR is not set.
    Auto,
    /// Always, e.g. for Jenkins' ansiColor.
    Always,
    /// Never.
    Never,
}
