//! The Drupal preset on a host: what a site of Drupal 7 or of 8 and later needs around a switch. The order of updates,
//! config import and cache rebuilds is drush's own: `drush deploy` is called and not made again here.

pub(crate) mod commands;
mod drush;

mod journal;
mod look;
mod maintenance;
mod pay;
mod prepare;
mod settings;
mod sql_dump;
mod update;
mod words;

pub(crate) use journal::{Undo, arm, committed, facts, know, owe, settle, settled, standing};
pub(crate) use look::look;
pub(crate) use maintenance::{normal, on as maintenance_on, restore};
#[cfg(test)]
pub(crate) use pay::patience;
#[cfg(test)]
pub(crate) use pay::{Deed, deeds};
pub(crate) use pay::{again, pay, reconcile, take_over, turn};
pub(crate) use prepare::prepare;
pub(crate) use settings::FILE as SETTINGS;
pub(crate) use update::{dump, rebuild, remember, update};
pub(crate) use words::reason;

#[cfg(test)]
mod undo_tests;
