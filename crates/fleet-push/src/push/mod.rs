//! `fleet-push`: brings the published release to every host, where it is staged and proved.
//!
//! - `run`: the verb, from its settings to its exit code;
//! - `deliver`: the seeder, the swarm and a task for each host;
//! - `context`: what the tasks of all hosts share;
//! - `host_task`: one host from connect to staged, on a thread of its own;
//! - `semaphore`, `retry`: how many hosts begin at a time, and when a broken connection is tried again;
//! - `copies`: whether the seeder is needed any more;
//! - `peer_policy`: who may take part;
//! - `require`, `outcome`: how many hosts of each group make a push a success.

mod context;
mod copies;
pub(crate) mod deliver;
mod host_task;
mod outcome;
pub(crate) mod peer_policy;
pub(crate) mod require;
pub(crate) mod retry;
pub(crate) mod run;
mod semaphore;
pub(crate) mod settings;
