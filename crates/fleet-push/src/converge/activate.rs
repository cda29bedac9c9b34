//! One host goes live on a release that it has staged, switched by its own `swap-release` as a fleet of one.

use std::path::Path;

use fleet::{Argv, Host, Output, Remote};
use record::{Loaded, Release, ReleaseId, Swap};

use crate::clock::Clock;
use crate::fault::Fault;
use crate::swap;
use crate::visit::Dial;

/// `$0` swap-release, the rest its arguments; standard input is a `fleet.toml`, which it reads as a file: sshd's own
/// standard input is a socket, and no file can be opened by the name of one. Standard output is the record of the switch.
const SCRIPT: &str = r#"d=$(mktemp -d) || exit 11
cat | "$0" "$@" --records "$d"
c=$?
cat "$d/swap.json" 2>/dev/null
rm -rf -- "$d"
exit $c
"#;

/// How it went.
#[derive(Debug)]
pub(super) struct Activated {
    /// What is live there now; `None` if nothing is, or it is not known.
    pub(super) after: Option<ReleaseId>,
    /// What its health check saw.
    pub(super) health: Option<String>,
    /// Why it does not serve the release.
    pub(super) error: Option<String>,
}

/// Switches `host`, whose inventory by itself is `alone`. What is believed in the end is the host's own status.
pub(super) fn activate(
    host: &Host,
    alone: &str,
    release: &Release,
    owner: Option<&str>,
    dial: &Dial,
    clock: &Clock,
) -> Activated {
    let mut health = None;
    let result = dial(host).map_err(Fault::from).and_then(|remote| {
        let said = converge(&*remote, host, alone, release, owner, clock, &mut health);
        let after = swap::status(&*remote, host)?.current;
        Ok((said, after))
    });
    let (error, after) = match result {
        Err(fault) => (Some(fault.beside(&host.name)), None),
        Ok((_, after)) if after.as_ref() == Some(&release.id) => (None, after),
        Ok((Err(fault), after)) => (Some(fault.beside(&host.name)), after),
        Ok((Ok(()), after)) => (Some("it says that it was switched, but is not".to_owned()), after),
    };
    Activated { after, health, error }
}

fn converge(
    remote: &dyn Remote,
    host: &Host,
    alone: &str,
    release: &Release,
    owner: Option<&str>,
    clock: &Clock,
    health: &mut Option<String>,
) -> Result<(), Fault> {
    clock.check()?;
    let output = remote.exec(&argv(host, release, owner), alone.as_bytes(), clock.left())?;
    let swap = record(&output);
    let own = swap.as_ref().and_then(|swap| swap.hosts.iter().find(|one| one.name == host.name.as_str()));
    *health = own.and_then(|own| own.health.clone());
    if output.status.success() {
        return Ok(());
    }
    let reason = own.and_then(|own| own.error.clone()).unwrap_or_else(|| output.reason());
    Err(Fault::Command { command: "swap-release converge".into(), reason })
}

fn argv(host: &Host, release: &Release, owner: Option<&str>) -> Argv {
    let argv = Argv::new("sh").args(["-c", SCRIPT, host.swap_release.as_str(), "converge"]);
    let argv = argv.args(["--fleet", "/dev/stdin", "--only", host.name.as_str()]);
    let argv = owner.map_or(argv.clone(), |owner| argv.args(["--owner", owner]));
    argv.arg(release.id.as_str())
}

/// The record that it printed, if it got so far. A login script may have said something first.
fn record(output: &Output) -> Option<Swap> {
    let begin = output.stdout.iter().position(|byte| *byte == b'{')?;
    let bytes = output.stdout.get(begin..)?.to_vec();
    let loaded = Loaded::<Swap>::parse(bytes, Path::new("swap.json"));
    loaded.map_err(|error| log::info!("{error}")).ok().map(|loaded| loaded.record.details)
}
