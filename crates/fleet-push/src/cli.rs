//! The command line: what was typed becomes a [`Job`].

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use cli::{Chosen, Common};
use fleet::{Host, Interrupt, Inventory, Rate, Selection, SshOptions};
use record::ExitCode;

use crate::Error;
use crate::require::Require;

/// What a link carries, as long as nobody says so.
const LINK: &str = "1 Gbit/s";

const EXAMPLES: &str = "\
Examples:
  fleet-push --fleet fleet.toml
  fleet-push --fleet fleet.toml --group eu --exclude web7 --identity \"$KEY\"
  fleet-push --fleet fleet.toml --dry-run                  # ask the hosts what a push would do; the same as plan
  fleet-push --fleet fleet.toml --require 90% --require eu=all --events push.jsonl
  fleet-push plan --fleet fleet.toml --link '200 Mbit/s' --json
  fleet-push hosts --fleet fleet.toml                      # the inventory as it is understood
  fleet-push --fleet fleet.toml --host root@10.0.0.19:2222 # one that is not in it

Run it again to finish: hosts that are done are skipped.";

/// Put a packed and published release on every server of a fleet, staged and proved, but not live
#[derive(Debug, Parser)]
#[command(name = "fleet-push", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
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
    /// Show the hosts of the inventory with everything that was resolved; ask nobody
    Hosts(HostsArgs),
}

#[derive(Debug, Args)]
struct PlanArgs {
    #[command(flatten)]
    reach: Reach,
    /// Folder of records; the release is that of pack.json
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,
    /// What every link carries, for the expected time; max_upload in fleet.toml goes before where it is less
    #[arg(long, value_name = "RATE", default_value = LINK)]
    link: Rate,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct HostsArgs {
    #[command(flatten)]
    reach: Reach,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
    /// Print the JSON Schema of fleet.toml instead, for editors
    #[arg(long, conflicts_with = "json")]
    schema: bool,
}

#[derive(Debug, Args)]
struct PushArgs {
    #[command(flatten)]
    reach: Reach,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,
    /// Ask every host what a push would do there; change nothing. See plan
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run, what every link carries, for the expected time; max_upload in fleet.toml goes before where it is less
    #[arg(long, value_name = "RATE", default_value = LINK, requires = "dry_run")]
    link: Rate,
    /// Longest time for the whole push
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// A host that gets no new byte for so long has failed
    #[arg(long, value_name = "TIME", default_value = "120s", value_parser = humantime::parse_duration)]
    stall_timeout: Duration,
    /// Payload to seed from here, for a tree layout: the site; an archive is taken from the folder of records
    #[arg(long, value_name = "PATH")]
    payload: Option<PathBuf>,
    /// Client of another kind that takes part: embedded peers dial it, and it may come in (can be repeated)
    #[arg(long, value_name = "IP:PORT")]
    allow_peer: Vec<SocketAddr>,
    /// Most that this machine and each host may send of the payload; max_upload in fleet.toml goes before where it is less
    #[arg(long, value_name = "RATE")]
    max_upload: Option<Rate>,
    /// If this program dies, servers that are not done go on for as long as they get something, and those that are done
    /// stay for so long to help them
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    grace: Duration,
    /// Hosts that must be staged in each group for success: all, a number, or a percentage; GROUP=... for one group (can be
    /// repeated) [default: all]
    #[arg(long, value_name = "[GROUP=]all|N|N%")]
    require: Vec<Require>,
    /// File for one line of JSON whenever a host gets further
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// File for Prometheus' textfile collector, kept up to date
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// JUnit XML with one case a host [default: push.junit.xml in the folder of records]
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
}

/// Which hosts, and how they are reached.
#[derive(Debug, Args)]
pub(crate) struct Reach {
    /// Inventory
    #[arg(long, value_name = "FILE", env = "MKT_FLEET")]
    fleet: Option<PathBuf>,
    #[command(flatten)]
    chosen: Chosen,
    /// Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE
    #[arg(long, value_name = "FILE", env = "MKT_IDENTITY")]
    identity: Option<PathBuf>,
    /// Host keys that are trusted
    #[arg(long, value_name = "FILE", env = "MKT_KNOWN_HOSTS")]
    known_hosts: Option<PathBuf>,
    /// Hosts connected to at the same time; of those with rtorrent, also hosts at work
    #[arg(long, value_name = "N", default_value = "64")]
    pub(crate) parallel: NonZeroUsize,
}

impl Reach {
    /// The inventory that was named.
    pub(crate) fn inventory(&self) -> Result<Inventory, Error> {
        Ok(Inventory::load(self.fleet.as_deref().ok_or(Error::NoInventory)?)?)
    }

    /// The hosts of it that are meant.
    pub(crate) fn choose(&self, inventory: &Inventory) -> Result<Vec<Host>, Error> {
        let Chosen { only, group, exclude, host } = self.chosen.clone();
        Ok(inventory.choose(&Selection::new(only, group, exclude, &host)?)?)
    }

    /// How they are reached. A wrong path is the fault of this machine, to be told once and before any host is touched.
    pub(crate) fn options(&self, hosts: &[Host], interrupt: &Interrupt) -> Result<SshOptions, Error> {
        let options = SshOptions::new()
            .identity(self.identity.clone())
            .known_hosts(self.known_hosts.clone())
            .passphrase_from_env()?
            .interrupt(interrupt.clone());
        for host in hosts.iter().filter(|host| !host.local) {
            options.check(host)?;
        }
        Ok(options)
    }
}

impl cli::Settings for Cli {
    const TOOL: &'static str = "fleet-push";
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("push.json", "the record of the stage, in the folder of records"),
        ("push.junit.xml", "one test case a host"),
        ("summary.txt", "one line for the description of a build"),
        ("standard output", "with --json of plan and hosts; neither leaves a file"),
    ];
    const EXIT_CODES: &'static [ExitCode] = &[
        ExitCode::Ok,
        ExitCode::Unexpected,
        ExitCode::Usage,
        ExitCode::BadInput,
        ExitCode::CannotWrite,
        ExitCode::SomeHostsFailed,
        ExitCode::NoHostSucceeded,
        ExitCode::Terminated,
    ];

    fn common(&self) -> &Common {
        &self.common
    }
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Job {
    /// The stage.
    Push(Settings),
    /// What it would do.
    Plan { reach: Reach, records: PathBuf, link: Rate, json: bool },
    /// The inventory.
    Hosts { reach: Reach, json: bool },
    /// Its schema.
    Schema,
}

/// What the stage needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) reach: Reach,
    pub(crate) records: PathBuf,
    pub(crate) timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) payload: Option<PathBuf>,
    pub(crate) allow_peer: Vec<SocketAddr>,
    pub(crate) max_upload: Option<Rate>,
    pub(crate) grace: Duration,
    pub(crate) junit: PathBuf,
    pub(crate) require: Vec<Require>,
    pub(crate) events: Option<PathBuf>,
    pub(crate) metrics: Option<PathBuf>,
}

impl Cli {
    /// The job, defaults that depend on each other filled in.
    pub(crate) fn into_job(self) -> Job {
        match self.verb {
            None => self.push.into_job(),
            Some(VerbArgs::Plan(PlanArgs { reach, records, link, json })) => {
                Job::Plan { reach, records, link, json }
            }
            Some(VerbArgs::Hosts(HostsArgs { schema: true, .. })) => Job::Schema,
            Some(VerbArgs::Hosts(HostsArgs { reach, json, .. })) => Job::Hosts { reach, json },
        }
    }
}

impl PushArgs {
    fn into_job(self) -> Job {
        if self.dry_run {
            return Job::Plan { reach: self.reach, records: self.records, link: self.link, json: false };
        }
        Job::Push(Settings {
            junit: self.junit.unwrap_or_else(|| self.records.join("push.junit.xml")),
            reach: self.reach,
            records: self.records,
            timeout: self.timeout,
            payload: self.payload,
            allow_peer: self.allow_peer,
            max_upload: self.max_upload,
            grace: self.grace,
            stall_timeout: self.stall_timeout,
            require: self.require,
            events: self.events,
            metrics: self.metrics,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_dry_run_is_a_plan() {
        let job = |args: &[&str]| Cli::try_parse_from([&["fleet-push"], args].concat()).map(Cli::into_job);
        let plan = job(&["--fleet", "f", "--dry-run", "--group", "eu"]).unwrap();
        assert!(matches!(plan, Job::Plan { json: false, .. }), "{plan:?}");
        assert!(matches!(job(&["plan", "--fleet", "f", "--json"]), Ok(Job::Plan { json: true, .. })));
        assert!(matches!(job(&["hosts", "--schema"]), Ok(Job::Schema)));
        assert!(matches!(job(&["--fleet", "f"]), Ok(Job::Push(_))));
        assert!(job(&["--fleet", "f", "plan"]).is_err(), "what was meant?");
    }
}
