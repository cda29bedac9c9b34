//! From the file as typed to hosts with complete settings.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};

use super::file::{HostTable, InventoryFile};
use super::ssh_config::{Says, SshConfig};
use super::{Drupal, Engine, Host, Inventory, Jump, Site};
use super::{own_seeder, resolve_health, resolve_hooks, resolve_shared, resolve_tracker};
use crate::secret::SecretSource;
use crate::{Endpoint, Error, HostName, PortRange, RemotePath};

/// Longest path of a unix socket: sun_path has 108 bytes with its NUL (unix(7)).
pub(super) const SOCKET_PATH_MAX: usize = 107;

/// More hosts on a way than these are a circle.
const MOST_JUMPS: usize = 16;

/// Applies defaults and checks what only the whole file can tell.
pub(super) fn resolve(path: &Path, file: InventoryFile) -> Result<Inventory, Error> {
    let at = Place { path };
    let drupal = resolve_hooks::drupal(&at, file.site.drupal, file.drupal)?;
    let ours = drupal.as_ref().map_or(Ok(Vec::new()), Drupal::shared);
    let ours = ours.map_err(|why| at.refuse("drupal.docroot", why))?;
    let typed = file.site.shared.into_iter().map(toml::Spanned::into_inner).zip(file.site.shared_at);
    let site = Site {
        deploy_to: file.site.deploy_to,
        shared: resolve_shared::shared(&at, typed.collect(), ours)?,
        keep: match file.site.keep {
            Some(0) => return Err(at.refuse("site.keep", "at least one release must stay")),
            keep => keep.unwrap_or(5),
        },
    };
    let given =
        Given { defaults: &file.defaults, deploy_to: &site.deploy_to, ssh: &at.ssh_config(&file.defaults)? };
    let hosts = file.hosts.0.into_iter().map(|(name, table)| at.host(name, table, &given));
    let hosts = hosts.collect::<Result<Vec<_>, Error>>()?;
    if hosts.is_empty() {
        return Err(at.refuse("hosts", "there must be at least one host"));
    }
    at.one_name_per_site(&hosts)?;
    at.one_peer_per_address(&hosts)?;
    let (seeder, own_seeder) = own_seeder::seeders(&at, file.seeder, &hosts)?;
    let rollout = resolve_hooks::rollout(&at, file.rollout, file.groups, &hosts)?;
    let hooks = file.hooks.into_iter().map(|hook| resolve_hooks::hook(&at, hook, &hosts));
    let hooks = hooks.collect::<Result<Vec<_>, Error>>()?;
    if let Some(name) = drupal.as_ref().and_then(|drupal| drupal.host.as_ref()) {
        resolve_hooks::expect_host(&at, "drupal.host", name, &hosts)?;
    }
    let health = file.health.map(|table| resolve_health::health(&at, table, drupal.is_some())).transpose()?;
    Ok(Inventory {
        drupal,
        rollout,
        hooks,
        path: path.to_owned(),
        seeder,
        own_seeder,
        tracker: resolve_tracker::tracker(&at, file.tracker)?,
        health,
        site,
        hosts,
        defaults: file.defaults,
    })
}

/// A host that the file does not name, with the settings of its `[defaults]`.
pub(super) fn one_off(inventory: &Inventory, endpoint: &Endpoint) -> Result<Host, Error> {
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
struct Given<'a> {
    defaults: &'a HostTable,
    deploy_to: &'a RemotePath,
    ssh: &'a SshConfig,
}

/// The file being resolved, for its errors and relative paths.
pub(super) struct Place<'a> {
    pub(super) path: &'a Path,
}

impl Place<'_> {
    pub(super) fn refuse(&self, key: &str, reason: impl Into<String>) -> Error {
        Error::InventoryValue { path: self.path.to_owned(), key: key.to_owned(), reason: reason.into() }
    }

    /// The ssh_config that is in force.
    fn ssh_config(&self, defaults: &HostTable) -> Result<SshConfig, Error> {
        let named = defaults.ssh_config.as_ref();
        // `none` is a word, not a file beside the inventory.
        SshConfig::load(
            named
                .map(|file| if file.as_os_str() == "none" { file.clone() } else { self.local_path(file) })
                .as_deref(),
        )
    }

    fn host(&self, name: HostName, host: HostTable, given: &Given<'_>) -> Result<Host, Error> {
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

    /// The configured value, or the built-in text parsed like one.
    fn built_in<T: std::str::FromStr<Err = String>>(&self, value: Result<T, &str>) -> Result<T, Error> {
        value.or_else(|text| text.parse().map_err(|reason: String| self.refuse("defaults", reason)))
    }

    fn port(&self, key: &str, port: u16) -> Result<u16, Error> {
        if port == 0 { Err(self.refuse(key, "0 is not a port")) } else { Ok(port) }
    }

    /// A path on this machine: relative to the inventory's directory, `~/` is HOME.
    pub(super) fn local_path(&self, file: &Path) -> PathBuf {
        if let (Ok(below), Some(home)) = (file.strip_prefix("~"), env::var_os("HOME")) {
            return Path::new(&home).join(below);
        }
        self.path.parent().unwrap_or(Path::new("")).join(file)
    }

    /// A secret that is given as `<key>_file` or as `<key>_env`.
    pub(super) fn secret(
        &self,
        key: &str,
        file: Option<PathBuf>,
        env: Option<String>,
    ) -> Result<Option<SecretSource>, Error> {
        match (file, env) {
            (Some(_), Some(_)) => {
                Err(self.refuse(&format!("{key}_env"), format!("`{key}_file` is given, too")))
            }
            (Some(file), None) => Ok(Some(SecretSource::File(self.local_path(&file)))),
            (None, env) => Ok(env.map(SecretSource::Env)),
        }
    }

    /// rtorrent keeps one connection per address; embedded peers are told apart by their ports.
    pub(super) fn one_peer_per_address(&self, hosts: &[Host]) -> Result<(), Error> {
        let mut seen: BTreeMap<String, &Host> = BTreeMap::new();
        for host in hosts {
            let peer = host.peer_address.map_or_else(|| host.address.to_string(), |ip| ip.to_string());
            let Some(first) = seen.insert(peer.clone(), host) else { continue };
            if [first.engine, host.engine].contains(&Engine::Rtorrent) {
                return Err(Error::SamePeerAddress {
                    path: self.path.to_owned(),
                    first: first.name.clone(),
                    second: host.name.clone(),
                    address: peer.parse().unwrap_or_else(|_| host.address.clone()),
                });
            }
        }
        Ok(())
    }

    /// One directory of one server under two names: the two would be in each other's way at every step. What only the
    /// servers themselves can tell, `fleet-push doctor` finds.
    fn one_name_per_site(&self, hosts: &[Host]) -> Result<(), Error> {
        let way = |host: &Host| {
            let jumps: Vec<String> =
                host.jump.iter().map(|jump| format!("{}:{}", jump.address, jump.port)).collect();
            let server = if host.local { None } else { Some((host.address.to_string(), host.port, jumps)) };
            (server, host.deploy_to.as_str().trim_end_matches('/').to_owned())
        };
        let mut seen = BTreeMap::new();
        for host in hosts {
            if let Some(first) = seen.insert(way(host), &host.name) {
                let place = if host.local { "this machine" } else { host.address.as_str() };
                let reason = format!(
                    "`{}` on {place} is that of the host `{first}` already: keep one of the two, or give each a deploy_to of \
                     its own",
                    host.deploy_to
                );
                return Err(self.refuse(&format!("hosts.{}.deploy_to", host.name), reason));
            }
        }
        Ok(())
    }
}

/// The host's value, else the default's, else the built-in text.
fn pick<T: Clone>(host: Option<T>, defaults: &Option<T>, built_in: &'static str) -> Result<T, &'static str> {
    host.or_else(|| defaults.clone()).ok_or(built_in)
}
