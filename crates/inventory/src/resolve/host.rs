//! A host's complete settings: its own table over `[defaults]` over the ssh_config over the built-in values.

use std::path::PathBuf;

use super::place::{Place, SOCKET_PATH_MAX};
use crate::file::HostTable;
use crate::ssh_config::{Says, SshConfig};
use crate::{Endpoint, Error, Host, HostName, Inventory, Jump, PortRange, RemotePath};

/// More hosts on a way than these are a circle.
const MOST_JUMPS: usize = 16;

/// A host that the file does not name, with the settings of its `[defaults]`.
pub(crate) fn one_off(inventory: &Inventory, endpoint: &Endpoint) -> Result<Host, Error> {
    let at = Place { path: &inventory.path };
    let name = endpoint.name().map_err(|why| at.refuse("--host", why))?;
    let table = HostTable {
        address: Some(endpoint.address.clone()),
        user: endpoint.user.clone(),
        port: endpoint.port,
        ..HostTable::default()
    };
    let (defaults, deploy_to) = (&inventory.defaults, &inventory.site.deploy_to);
    at.host(name, table, &Given { defaults, deploy_to, ssh: &at.ssh_config(defaults)? })
}

/// What a host does not say itself is taken from here.
pub(super) struct Given<'a> {
    pub(super) defaults: &'a HostTable,
    pub(super) deploy_to: &'a RemotePath,
    pub(super) ssh: &'a SshConfig,
}

impl Place<'_> {
    /// The ssh_config that is in force.
    pub(super) fn ssh_config(&self, defaults: &HostTable) -> Result<SshConfig, Error> {
        let named = defaults.ssh_config.as_ref();
        // `none` is a word, not a file beside the inventory.
        SshConfig::load(
            named
                .map(|file| if file.as_os_str() == "none" { file.clone() } else { self.local_path(file) })
                .as_deref(),
        )
    }

    pub(super) fn host(&self, name: HostName, host: HostTable, given: &Given<'_>) -> Result<Host, Error> {
        let defaults = given.defaults;
        let key = |key: &str| format!("hosts.{name}{key}");
        let typed =
            host.address.clone().ok_or_else(|| self.refuse(&key(".address"), "the key is missing"))?;
        let local = host.local.unwrap_or(false);
        let asked_user = host.user.clone().or_else(|| defaults.user.clone());
        let says = if local { Says::default() } else { given.ssh.ask(&typed, asked_user.as_ref())? };
        let address = says.address.unwrap_or_else(|| typed.clone());
        let port = self.port(&key(".port"), host.port.or(defaults.port).or(says.port).unwrap_or(22))?;
        let user = self.built_in(pick(asked_user, &says.user, "deploy"))?;
        let files = |file: Option<&PathBuf>| file.map(|file| self.local_path(file));
        let identity = files(host.identity.as_ref().or(defaults.identity.as_ref()));
        let known_hosts: Vec<PathBuf> =
            files(host.known_hosts.as_ref().or(defaults.known_hosts.as_ref())).into_iter().collect();
        let own_jumps = host.jump.as_ref().or(defaults.jump.as_ref());
        let mut way = says.way;
        if own_jumps.is_some() {
            // What fleet.toml says of the way goes before.
            way.proxy_command = None;
        }
        let jumps = own_jumps.or(says.jump.as_ref()).map_or(&[][..], |jumps| &jumps.0);
        // The first one may be behind others, says an ssh_config, and so on.
        let mut endpoints: Vec<Endpoint> = jumps.to_vec();
        for _ in 0..MOST_JUMPS {
            let Some(first) = endpoints.first() else { break };
            let Some(before) = given.ssh.ask(&first.address, first.user.as_ref())?.jump else { break };
            if before.0.is_empty() {
                break;
            }
            if before.0.iter().any(|jump| endpoints.contains(jump))
                || endpoints.len() + before.0.len() > MOST_JUMPS
            {
                return Err(self.refuse(&key(".jump"), format!("the way by `{}` has no end", first.address)));
            }
            endpoints.splice(0..0, before.0);
        }
        let jump = |endpoint: &Endpoint| -> Result<Jump, Error> {
            let says = given.ssh.ask(&endpoint.address, endpoint.user.as_ref())?;
            let mut way = says.way;
            if identity.is_some() {
                way.forget_keys();
            }
            Ok(Jump {
                way,
                user: endpoint.user.clone().or(says.user).unwrap_or_else(|| user.clone()),
                address: says.address.unwrap_or_else(|| endpoint.address.clone()),
                port: endpoint.port.or(says.port).unwrap_or(22),
                identity: identity.clone().or(says.identity),
                known_hosts: if known_hosts.is_empty() { says.known_hosts } else { known_hosts.clone() },
            })
        };
        let jump = endpoints.iter().map(jump).collect::<Result<Vec<_>, Error>>()?;
        if identity.is_some() {
            way.forget_keys();
        }
        let mut groups = host.groups;
        groups.extend(host.group.clone().filter(|group| !groups.contains(group)));
        let rpc_socket = pick(host.rpc_socket, &defaults.rpc_socket, "/run/site-rt/rpc.sock");
        let rpc_socket = self.built_in(rpc_socket)?;
        if rpc_socket.as_str().len() > SOCKET_PATH_MAX {
            return Err(self.refuse(&key(".rpc_socket"), "a socket's path has at most 107 bytes"));
        }
        let watch_dir = self.built_in(pick(host.watch_dir, &defaults.watch_dir, "/var/lib/site-rt/watch"))?;
        Ok(Host {
            address,
            peer_address: host.peer_address,
            peer_port: self
                .port(&key(".peer_port"), host.peer_port.or(defaults.peer_port).unwrap_or(6890))?,
            peer_ports: host.peer_ports.or(defaults.peer_ports).unwrap_or(PortRange::DEFAULT),
            peer_listen: host.peer_listen,
            max_upload: host.max_upload.or(defaults.max_upload),
            group: host.group,
            groups,
            port,
            user,
            identity: identity.or(says.identity),
            known_hosts: if known_hosts.is_empty() { says.known_hosts } else { known_hosts },
            way,
            jump,
            local,
            deploy_to: host.deploy_to.unwrap_or_else(|| given.deploy_to.clone()),
            watch_dir,
            rpc_socket,
            swap_release: self.built_in(pick(host.swap_release, &defaults.swap_release, "swap-release"))?,
            engine: host.engine.or(defaults.engine).unwrap_or_default(),
            passkey: self.secret(&key(".passkey"), host.passkey_file, host.passkey_env)?,
            name,
        })
    }
}

/// The host's value, else the default's, else the built-in text.
fn pick<T: Clone>(host: Option<T>, defaults: &Option<T>, built_in: &'static str) -> Result<T, &'static str> {
    host.or_else(|| defaults.clone()).ok_or(built_in)
}
