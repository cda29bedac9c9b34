//! `fleet-push plan`.

use std::path::PathBuf;

use clap::Args;
use inventory::Rate;

use super::reach::ReachArgs;
use crate::plan::PlanRequest;

/// What a link carries, as long as nobody says so.
pub(super) const LINK: &str = "1 Gbit/s";

#[derive(Debug, Args)]
pub(super) struct PlanArgs {
    #[command(flatten)]
    reach: ReachArgs,
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

impl PlanArgs {
    pub(super) fn into_request(self) -> PlanRequest {
        let Self { reach, records, link, json } = self;
        PlanRequest { reach: reach.into_reach(), records, link, json }
    }
}
