//! What `swap-release lint` on a host says of its web servers, for `doctor` and `plan`.

use std::time::Duration;

use inventory::{Health, Hook, HookAction, Host};
use remote::Remote;

use crate::error::Fault;

const BRIEF: Duration = Duration::from_secs(30);
/// What swap-release says of a web server that serves a release by its real path.
const BY_REAL_PATH: &str = "by its real path";

/// What it says where no web server's configuration serves the site.
const NOTHING_KNOWN: &str = "nothing is known";

/// What it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Lint {
    /// A line each: file, line, what it does, what helps.
    pub(crate) findings: Vec<String>,
    /// A web server serves a release by its real path, and follows a switch by a hook only.
    pub(crate) by_real_path: bool,
    /// Why nothing is known of the site's web server.
    pub(crate) unknown: Option<String>,
}

/// Asks about the site, what `[health]` takes for a proof, and the php-fpm of the hooks. `None` if it cannot tell, as an
/// older one.
pub(crate) fn lint(
    remote: &dyn Remote,
    host: &Host,
    health: Option<&Health>,
    hooks: &[Hook],
) -> Result<Option<Lint>, Fault> {
    let mut argv = agent::command(host, "lint");
    let header = health.and_then(|health| health.header.as_ref()).map(ToString::to_string);
    if let Some(name) = header.as_deref().and_then(|header| header.split(':').next()) {
        argv = argv.args(["--header", name.trim()]);
    }
    let fill = |name: &str| match name {
        "address" => host.address.to_string(),
        _ => host.name.to_string(),
    };
    for hook in hooks {
        argv = match &hook.action {
            HookAction::OpcacheReset(fpm) => argv.args(["--opcache-reset", &fpm.render(fill)]),
            HookAction::FpmReload(pid_file) => argv.args(["--fpm-reload", &pid_file.render(fill)]),
            HookAction::Command(_) => argv,
        };
    }
    let output = remote.exec(&argv, b"", BRIEF)?;
    // A line a finding on standard output; what else there is to know on standard error.
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("[swap-release] ")).collect();
    let by_real_path = lines.iter().any(|line| line.starts_with(BY_REAL_PATH));
    let findings = match output.status.code() {
        Some(0) => Vec::new(),
        // Its own code for this: what it looked at is not good.
        Some(code) if code == i32::from(record::ExitCode::BadInput.number()) => {
            String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect()
        }
        _ => return Ok(None),
    };
    let unknown = lines.iter().find(|line| line.starts_with(NOTHING_KNOWN)).map(|line| (*line).to_owned());
    Ok(Some(Lint { findings, by_real_path, unknown }))
}
