//! The Drupal preset on a host: what a site of Drupal 7 or of 8 and later needs around a switch. The order of updates,
//! config import and cache rebuilds is drush's own: `drush deploy` is called and not made again here.

mod drush;
mod maintenance;
mod prepare;
mod settings;
mod update;
mod words;

pub(crate) use maintenance::{normal, on as maintenance_on, restore};
pub(crate) use prepare::prepare;
pub(crate) use update::{rebuild, remember, update};
pub(crate) use words::reason;
