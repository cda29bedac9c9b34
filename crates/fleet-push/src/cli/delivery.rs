//! The flags of a push and of `converge`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use inventory::Rate;

use super::plan::LINK;
use super::reach::ReachArgs;
use super::request::Request;
use crate::converge::ConvergeRequest;
use crate::plan::PlanRequest;
use crate::push::require::Require;
use crate::push::run::PushRequest;
use crate::push::settings::PushSettings;

#[derive(Debug, Args)]
pub(super) struct PushArgs {
    #[command(flatten)]
    delivery: DeliveryArgs,
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
pub(super) struct ConvergeArgs {
    #[command(flatten)]
    delivery: DeliveryArgs,
    /// Ask every host and print what would be done; change nothing
    #[arg(long)]
    dry_run: bool,
}

/// What bringing a release to hosts needs to know.
#[derive(Debug, Args)]
struct DeliveryArgs {
    #[command(flatten)]
    reach: ReachArgs,
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

impl PushArgs {
    pub(super) fn into_request(self) -> Request {
        let Self { delivery, dry_run, link, require } = self;
        if dry_run {
            let (reach, records) = (delivery.reach.into_reach(), delivery.records);
            return Request::Plan(PlanRequest { reach, records, link, json: false });
        }
        Request::Push(PushRequest { settings: delivery.into_settings("push.junit.xml"), require })
    }
}

impl ConvergeArgs {
    pub(super) fn into_request(self) -> ConvergeRequest {
        let Self { delivery, dry_run } = self;
        ConvergeRequest { settings: delivery.into_settings("converge.junit.xml"), dry_run }
    }
}

impl DeliveryArgs {
    fn into_settings(self, junit: &str) -> PushSettings {
        PushSettings {
            junit: self.junit.unwrap_or_else(|| self.records.join(junit)),
            reach: self.reach.into_reach(),
            records: self.records,
            timeout: self.timeout,
            payload: self.payload,
            allow_peer: self.allow_peer,
            max_upload: self.max_upload,
            grace: self.grace,
            stall_timeout: self.stall_timeout,
            events: self.events,
            metrics: self.metrics,
        }
    }
}
