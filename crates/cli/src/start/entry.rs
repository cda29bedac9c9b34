//! From `main` to a stage and back: parse, log, run, print the error, end with its code.

use std::ffi::OsString;
use std::io::Write;

use log::{Level, LevelFilter};
use record::ExitCode;

use crate::start::{generate, help};
use crate::{Abort, ColorChoice, Console, Failure, Settings, sanitize};

/// The `main` of every binary.
///
/// `run` gets the parsed command line, the console and the abort flag, and gives the exit code or the error that
/// ends the binary.
pub fn main<S, E, F>(run: F) -> std::process::ExitCode
where
    S: Settings,
    E: Failure,
    F: FnOnce(S, &Console, &Abort) -> Result<ExitCode, E>,
{
    start::<S, E, F>(std::env::args_os(), run).into()
}

fn start<S, E, F>(args: impl IntoIterator<Item = OsString>, run: F) -> ExitCode
where
    S: Settings,
    E: Failure,
    F: FnOnce(S, &Console, &Abort) -> Result<ExitCode, E>,
{
    let args: Vec<OsString> = args.into_iter().collect();
    if let [_, flag, folder] = args.as_slice()
        && flag == "--generate"
    {
        return write_documents::<S>(folder.as_ref());
    }
    let parsed = help::command::<S>().try_get_matches_from(args);
    let settings = match parsed.and_then(|matches| S::from_arg_matches(&matches)) {
        Ok(settings) => settings,
        Err(error) => {
            // Prints help and version on stdout, errors on stderr; if nobody reads that, the code still tells.
            let _gone = error.print();
            return if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok };
        }
    };
    let common = settings.common().clone();
    log_to_stderr(S::TOOL, common.verbose);
    let console = Console::new(S::TOOL, common.color);
    let abort = match Abort::on_signals() {
        Ok(abort) => abort,
        Err(error) => {
            console.warn(format!("cannot handle SIGTERM: {error}"));
            Abort::default()
        }
    };
    match run(settings, &console, &abort) {
        Ok(code) => code,
        Err(error) => {
            console.error(&error);
            error.exit_code()
        }
    }
}

/// `--generate DIR`, for packagers: not in `--help`, since nobody deploys with it.
fn write_documents<S: Settings>(folder: &std::path::Path) -> ExitCode {
    match generate::all::<S>(folder) {
        Ok(()) => ExitCode::Ok,
        Err(error) => {
            Console::new(S::TOOL, ColorChoice::Auto)
                .warn(format!("cannot write `{}`: {error}", folder.display()));
            ExitCode::CannotWrite
        }
    }
}

/// Our crates that log; `tests/house` compares the list with them.
const OURS: &[&str] = &[
    "agent",
    "cli",
    "fleet_push",
    "inventory",
    "metainfo",
    "mkt_pack",
    "payload",
    "record",
    "remote",
    "rtorrent_rpc",
    "swap_release",
    "swarm_peer",
    "tracker_client",
    "tracker_publish",
];

fn log_to_stderr(tool: &'static str, verbose: u8) {
    let level = match verbose {
        0 => LevelFilter::Warn,
        1 => LevelFilter::Info,
        _ => LevelFilter::Debug,
    };
    // Only our own crates: a library's debug log may print headers, and with them a secret.
    let mut builder = env_logger::Builder::new();
    for ours in OURS {
        builder.filter_module(ours, level);
    }
    builder.format(move |out, entry| {
        let text = sanitize(&entry.args().to_string());
        writeln!(out, "[{tool}] {}: {text}", word(entry.level()))
    });
    // Fails only if a logger is there already, as in a test that runs two stages in one process.
    let _already = builder.try_init();
}

/// What stands before a line of the log: of a warning the same as everywhere.
fn word(level: Level) -> &'static str {
    match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::Common;

    #[derive(Debug, Parser)]
    #[command(name = "tool")]
    struct Line {
        #[arg(long)]
        number: Option<u8>,
        #[command(flatten)]
        common: Common,
    }

    impl Settings for Line {
        const TOOL: &'static str = "tool";
        const OUTPUTS: &'static [(&'static str, &'static str)] = &[("x.json", "all there is to know")];
        const EXIT_CODES: &'static [ExitCode] = &[ExitCode::Ok, ExitCode::Busy];
        fn common(&self) -> &Common {
            &self.common
        }
    }

    fn code(args: &[&str]) -> ExitCode {
        let args = std::iter::once("tool").chain(args.iter().copied()).map(OsString::from);
        start(args, |line: Line, _: &Console, _: &Abort| match line.number {
            Some(0) => Err(record::Error::Missing { path: "records/pack.json".into() }),
            _ => Ok(ExitCode::Ok),
        })
    }

    #[test]
    fn help_says_what_it_leaves_and_how_it_ends() {
        let help = help::command::<Line>().render_long_help().to_string();
        assert!(help.contains("x.json") && help.contains("75 lock held"), "{help}");
    }

    #[test]
    fn documents_come_from_the_same_definition() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().as_os_str().to_owned();
        assert_eq!(
            start(["tool".into(), "--generate".into(), path], |_: Line, _: &Console, _: &Abort| {
                Ok::<_, record::Error>(ExitCode::Unexpected)
            }),
            ExitCode::Ok
        );
        for (file, text) in [
            ("man/tool.1", "number"),
            ("completions/tool.bash", "--number"),
            ("completions/_tool", "--number"),
            ("completions/tool.fish", "number"),
            ("tool.html", "<code>--number &lt;NUMBER&gt;</code>"),
            ("exit-codes.md", "| 75 |"),
        ] {
            let written = std::fs::read_to_string(folder.path().join(file)).unwrap();
            assert!(written.contains(text), "{file}: {written}");
        }
    }

    #[test]
    fn the_code_tells_how_it_ended() {
        assert_eq!(code(&[]), ExitCode::Ok);
        assert_eq!(code(&["--help"]), ExitCode::Ok);
        assert_eq!(code(&["--nonsense"]), ExitCode::Usage);
        assert_eq!(code(&["--number", "300"]), ExitCode::Usage);
        assert_eq!(code(&["--number", "0"]), ExitCode::BadInput);
    }
}
