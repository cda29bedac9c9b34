//! Which hosts a command is about.

use crate::value::nearest;
use crate::{Endpoint, Error, Host, HostName, Inventory, resolve};

/// What was asked for on the command line; everything empty is the whole inventory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    only: Vec<String>,
    groups: Vec<String>,
    exclude: Vec<String>,
    hosts: Vec<Endpoint>,
}

impl Selection {
    /// These hosts of the inventory, and those of these groups, and these beside it; without those to exclude (hosts or
    /// groups).
    ///
    /// # Errors
    /// [`Error::NotAnEndpoint`] for one beside the inventory that cannot be dialled.
    pub fn new(
        only: Vec<String>,
        groups: Vec<String>,
        exclude: Vec<String>,
        hosts: &[String],
    ) -> Result<Self, Error> {
        let hosts = hosts.iter().map(|text| text.parse().map_err(|reason| Error::NotAnEndpoint { reason }));
        Ok(Self { only, groups, exclude, hosts: hosts.collect::<Result<_, _>>()? })
    }
}

impl Inventory {
    /// The hosts that are meant, in the order of the file, those beside it last; at least one.
    ///
    /// # Errors
    /// [`Error::NoSuchHost`] for a name that nobody has, [`Error::Twice`] for a host named beside the inventory that is in
    /// it, [`Error::NobodyLeft`].
    pub fn choose(&self, selection: &Selection) -> Result<Vec<Host>, Error> {
        let Selection { only, groups, exclude, hosts } = selection;
        let beside = self.beside(hosts)?;
        let everybody = || self.hosts.iter().chain(&beside);
        let is_host = |name: &str| everybody().any(|host| host.name.as_str() == name);
        let is_group = |name: &str| everybody().any(|host| host.is_in(name));
        self.expect("host", only, is_host)?;
        self.expect("group", groups, is_group)?;
        self.expect("host or group", exclude, |name| is_host(name) || is_group(name))?;
        let all = only.is_empty() && groups.is_empty() && hosts.is_empty();
        let named = |names: &[String], host: &Host| names.iter().any(|name| name == host.name.as_str());
        let grouped = |names: &[String], host: &Host| names.iter().any(|name| host.is_in(name));
        let of_file = self.hosts.iter().filter(|host| all || named(only, host) || grouped(groups, host));
        let chosen: Vec<Host> = of_file
            .chain(&beside)
            .filter(|host| !named(exclude, host) && !grouped(exclude, host))
            .cloned()
            .collect();
        if chosen.is_empty() {
            return Err(Error::NobodyLeft { path: self.path.clone() });
        }
        resolve::Place { path: &self.path }.one_peer_per_address(&chosen)?;
        Ok(chosen)
    }

    /// Hosts that are not in the file, each once.
    fn beside(&self, endpoints: &[Endpoint]) -> Result<Vec<Host>, Error> {
        let mut hosts: Vec<Host> = Vec::new();
        for endpoint in endpoints {
            let host = resolve::one_off(self, endpoint)?;
            let same = |known: &&Host| {
                known.name == host.name
                    || (&known.address, known.port, &known.user) == (&host.address, host.port, &host.user)
            };
            if let Some(known) = self.hosts.iter().find(same) {
                return Err(Error::Twice { path: self.path.clone(), name: known.name.clone() });
            }
            if !hosts.iter().any(|other| same(&other)) {
                hosts.push(host);
            }
        }
        Ok(hosts)
    }

    fn expect(
        &self,
        what: &'static str,
        names: &[String],
        known: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let Some(name) = names.iter().find(|name| !known(name)) else { return Ok(()) };
        let hosts = self.hosts.iter().map(|host| host.name.as_str()).filter(|_| what != "group");
        let groups = self.hosts.iter().flat_map(|host| &host.groups).map(HostName::as_str);
        let candidates = hosts.chain(groups.filter(|_| what != "host"));
        Err(Error::NoSuchHost {
            path: self.path.clone(),
            what,
            name: name.clone(),
            nearest: nearest(name, candidates).map(str::to_owned),
        })
    }
}
