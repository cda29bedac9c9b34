//! Hooks on a host: commands, php-fpm, and the steps of the Drupal preset, each bounded in time, its output kept.

mod fpm;
pub(crate) mod kept;
mod opcache;
mod run;

pub(crate) use self::run::run;
