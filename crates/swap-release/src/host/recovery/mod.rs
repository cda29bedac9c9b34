//! Finishing or undoing what a killed process left. Every verb that may change something begins with [`lock`]; this stands
//! above the verbs, since it ends what they began.
//!
//! - `locking`: taking the lock of a site, with all of that done;
//! - `reconcile`: the journal, and what it was about; `lost_journal`: the same without it;
//! - `at_boot`: the verb reconcile, and waiting for this host's turn.

pub(crate) mod at_boot;
mod locking;
mod lost_journal;
mod reconcile;

pub(crate) use self::locking::{lock, lock_when_free, reconcile_if_idle};
