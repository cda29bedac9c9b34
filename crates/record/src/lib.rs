//! The hand-off between stages: one JSON record a stage, the folder they live in, their JSON Schemas, and the
//! exit codes that all binaries share. Nothing else: a stage that wants to talk to another does it here.
//!
//! Stability: within one schema version (`pack/1`) no field is added, removed or given another meaning; readers
//! refuse fields they do not know. A change means a new version and a note of old reader x new writer in the
//! changelog. One frozen record per released version is loaded by a test for ever.

mod build;
mod converge;
mod digest;
pub mod durable;
mod envelope;
mod error;
mod exit;
mod file_name;
mod fleet_doctor;
mod fleet_hosts;
mod folder;
pub mod host;
mod host_keys;
mod pack;
mod publish;
mod push;
mod push_event;
mod push_plan;
pub mod receive;
mod release;
mod release_id;
pub mod schema;
mod swap;
mod undo;

pub use build::Build;
pub use converge::{Converge, ConvergeOutcome, ConvergedHost};
pub use digest::Sha256;
pub use envelope::{Details, Input, Loaded, Record, Tool, now};
pub use error::Error;
pub use exit::ExitCode;
pub use file_name::FileName;
pub use fleet_doctor::{Check, ExaminedHost, FleetDoctor, RemedyCommand, RemedyPlace, Verdict};
pub use fleet_hosts::{FleetHosts, ResolvedHost};
pub use folder::{AnyRecord, DEFAULT_FOLDER, Records, SUMMARY, any_record, record_bytes};
pub use host_keys::{HostKeys, KeyStanding, ScannedHost, ScannedKey};
pub use pack::Pack;
pub use publish::{Publish, Seeder, TrackerMode};
pub use push::{Push, PushSeeder, PushState, PushedHost, SeederSpared, StepSeconds};
pub use push_event::{HostPhase, PushEvent};
pub use push_plan::{Estimate, PlanAction, PlannedHost, PushPlan};
pub use release::{Layout, NamedFile, PayloadFile, Release};
pub use release_id::ReleaseId;
pub use swap::{HookRun, HostOutcome, Outcome, Swap, SwappedHost, Verb};
pub use undo::{Caches, DrupalFacts, HookOwed, Owed, Remains, Undone};
