//! What is examined.

use inventory::{Drupal, Health, Hook, Host, SharedPaths};

/// What is examined, and how commands name it.
pub(crate) struct Subject<'a> {
    pub(crate) host: &'a Host,
    pub(crate) shared: &'a SharedPaths,
    pub(crate) hooks: &'a [Hook],
    /// The preset of a Drupal site.
    pub(crate) drupal: Option<&'a Drupal>,
    /// What a live release must answer.
    pub(crate) health: Option<&'a Health>,
    /// The inventory, as it was named.
    pub(crate) fleet: &'a str,
    /// The host is not in it.
    pub(crate) beside: bool,
}
