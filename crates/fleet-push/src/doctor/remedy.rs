//! What a check says, and the commands that put things right.

use inventory::{Engine, Host};
use record::{Check, RemedyCommand, RemedyPlace, Verdict};
use remote::Argv;

use super::Subject;

/// As it should be.
pub(super) fn ok(check: &str, found: impl Into<String>) -> Check {
    of(check, Verdict::Ok, found)
}

/// It cannot be told.
pub(super) fn unknown(check: &str, found: impl Into<String>) -> Check {
    of(check, Verdict::Unknown, found)
}

/// Odd, but a deployment goes on.
pub(super) fn warning(
    check: &str,
    found: impl Into<String>,
    remedy: impl Into<String>,
    commands: impl Into<Vec<RemedyCommand>>,
) -> Check {
    Check { remedy: Some(remedy.into()), commands: commands.into(), ..of(check, Verdict::Warning, found) }
}

/// A deployment would fail.
pub(super) fn fault(
    check: &str,
    found: impl Into<String>,
    remedy: impl Into<String>,
    commands: impl Into<Vec<RemedyCommand>>,
) -> Check {
    Check { remedy: Some(remedy.into()), commands: commands.into(), ..of(check, Verdict::Fault, found) }
}

fn of(check: &str, verdict: Verdict, found: impl Into<String>) -> Check {
    Check { check: check.to_owned(), verdict, found: found.into(), remedy: None, commands: Vec::new() }
}

/// A command for the machine that runs `fleet-push`.
pub(super) fn here(argv: &Argv) -> RemedyCommand {
    RemedyCommand { place: RemedyPlace::Here, command: argv.to_string() }
}

/// A command for the host, as the account that deploys.
pub(super) fn on_host(argv: &Argv) -> RemedyCommand {
    RemedyCommand { place: RemedyPlace::Host, command: argv.to_string() }
}

/// A command for the host, as root.
pub(super) fn as_root(argv: &Argv) -> RemedyCommand {
    RemedyCommand { place: RemedyPlace::Root, command: argv.to_string() }
}

impl Subject<'_> {
    /// A program of ours for this host alone: `fleet-push VERB --fleet FILE --only NAME`.
    pub(super) fn ours(&self, program: &str, verb: &str) -> Argv {
        let argv = Argv::new(program).args([verb, "--fleet", self.fleet]);
        if self.beside {
            let host = self.host;
            return argv.arg("--host").arg(format!("{}@{}:{}", host.user, host.address, host.port));
        }
        argv.args(["--only", self.host.name.as_str()])
    }

    /// A directory made for the account that deploys.
    pub(super) fn make_directory(&self, path: &str) -> RemedyCommand {
        as_root(&Argv::new("install").args(["-d", "-o", self.host.user.as_str(), "-m", "755", path]))
    }

    /// The command that shows, and with `--write` puts, a configuration of rtorrent there.
    pub(super) fn rtorrent_setup(&self) -> RemedyCommand {
        here(&self.ours("fleet-push", "install").arg("--rtorrent"))
    }
}

/// `ssh -p PORT -J JUMP USER@ADDRESS`, for a person who looks for himself.
pub(super) fn ssh(host: &Host) -> Argv {
    let mut argv = Argv::new("ssh").args(["-p", &host.port.to_string()]);
    if let Some(identity) = &host.identity {
        argv = argv.arg("-i").arg(identity.display().to_string());
    }
    if !host.jump.is_empty() {
        let way: Vec<String> =
            host.jump.iter().map(|jump| format!("{}@{}:{}", jump.user, jump.address, jump.port)).collect();
        argv = argv.arg("-J").arg(way.join(","));
    }
    argv.arg(format!("{}@{}", host.user, host.address))
}

/// Whether its rtorrent carries the payload.
pub(super) fn has_rtorrent(host: &Host) -> bool {
    host.engine == Engine::Rtorrent
}
