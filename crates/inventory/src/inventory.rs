//! `fleet.toml`, read once, checked, and resolved so that every host carries its own complete settings.

use std::path::PathBuf;

use crate::file::HostTable;
use crate::{Drupal, Health, Hook, Host, OwnSeeder, Rollout, Seeder, Site, Tracker};

/// A resolved `fleet.toml`.
#[derive(Clone, Debug)]
pub struct Inventory {
    /// The file it came from, for messages.
    pub path: PathBuf,
    /// What is common to all hosts.
    pub site: Site,
    /// The rtorrent that seeds, if `[seeder]` names one.
    pub seeder: Option<Seeder>,
    /// Who seeds during a push when no rtorrent does.
    pub own_seeder: OwnSeeder,
    /// How peers find each other.
    pub tracker: Tracker,
    /// What a live release must answer, if `[health]` is there.
    pub health: Option<Health>,
    /// What a Drupal site needs around a switch, if `site.drupal` is there.
    pub drupal: Option<Drupal>,
    /// Who goes first, how many at a time, how many must be there.
    pub rollout: Rollout,
    /// What is run around a switch, in the order of the file.
    pub hooks: Vec<Hook>,
    /// The hosts in the order of the file; at least one.
    pub hosts: Vec<Host>,
    /// `[defaults]`, for hosts that are named beside the file.
    pub(crate) defaults: HostTable,
}
