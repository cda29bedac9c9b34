//! What is done on a server. A module needs only those that stand before it here:
//!
//! - `disk`: the effects that a switch depends on, behind a trait;
//! - `site`: the layout on a server, its lock and its state;
//! - `process`: other programs, with a limit;
//! - `lint`: what the configuration of its web servers does to a switch;
//! - `drupal`, `hooks`: what is run around a switch, on orders of the controller;
//! - `shared`: links from a release to what outlives releases;
//! - `verbs`: one verb a file;
//! - `recovery`: finishing what a killed process left;
//! - `events`, `receive`, `run`: from the BitTorrent client, from fleet-push, and from the command line (`job`).

pub(crate) mod disk;
pub(crate) mod drupal;
pub(crate) mod events;
pub(crate) mod hooks;
pub(crate) mod job;
pub(crate) mod lint;
pub(crate) mod process;
pub(crate) mod receive;
pub(crate) mod recovery;
pub(crate) mod run;
pub(crate) mod shared;
pub(crate) mod site;
pub(crate) mod verbs;
