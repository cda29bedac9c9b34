//! The two-phase commit of a fleet.
//!
//! - `run`: a swap from its `plan` to its `report`; `dry_run`: what it would do;
//! - `prove`, `two_phases`: the phases; `ended`: how they ended;
//! - `coordinator`: what is done with all hosts at once; `rollout`, `steps`: who goes when, and what is run around it;
//! - `host_task`: one host on its way; `prepare`, `switch`, `talk` and `health` are its phases;
//! - `diagnosis`: what a failed health check says; `undo`: shared caches, when a release is taken back;
//! - `successor`: the process that finishes a commit whose controller died.

mod coordinator;
mod diagnosis;
mod dry_run;
mod ended;
mod health;
mod host_task;
mod plan;
mod prepare;
mod prove;
mod report;
mod rollout;
mod run;
mod steps;
mod successor;
mod switch;
mod talk;
#[cfg(test)]
mod tests;
mod two_phases;
mod undo;

pub(super) use self::run::run;
pub(super) use self::successor::is_orphaned;
