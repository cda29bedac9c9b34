//! From the file as typed to hosts with complete settings.

mod health;
mod hooks;
mod host;
mod place;
mod seeder;
mod shared;
mod tracker;

use std::collections::BTreeMap;
use std::path::Path;

use self::host::Given;
pub(crate) use self::host::one_off;
pub(crate) use self::place::Place;
use crate::file::{self, InventoryFile};
use crate::{Drupal, Error, Host, Inventory, Site};

impl Inventory {
    /// Reads and resolves `path`. Relative paths in it are relative to its directory.
    ///
    /// # Errors
    /// Unreadable, not TOML, an unknown key, or a value that is not valid; see the first variants of [`Error`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        file::read(path).and_then(|file| resolve(path, file))
    }
}

/// Applies defaults and checks what only the whole file can tell.
fn resolve(path: &Path, file: InventoryFile) -> Result<Inventory, Error> {
    let at = Place { path };
    let drupal = hooks::drupal(&at, file.site.drupal, file.drupal)?;
    let ours = drupal.as_ref().map_or(Ok(Vec::new()), Drupal::shared);
    let ours = ours.map_err(|why| at.refuse("drupal.docroot", why))?;
    let typed = file.site.shared.into_iter().map(toml::Spanned::into_inner).zip(file.site.shared_at);
    let site = Site {
        deploy_to: file.site.deploy_to,
        shared: shared::shared(&at, typed.collect(), ours)?,
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
    one_name_per_site(&at, &hosts)?;
    at.one_peer_per_address(&hosts)?;
    let (seeder, own_seeder) = seeder::seeders(&at, file.seeder, &hosts)?;
    let rollout = hooks::rollout(&at, file.rollout, file.groups, &hosts)?;
    let hooks = file.hooks.into_iter().map(|hook| hooks::hook(&at, hook, &hosts));
    let hooks = hooks.collect::<Result<Vec<_>, Error>>()?;
    if let Some(name) = drupal.as_ref().and_then(|drupal| drupal.host.as_ref()) {
        hooks::expect_host(&at, "drupal.host", name, &hosts)?;
    }
    let health = file.health.map(|table| health::health(&at, table, drupal.is_some())).transpose()?;
    Ok(Inventory {
        drupal,
        rollout,
        hooks,
        path: path.to_owned(),
        seeder,
        own_seeder,
        tracker: tracker::tracker(&at, file.tracker)?,
        health,
        site,
        hosts,
        defaults: file.defaults,
    })
}

/// One directory of one server under two names: the two would be in each other's way at every step. What only the
/// servers themselves can tell, `fleet-push doctor` finds.
fn one_name_per_site(at: &Place<'_>, hosts: &[Host]) -> Result<(), Error> {
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
            return Err(at.refuse(&format!("hosts.{}.deploy_to", host.name), reason));
        }
    }
    Ok(())
}
