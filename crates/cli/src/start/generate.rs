//! Documents from the command line's own definition: man pages, shell completions, and the parts of the Jenkins help
//! and of README that list flags, variables and exit codes. scripts/docs puts them where they belong.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use clap::{Arg, Command};
use clap_complete::Shell;
use record::ExitCode;

use crate::Settings;
use crate::start::help;

/// Writes all of it below `folder`.
///
/// # Errors
/// What the system says.
pub(crate) fn all<S: Settings>(folder: &Path) -> io::Result<()> {
    let (man, completions) = (folder.join("man"), folder.join("completions"));
    fs::create_dir_all(&man)?;
    fs::create_dir_all(&completions)?;
    let mut command = help::command::<S>().disable_help_subcommand(true);
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut command, S::TOOL, &completions)?;
    }
    command.build();
    clap_mangen::generate_to(command.clone(), &man)?;
    fs::write(folder.join(format!("{}.html", S::TOOL)), html::<S>(&command))?;
    fs::write(folder.join(format!("{}.environment.tsv", S::TOOL)), environment(&command))?;
    fs::write(folder.join("exit-codes.md"), exit_codes_md())?;
    fs::write(folder.join("exit-codes.html"), exit_codes_html(&ExitCode::ALL))
}

/// The command and its verbs, each with the words that call it.
fn commands(command: &Command) -> Vec<(String, &Command)> {
    let name = command.get_name().to_owned();
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help");
    let below = |(words, verb): (String, _)| (format!("{name} {words}"), verb);
    let verbs: Vec<_> = verbs.flat_map(commands).map(below).collect();
    std::iter::once((name.clone(), command)).chain(verbs).collect()
}

/// Flags of one command that are its own; those that every verb has are listed with the command itself.
fn flags(command: &Command, top: bool) -> impl Iterator<Item = &Arg> {
    command.get_arguments().filter(move |arg| {
        arg.get_long().is_some()
            && !arg.is_hide_set()
            && !["help", "version"].contains(&arg.get_id().as_str())
            && (top || !arg.is_global_set())
    })
}

/// `--fleet <FILE>`.
fn usage(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    let takes = arg.get_action().takes_values();
    let values = arg.get_value_names().filter(|_| takes).unwrap_or_default();
    let values: String = values.iter().map(|value| format!(" <{value}>")).collect();
    format!("--{long}{values}")
}

fn about(arg: &Arg) -> String {
    arg.get_help().map(ToString::to_string).unwrap_or_default().replace('\n', " ")
}

fn default(arg: &Arg) -> Option<String> {
    let shown = !arg.is_hide_default_value_set() && arg.get_action().takes_values();
    let values = arg.get_default_values().iter().map(|value| value.to_string_lossy().into_owned());
    Some(values.collect::<Vec<_>>().join(" ")).filter(|text| shown && !text.is_empty())
}

fn html<S: Settings>(command: &Command) -> String {
    let mut out = String::new();
    for (position, (words, verb)) in commands(command).into_iter().enumerate() {
        let flags: Vec<&Arg> = flags(verb, position == 0).collect();
        if flags.is_empty() {
            continue;
        }
        out += &format!("<p>Flags of <code>{words}</code>:</p>\n<ul>\n");
        for flag in flags {
            let mut notes = Vec::new();
            if let Some(variable) = flag.get_env() {
                notes.push(format!("environment <code>{}</code>", escape(&variable.to_string_lossy())));
            }
            if let Some(value) = default(flag) {
                notes.push(format!("default <code>{}</code>", escape(&value)));
            }
            let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
            out += &format!(
                "  <li><code>{}</code>{notes}: {}</li>\n",
                escape(&usage(flag)),
                escape(&about(flag))
            );
        }
        out += "</ul>\n";
    }
    out += "<p>Leaves:</p>\n<ul>\n";
    for (name, what) in S::OUTPUTS {
        out += &format!("  <li><code>{}</code>: {}</li>\n", escape(name), escape(what));
    }
    out + "</ul>\n" + &exit_codes_html(S::EXIT_CODES)
}

/// Variable, flag and program, for README's table; scripts/docs joins what several programs share.
fn environment(command: &Command) -> String {
    let all = commands(command)
        .into_iter()
        .enumerate()
        .flat_map(|(position, (_, verb))| flags(verb, position == 0));
    let row = |flag: &Arg| {
        Some(format!("{}\t{}\t{}\n", flag.get_env()?.to_string_lossy(), usage(flag), command.get_name()))
    };
    all.filter_map(row).collect::<BTreeSet<_>>().into_iter().collect()
}

fn exit_codes_md() -> String {
    let row = |code: ExitCode| format!("| {} | {} | {} |\n", code.number(), code.meaning(), code.advice());
    let rows: String = ExitCode::ALL.into_iter().map(row).collect();
    format!("| code | meaning | what a pipeline does |\n|---|---|---|\n{rows}")
}

fn exit_codes_html(codes: &[ExitCode]) -> String {
    let row = |code: &ExitCode| format!("  <li>{}: {}</li>\n", code.number(), escape(code.meaning()));
    let rows: String = codes.iter().map(row).collect();
    format!("<p>Exit codes:</p>\n<ul>\n{rows}</ul>\n")
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
