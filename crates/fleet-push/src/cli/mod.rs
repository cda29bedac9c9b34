//! The command line: what was typed becomes a [`Job`].

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

mod keys;

use clap::{Args, Parser, Subcommand};
use cli::{Chosen, Common};
use fleet::{Host, Interrupt, Inventory, Rate, RemotePath, Selection, SshOptions, Timeouts, UserName};
use record::ExitCode;

use crate::Error;
use crate::install::{Setup, Task};
use crate::keys::Scan;
use crate::push::require::Require;

/// What a link carries, as long as nobody says so.
const LINK: &str = "1 Gbit/s";

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
    /// Examine every host for what a deployment needs, and say what to do about each fault
    Doctor(DoctorArgs),
    /// Put swap-release on every host, checked and at once, and keep the one before; or a configuration of rtorrent
    Install(InstallArgs),
    /// Bring hosts that were away to the release that the fleet serves: push it to those that lack it, and switch them
    Converge(ConvergeArgs),
    /// Show the hosts of the inventory with everything that was resolved; ask nobody
    Hosts(HostsArgs),
    /// Look at the hosts' SSH keys before they are trusted
    Keys(keys::KeysArgs),
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
struct DoctorArgs {
    #[command(flatten)]
    reach: Reach,
    /// Print JSON on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct InstallArgs {
    #[command(flatten)]
    reach: Reach,
    /// The swap-release for the hosts [default: the one beside fleet-push]
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Go back to the swap-release that was there before; again, and it is exchanged again
    #[arg(long, conflicts_with_all = ["binary", "rtorrent"])]
    back: bool,
    /// Account to log in as, where the one that deploys may not write; root, mostly
    #[arg(long = "as", value_name = "USER")]
    log_in_as: Option<UserName>,
    /// Show the reviewed configuration and systemd units of rtorrent, filled in for each host, instead
    #[arg(long, conflicts_with = "binary")]
    rtorrent: bool,
    /// With --rtorrent, put them in place; files that differ are kept beside, and nothing is started
    #[arg(long, requires = "rtorrent")]
    write: bool,
    /// With --rtorrent, whom it runs as
    #[arg(long, value_name = "USER", default_value = "site-rt", requires = "rtorrent")]
    rtorrent_user: UserName,
    /// With --rtorrent, its configuration on the hosts
    #[arg(long, value_name = "PATH", default_value = "/etc/site-rt/rtorrent.rc", requires = "rtorrent")]
    rtorrent_config: RemotePath,
    /// With --rtorrent, where units of systemd lie on the hosts
    #[arg(long, value_name = "DIR", default_value = "/etc/systemd/system", requires = "rtorrent")]
    unit_dir: RemotePath,
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
    course: Course,
    /// Ask every host what a push would do there; change nothing. See plan
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run, what every link carries, for the expected time; max_upload in fleet.toml goes before where it is less
    #[arg(long, value_name = "RATE", default_value = LINK, requires = "dry_run")]
    link: Rate,
    /// Hosts that must be staged in each group for success: all, a number, or a percentage; GROUP=... for one group (can be
    /// repeated) [default: `groups.NAME.quorum` and `rollout.quorum` of fleet.toml, else all]
    #[arg(long, value_name = "[GROUP=]all|N|N%")]
    require: Vec<Require>,
}

#[derive(Debug, Args)]
struct ConvergeArgs {
    #[command(flatten)]
    course: Course,
    /// Ask every host and print what would be done; change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What bringing a release to hosts needs to know.
#[derive(Debug, Args)]
struct Course {
    #[command(flatten)]
    reach: Reach,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,
    /// Longest time for all of it
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
    /// File for one line of JSON whenever a host gets further
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// File for Prometheus' textfile collector, kept up to date
    #[arg(long, value_name = "FILE")]
    metrics: Option<PathBuf>,
    /// JUnit XML with one case a host [default: push.junit.xml or converge.junit.xml in the folder of records]
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
    /// Hosts that are connected to and begun at the same time
    #[arg(long, value_name = "N", default_value = "64")]
    pub(crate) parallel: NonZeroUsize,
    /// Longest time from dialling a host until it has let us in
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = humantime::parse_duration)]
    connect_timeout: Duration,
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

    /// Those whose word counts when the whole fleet is asked: the inventory and the chosen ones, without the excluded.
    pub(crate) fn whole(&self, inventory: &Inventory, chosen: &[Host]) -> Vec<Host> {
        let excluded = |host: &Host| {
            let names = &self.chosen.exclude;
            names.iter().any(|name| name == host.name.as_str() || host.is_in(name))
        };
        let of_file = inventory.hosts.iter().filter(|host| !excluded(host));
        let beside =
            chosen.iter().filter(|host| !inventory.hosts.iter().any(|known| known.name == host.name));
        of_file.chain(beside).cloned().collect()
    }

    /// How they are reached, before anything of it was read.
    pub(crate) fn unchecked_options(&self, interrupt: &Interrupt) -> Result<SshOptions, Error> {
        Ok(SshOptions::new()
            .identity(self.identity.clone())
            .known_hosts(self.known_hosts.clone())
            .passphrase_from_env()?
            .timeouts(Timeouts { connect: self.connect_timeout, ..Timeouts::default() })
            .interrupt(interrupt.clone()))
    }

    /// How they are reached. A wrong path is the fault of this machine, to be told once and before any host is touched.
    pub(crate) fn options(&self, hosts: &[Host], interrupt: &Interrupt) -> Result<SshOptions, Error> {
        let options = self.unchecked_options(interrupt)?;
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

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Job {
    /// The stage.
    Push(Settings),
    /// Hosts that were away follow the others.
    Converge { settings: Settings, dry_run: bool },
    /// What it would do.
    Plan { reach: Reach, records: PathBuf, link: Rate, json: bool },
    /// What hosts lack.
    Doctor { reach: Reach, json: bool },
    /// What they lack, put there.
    Install { reach: Reach, task: Task, log_in_as: Option<UserName> },
    /// The inventory.
    Hosts { reach: Reach, json: bool },
    /// Its schema.
    Schema,
    /// The hosts' keys.
    Keys(Scan),
}

/// What bringing a release to hosts needs to know.
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
            Some(VerbArgs::Doctor(DoctorArgs { reach, json })) => Job::Doctor { reach, json },
            Some(VerbArgs::Install(install)) => install.into_job(),
            Some(VerbArgs::Keys(keys)) => keys.into_job(),
            Some(VerbArgs::Converge(ConvergeArgs { course, dry_run })) => {
                Job::Converge { settings: course.settings(Vec::new(), "converge.junit.xml"), dry_run }
            }
            Some(VerbArgs::Hosts(HostsArgs { schema: true, .. })) => Job::Schema,
            Some(VerbArgs::Hosts(HostsArgs { reach, json, .. })) => Job::Hosts { reach, json },
        }
    }
}

impl InstallArgs {
    fn into_job(self) -> Job {
        let task = if self.rtorrent {
            Task::Rtorrent(Setup {
                write: self.write,
                user: self.rtorrent_user,
                config: self.rtorrent_config,
                units: self.unit_dir,
            })
        } else if self.back {
            Task::Back
        } else {
            Task::Put { binary: self.binary }
        };
        Job::Install { reach: self.reach, task, log_in_as: self.log_in_as }
    }
}

impl PushArgs {
    fn into_job(self) -> Job {
        let Self { course, dry_run, link, require } = self;
        if dry_run {
            return Job::Plan { reach: course.reach, records: course.records, link, json: false };
        }
        Job::Push(course.settings(require, "push.junit.xml"))
    }
}

impl Course {
    fn settings(self, require: Vec<Require>, junit: &str) -> Settings {
        Settings {
            junit: self.junit.unwrap_or_else(|| self.records.join(junit)),
            reach: self.reach,
            records: self.records,
            timeout: self.timeout,
            payload: self.payload,
            allow_peer: self.allow_peer,
            max_upload: self.max_upload,
            grace: self.grace,
            stall_timeout: self.stall_timeout,
            require,
            events: self.events,
            metrics: self.metrics,
        }
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
        let converge = job(&["converge", "--fleet", "f", "--dry-run"]);
        assert!(matches!(converge, Ok(Job::Converge { dry_run: true, .. })));
        assert!(job(&["--fleet", "f", "plan"]).is_err(), "what was meant?");
    }

    #[test]
    fn an_installation_is_of_one_thing() {
        let job = |args: &[&str]| {
            let line = [&["fleet-push", "install", "--fleet", "f"], args].concat();
            Cli::try_parse_from(line).map(Cli::into_job)
        };
        let task = |args: &[&str]| match job(args) {
            Ok(Job::Install { task, .. }) => task,
            other => panic!("{other:?}"),
        };
        assert!(matches!(task(&[]), Task::Put { binary: None }));
        assert!(matches!(task(&["--back", "--as", "root"]), Task::Back));
        assert!(matches!(task(&["--rtorrent"]), Task::Rtorrent(Setup { write: false, .. })));
        for both in [&["--back", "--binary", "x"][..], &["--rtorrent", "--binary", "x"], &["--write"]] {
            assert!(job(both).is_err(), "{both:?}");
        }
    }
}
