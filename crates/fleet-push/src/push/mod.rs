//! `fleet-push`: brings the published release to every host, where it is staged and proved.
//!
//! - `run`: the verb, from its settings to its exit code;
//! - `deliver`: the seeder, the swarm and a task for each host;
//! - `host_task`: one host from connect to staged, on a thread of its own;
//! - `semaphore`, `retry`: how many hosts begin at a time, and when a broken connection is tried again;
//! - `copies`: whether the seeder is needed any more;
//! - `require`: how many hosts of each group make a push a success.

pub(crate) mod copies;
pub(crate) mod deliver;
pub(crate) mod host_task;
pub(crate) mod require;
pub(crate) mod retry;
pub(crate) mod run;
mod semaphore;
