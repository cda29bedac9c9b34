//! One host goes live on a release that it has staged, switched by its own `swap-release` as a fleet of one.

use std::path::Path;
use std::time::{Duration, Instant};

use inventory::Host;
use record::{Loaded, Release, ReleaseId, Swap};
use remote::{Argv, LineRead, Output, Remote};

use crate::error::Fault;
use crate::hosts::reach::Dial;
use crate::hosts::staging;
use crate::job::clock::Clock;

/// `$0` swap-release, `$1` the bytes of the `fleet.toml` that comes on standard input, then its arguments. Standard output
/// is the record of the switch. When standard input ends, its sender has gone or wishes it to end: swap-release is told
/// so, and puts the host back unless that is decided already.
const SCRIPT: &str = r#"d=$(mktemp -d) || exit 11
trap 'rm -rf -- "$d"' EXIT
head -c "$1" >"$d/fleet.toml" || exit 11
shift
exec 3<&0
"$0" "$@" --fleet "$d/fleet.toml" --records "$d" </dev/null >&2 &
p=$!
{ cat <&3; kill -TERM "$p"; } >/dev/null 2>&1 &
w=$!
wait "$p"
c=$?
kill "$w" 2>/dev/null
cat "$d/swap.json" 2>/dev/null
exit "$c"
"#;

/// Time to take in a `fleet.toml`.
const ORDER: Duration = Duration::from_secs(30);
/// How long a wait for the host lasts before the end of everything is looked for.
const GLANCE: Duration = Duration::from_millis(50);
/// What it may take to end when it is told to. Everything must be over 3 s after a SIGTERM.
const STOPS: Duration = Duration::from_millis(900);

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
        let after = staging::status(&*remote, host)?.current;
        Ok((said, after))
    });
    let (error, after) = match result {
        Err(fault) => (Some(fault.beside()), None),
        Ok((_, after)) if after.as_ref() == Some(&release.id) => (None, after),
        Ok((Err(fault), after)) => (Some(fault.beside()), after),
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
    let output = run(remote, &argv(host, alone, release, owner), alone, clock)?;
    let swap = record(&output);
    let own = swap.as_ref().and_then(|swap| swap.hosts.iter().find(|one| one.name == host.name.as_str()));
    *health = own.and_then(|own| own.health.clone());
    if output.status.success() {
        return Ok(());
    }
    let reason = own.and_then(|own| own.error.clone()).unwrap_or_else(|| output.reason());
    Err(Fault::Command { command: "swap-release converge".into(), reason, hint: None })
}

/// Runs it to its end, or has it end when everything is to.
fn run(remote: &dyn Remote, argv: &Argv, input: &str, clock: &Clock) -> Result<Output, Fault> {
    clock.check()?;
    let mut process = remote.spawn(argv)?;
    process.write(input.as_bytes(), Instant::now() + ORDER)?;
    let mut stdout = Vec::new();
    loop {
        match process.read_line(Instant::now() + GLANCE)? {
            LineRead::Line(line) => stdout.extend_from_slice(format!("{line}\n").as_bytes()),
            LineRead::TimedOut => {}
            LineRead::End => break,
        }
        if let Err(fault) = clock.check() {
            process.close_stdin()?;
            let _still_there = process.wait(Instant::now() + STOPS);
            return Err(fault);
        }
    }
    let status = process.wait(Instant::now() + ORDER)?;
    Ok(Output { status, stdout, stderr: process.stderr().into_bytes(), stdout_cut: false })
}

fn argv(host: &Host, alone: &str, release: &Release, owner: Option<&str>) -> Argv {
    let argv = Argv::new("sh").args(["-c", SCRIPT, host.swap_release.as_str()]);
    let argv = argv.arg(alone.len().to_string()).args(["converge", "--only", host.name.as_str()]);
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
