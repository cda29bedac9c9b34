//! Which hosts are meant, and how they are reached.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use inventory::{Host, Inventory, Selection};
use remote::{Interrupt, Remote, SshOptions, Timeouts};

use crate::Error;

/// The way to a host: SSH for real, a recording in tests.
pub(crate) type Dial = Arc<dyn Fn(&Host) -> Result<Box<dyn Remote>, remote::HostError> + Send + Sync>;

/// Which hosts of which inventory, and how they are reached.
#[derive(Clone, Debug)]
pub(crate) struct Reach {
    /// The inventory.
    pub(crate) fleet: Option<PathBuf>,
    /// Hosts of it, instead of all.
    pub(crate) only: Vec<String>,
    /// Groups of it, instead of all hosts.
    pub(crate) groups: Vec<String>,
    /// Hosts and groups to leave out.
    pub(crate) exclude: Vec<String>,
    /// Hosts that are not in it: `[USER@]NAME[:PORT]`.
    pub(crate) beside: Vec<String>,
    /// The private key for SSH.
    pub(crate) identity: Option<PathBuf>,
    /// The host keys that are trusted.
    pub(crate) known_hosts: Option<PathBuf>,
    /// How many hosts are connected to at the same time.
    pub(crate) parallel: NonZeroUsize,
    /// The longest time from dialling a host until it has let us in.
    pub(crate) connect_timeout: Duration,
}

impl Reach {
    /// The inventory that was named.
    pub(crate) fn inventory(&self) -> Result<Inventory, Error> {
        Ok(Inventory::load(self.fleet.as_deref().ok_or(Error::NoInventory)?)?)
    }

    /// The hosts of it that are meant.
    pub(crate) fn choose(&self, inventory: &Inventory) -> Result<Vec<Host>, Error> {
        let (only, groups, exclude) = (self.only.clone(), self.groups.clone(), self.exclude.clone());
        Ok(inventory.choose(&Selection::new(only, groups, exclude, &self.beside)?)?)
    }

    /// Those whose word counts when the whole fleet is asked: the inventory and the chosen ones, without the excluded.
    pub(crate) fn whole(&self, inventory: &Inventory, chosen: &[Host]) -> Vec<Host> {
        let excluded =
            |host: &Host| self.exclude.iter().any(|name| name == host.name.as_str() || host.is_in(name));
        let of_file = inventory.hosts.iter().filter(|host| !excluded(host));
        let beside =
            chosen.iter().filter(|host| !inventory.hosts.iter().any(|known| known.name == host.name));
        of_file.chain(beside).cloned().collect()
    }

    /// How they are reached, before any file that this names is read.
    pub(crate) fn unchecked_options(&self, interrupt: &Interrupt) -> Result<SshOptions, Error> {
        Ok(SshOptions::new()
            .identity(self.identity.clone())
            .known_hosts(self.known_hosts.clone())
            .passphrase_from_env()?
            .timeouts(Timeouts { connect: self.connect_timeout, ..Timeouts::default() })
            .interrupt(interrupt.clone()))
    }

    /// How they are reached. A wrong path is the fault of this machine, reported once and before any host is touched.
    pub(crate) fn options(&self, hosts: &[Host], interrupt: &Interrupt) -> Result<SshOptions, Error> {
        let options = self.unchecked_options(interrupt)?;
        for host in hosts.iter().filter(|host| !host.local) {
            options.check(host)?;
        }
        Ok(options)
    }
}
