//! What the stages hand to each other: one JSON record a stage, the folder they live in, their schemas, and exit codes.

mod answers;
mod build;
mod error;
mod exit;
mod files;
pub mod host;
mod names;
pub mod receive;
mod release;
pub mod schema;
mod stages;

pub use self::answers::fleet_doctor::{
    Check, ExaminedHost, FleetDoctor, RemedyCommand, RemedyPlace, Verdict,
};
pub use self::answers::fleet_hosts::{FleetHosts, ResolvedHost};
pub use self::answers::host_keys::{HostKeys, KeyStanding, ScannedHost, ScannedKey};
pub use self::answers::push_event::{HostPhase, PushEvent};
pub use self::answers::push_plan::{Estimate, PlanAction, PlannedHost, PushPlan};
pub use self::build::Build;
pub use self::error::Error;
pub use self::exit::ExitCode;
pub use self::files::durable;
pub use self::files::envelope::{Details, Input, Loaded, Record, Tool, now};
pub use self::files::folder::{AnyRecord, DEFAULT_FOLDER, Records, SUMMARY, any_record, record_bytes};
pub use self::names::digest::Sha256;
pub use self::names::file_name::FileName;
pub use self::names::release_id::ReleaseId;
pub use self::release::{Layout, NamedFile, PayloadFile, Release};
pub use self::stages::converge::{Converge, ConvergeOutcome, ConvergedHost};
pub use self::stages::pack::Pack;
pub use self::stages::publish::{Publish, Seeder, TrackerMode};
pub use self::stages::push::{Push, PushSeeder, PushState, PushedHost, SeederSpared, StepSeconds};
pub use self::stages::swap::{HookRun, HostOutcome, Outcome, Swap, SwappedHost, Verb};
pub use self::stages::undo::{Caches, DrupalFacts, HookOwed, Owed, Remains, Undone};
