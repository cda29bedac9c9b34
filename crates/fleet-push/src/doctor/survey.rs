//! The hosts of one run looked at together: what a single one cannot know.

use std::sync::Arc;

use inventory::{Drupal, Health, Hook, Host, HostName, Inventory, SharedPaths};
use remote::{Interrupt, SshOptions};

use super::Subject;
use super::checks::{address_family, same_site};
use super::examine::{Observed, Trial, examine};
use super::hold::release;

/// What all hosts of a run have in common.
#[derive(Clone)]
pub(crate) struct Survey {
    shared: SharedPaths,
    drupal: Option<Drupal>,
    health: Option<Health>,
    hooks: Vec<Hook>,
    fleet: String,
    own: Vec<HostName>,
    inventory: Arc<Inventory>,
    /// Names this run on the hosts, and no other.
    run: String,
}

impl Survey {
    pub(crate) fn of(inventory: &Inventory) -> Self {
        Self {
            shared: inventory.site.shared.clone(),
            drupal: inventory.drupal.clone(),
            health: inventory.health.clone(),
            hooks: inventory.hooks.clone(),
            fleet: inventory.path.display().to_string(),
            own: inventory.hosts.iter().map(|host| host.name.clone()).collect(),
            inventory: Arc::new(inventory.clone()),
            run: format!("{:032x}", fastrand::u128(..)),
        }
    }

    fn subject<'a>(&'a self, host: &'a Host) -> Subject<'a> {
        Subject {
            host,
            shared: &self.shared,
            drupal: self.drupal.as_ref(),
            health: self.health.as_ref(),
            hooks: &self.hooks,
            fleet: &self.fleet,
            beside: !self.own.contains(&host.name),
        }
    }

    /// Looks at one.
    pub(crate) fn examine(
        &self,
        host: &Host,
        trial: Trial,
        options: &SshOptions,
        interrupt: &Interrupt,
    ) -> Observed {
        examine(&self.subject(host), &self.run, trial, options, interrupt)
    }

    /// Once all were looked at: says of those that are one and the same that they are, and takes away what was left for
    /// that.
    pub(crate) fn conclude(&self, hosts: &[Host], observed: &mut [Observed]) {
        for (host, found) in hosts.iter().zip(observed.iter_mut()).filter(|(host, _)| !host.local) {
            found.checks.extend(address_family::check(&self.inventory, host));
        }
        let index_of = |name: &str| hosts.iter().position(|host| host.name.as_str() == name);
        // Any text may have been in the file; only a name of ours counts.
        let twins: Vec<(usize, usize)> = observed
            .iter()
            .enumerate()
            .filter_map(|(later, one)| Some((later, index_of(one.also()?)?)))
            .filter(|(later, first)| later != first)
            .collect();
        for (one, other) in twins.into_iter().flat_map(|(later, first)| [(later, first), (first, later)]) {
            if let (Some(host), Some(twin), Some(found)) =
                (hosts.get(one), hosts.get(other), observed.get_mut(one))
            {
                found.checks.push(same_site::twins(&self.subject(host), twin));
            }
        }
        release(observed.iter_mut().filter_map(|one| one.held.take()).collect());
    }
}
