//! The command line, and nothing else: what was typed becomes [`Settings`].

use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use cli::Common;
use record::ExitCode;

const EXAMPLES: &str = "\
Examples:
  fleet-push --fleet fleet.toml
  fleet-push --fleet fleet.toml --only web3 --identity \"$KEY\"

Run it again to finish: hosts that are done are skipped.";

/// Put a packed and published release on every server of a fleet, staged and proved, but not live
#[derive(Debug, Parser)]
#[command(name = "fleet-push", version, after_help = EXAMPLES)]
pub(crate) struct Cli {
    /// Inventory
    #[arg(long, value_name = "FILE", env = "MKT_FLEET")]
    fleet: PathBuf,
    /// Folder of records
    #[arg(long, value_name = "DIR", env = "MKT_RECORDS", default_value = record::DEFAULT_FOLDER)]
    records: PathBuf,
    /// Host of the inventory, instead of all (can be repeated)
    #[arg(long, value_name = "HOST")]
    only: Vec<String>,
    /// Private key for SSH; its passphrase comes from MKT_IDENTITY_PASSPHRASE or the file MKT_IDENTITY_PASSPHRASE_FILE
    #[arg(long, value_name = "FILE", env = "MKT_IDENTITY")]
    identity: Option<PathBuf>,
    /// Host keys that are trusted
    #[arg(long, value_name = "FILE", env = "MKT_KNOWN_HOSTS")]
    known_hosts: Option<PathBuf>,
    /// Hosts connected to at the same time; of those with rtorrent, also hosts at work
    #[arg(long, value_name = "N", default_value = "64")]
    parallel: NonZeroUsize,
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
    /// If this program dies, servers that are not done go on for as long as they get something, and those that are done
    /// stay for so long to help them
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    grace: Duration,
    /// JUnit XML with one case a host [default: push.junit.xml in the folder of records]
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl cli::Settings for Cli {
    const TOOL: &'static str = "fleet-push";
    const OUTPUTS: &'static [(&'static str, &'static str)] = &[
        ("push.json", "the record of the stage, in the folder of records"),
        ("push.junit.xml", "one test case a host"),
        ("summary.txt", "one line for the description of a build"),
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

/// What the stage needs to know.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) fleet: PathBuf,
    pub(crate) records: PathBuf,
    pub(crate) only: Vec<String>,
    pub(crate) identity: Option<PathBuf>,
    pub(crate) known_hosts: Option<PathBuf>,
    pub(crate) parallel: NonZeroUsize,
    pub(crate) timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) payload: Option<PathBuf>,
    pub(crate) allow_peer: Vec<SocketAddr>,
    pub(crate) grace: Duration,
    pub(crate) junit: PathBuf,
}

impl Cli {
    /// The settings, defaults that depend on each other filled in.
    pub(crate) fn into_settings(self) -> Settings {
        Settings {
            junit: self.junit.unwrap_or_else(|| self.records.join("push.junit.xml")),
            fleet: self.fleet,
            records: self.records,
            only: self.only,
            identity: self.identity,
            known_hosts: self.known_hosts,
            parallel: self.parallel,
            timeout: self.timeout,
            payload: self.payload,
            allow_peer: self.allow_peer,
            grace: self.grace,
            stall_timeout: self.stall_timeout,
        }
    }
}
