//! `--help`: what clap's definition says, and after the examples what is left behind and how it ends.

use clap::{Command, CommandFactory};

use crate::Settings;

/// The command line with all of it; everything that documents a binary starts from here.
pub(crate) fn command<S: Settings>() -> Command {
    let command = <S as CommandFactory>::command();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    command
        .after_help(format!("{examples}\n\n{}\n\n{}", outputs::<S>(), codes::<S>()).trim_start().to_owned())
}

fn outputs<S: Settings>() -> String {
    let width = S::OUTPUTS.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = S::OUTPUTS.iter().map(|(name, what)| format!("  {name:width$}  {what}"));
    std::iter::once("Leaves:".to_owned()).chain(lines).collect::<Vec<_>>().join("\n")
}

fn codes<S: Settings>() -> String {
    let one = |code: &record::ExitCode| format!("{} {}", code.number(), code.meaning());
    format!("Exit codes: {}.", S::EXIT_CODES.iter().map(one).collect::<Vec<_>>().join("; "))
}
