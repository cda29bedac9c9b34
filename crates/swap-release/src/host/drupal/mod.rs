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
#[cfg(test)]
mod undo_tests;
mod update;
mod words;

#[cfg(test)]
pub(crate) use self::journal::patience;
pub(crate) use self::journal::{Undo, arm, committed, facts, know, owe, settle, settled, standing};
pub(crate) use self::look::look;
pub(crate) use self::maintenance::{normal, on as maintenance_on, restore};
#[cfg(test)]
pub(crate) use self::pay::{UndoStep, undo_steps};
pub(crate) use self::pay::{again, pay, reconcile, take_over, turn};
pub(crate) use self::prepare::prepare;
pub(crate) use self::settings::FILE as SETTINGS;
pub(crate) use self::update::{dump, rebuild, remember, update};
pub(crate) use self::words::reason;
