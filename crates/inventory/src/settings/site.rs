//! `[site]`: where releases live.

use crate::{RemotePath, SharedPaths};

/// `[site]`: where releases live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Site {
    /// Capistrano's deploy_to. A host may override it: use [`Host::deploy_to`](crate::Host::deploy_to).
    pub deploy_to: RemotePath,
    /// What every release is linked to; that of the Drupal preset included.
    pub shared: SharedPaths,
    /// How many releases stay on a host, at least 1.
    pub keep: u32,
}
