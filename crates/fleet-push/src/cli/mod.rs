//! The command line: what was typed becomes a [`Request`], and is done.

mod delivery;
mod doctor;
mod hosts;
mod install;
mod keys;
mod plan;
mod reach;
mod request;

use std::process;

use clap::{Parser, Subcommand};
use cli::Common;
use record::ExitCode;

use self::delivery::{ConvergeArgs, PushArgs};
use self::doctor::DoctorArgs;
use self::hosts::HostsArgs;
use self::install::InstallArgs;
use self::keys::KeysArgs;
use self::plan::PlanArgs;
use self::request::Request;

/// The binary.
#[must_use]
pub fn main() -> process::ExitCode {
    cli::main(|cli: Cli, console, abort| cli.into_request().run(console, abort))
}

const EXAMPLES: &str = "\
Examples:
  fleet-push --fleet fleet.toml
  fleet-push --fleet fleet.toml --group eu --exclude web7 --identity \"$KEY\"
  fleet-push --fleet fleet.toml --dry-run                  # ask the hosts what a push would do; the same as plan
  fleet-push --fleet fleet.toml --require 90% --require eu=all --events push.jsonl
  fleet-push plan --fleet fleet.toml --link '200 Mbit/s' --json
  fleet-push doctor --fleet fleet.toml                     # what do servers lack, and what helps
  fleet-push install --fleet fleet.toml --as root          # swap-release, on every server
  fleet-push converge --fleet fleet.toml                   # who was away gets what the others serve, and serves it, too
  fleet-push hosts --fleet fleet.toml                      # the inventory as it is understood
  fleet-push keys scan --fleet fleet.toml                  # the hosts' SSH keys, and whether they are known
  fleet-push --fleet fleet.toml --host root@10.0.0.19:2222 # one that is not in it

Run it again to finish: hosts that are done are skipped.";

/// Put a packed and published release on every server of a fleet, staged and proved, but not live
#[derive(Debug, Parser)]
#[command(name = "fleet-push", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    verb: Option<VerbArgs>,
    #[command(flatten)]
    push: PushArgs,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Subcommand)]
enum VerbArgs {
    /// Ask every host what a push would do there, and expect how long it takes; change nothing
    Plan(PlanArgs),
    /// Examine every host for what a deployment needs, and say what to do about each fault
    Doctor(DoctorArgs),
    /// Put swap-release on every host, checked and at once, and keep the one before; or a configuration of rtorrent
    Install(InstallArgs),
    /// Bring hosts that were away to the release that the fleet serves: push it to those that lack it, and switch them
    Converge(ConvergeArgs),
    /// Show the hosts of the inventory with everything that was resolved; ask nobody
    Hosts(HostsArgs),
    /// Look at the hosts' SSH keys before they are trusted
    Keys(KeysArgs),
}

impl cli::Settings for Cli {
    const TOOL: &'static str = "fleet-push";
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("push.json", "the record of the stage, in the folder of records"),
        ("converge.json", "that of converge; push.json stays as it is"),
        ("push.junit.xml, converge.junit.xml", "one test case a host"),
        ("summary.txt", "one line for the description of a build"),
        ("known_hosts", "with --add of keys scan: a line for every key that is vouched for"),
        ("standard output", "with --json of plan, doctor, hosts and keys; none of them leaves a file"),
    ];
    const EXIT_CODES: &'static [ExitCode] = &[
        ExitCode::Ok,
        ExitCode::Unexpected,
        ExitCode::Usage,
        ExitCode::BadInput,
        ExitCode::CannotWrite,
        ExitCode::SomeHostsFailed,
        ExitCode::NoHostSucceeded,
        ExitCode::Mixed,
        ExitCode::Terminated,
    ];

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Cli {
    fn into_request(self) -> Request {
        match self.verb {
            None => self.push.into_request(),
            Some(VerbArgs::Plan(plan)) => Request::Plan(plan.into_request()),
            Some(VerbArgs::Doctor(doctor)) => Request::Doctor(doctor.into_request()),
            Some(VerbArgs::Install(install)) => Request::Install(install.into_request()),
            Some(VerbArgs::Converge(converge)) => Request::Converge(converge.into_request()),
            Some(VerbArgs::Hosts(hosts)) => hosts.into_request(),
            Some(VerbArgs::Keys(keys)) => Request::Keys(keys.into_request()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::converge::ConvergeRequest;
    use crate::install::{InstallRequest, Setup, Task};
    use crate::plan::PlanRequest;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_dry_run_is_a_plan() {
        let request =
            |args: &[&str]| Cli::try_parse_from([&["fleet-push"], args].concat()).map(Cli::into_request);
        let plan = request(&["--fleet", "f", "--dry-run", "--group", "eu"]).unwrap();
        assert!(matches!(plan, Request::Plan(PlanRequest { json: false, .. })), "{plan:?}");
        assert!(matches!(
            request(&["plan", "--fleet", "f", "--json"]),
            Ok(Request::Plan(PlanRequest { json: true, .. }))
        ));
        assert!(matches!(request(&["hosts", "--schema"]), Ok(Request::Schema)));
        assert!(matches!(request(&["--fleet", "f"]), Ok(Request::Push(_))));
        let converge = request(&["converge", "--fleet", "f", "--dry-run"]);
        assert!(matches!(converge, Ok(Request::Converge(ConvergeRequest { dry_run: true, .. }))));
        assert!(request(&["--fleet", "f", "plan"]).is_err(), "what was meant?");
    }

    #[test]
    fn an_installation_is_of_one_thing() {
        let request = |args: &[&str]| {
            let line = [&["fleet-push", "install", "--fleet", "f"], args].concat();
            Cli::try_parse_from(line).map(Cli::into_request)
        };
        let task = |args: &[&str]| match request(args) {
            Ok(Request::Install(InstallRequest { task, .. })) => task,
            other => panic!("{other:?}"),
        };
        assert!(matches!(task(&[]), Task::Put { binary: None }));
        assert!(matches!(task(&["--back", "--as", "root"]), Task::Back));
        assert!(matches!(task(&["--rtorrent"]), Task::Rtorrent(Setup { write: false, .. })));
        for both in [&["--back", "--binary", "x"][..], &["--rtorrent", "--binary", "x"], &["--write"]] {
            assert!(request(both).is_err(), "{both:?}");
        }
    }
}
