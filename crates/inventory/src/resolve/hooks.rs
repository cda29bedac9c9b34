//! From the tables of hooks, rollout and Drupal as typed to their checked form.

use std::collections::BTreeMap;
use std::time::Duration;

use super::place::Place;
use crate::file::{CanaryValue, DrupalTable, GroupTable, HookTable, PhaseValue, RolloutTable};
use crate::{
    Canary, Core, DatabaseMode, Drupal, Dump, Error, Hook, HookAction, Host, HostName, Quota, Rollout, RunsOn,
};

/// The time of a hook that names none.
const HOOK_TIMEOUT: Duration = Duration::from_secs(60);
/// Database updates of a large site, with its config import.
const DRUPAL_TIMEOUT: Duration = Duration::from_secs(30 * 60);
/// `drush` as Composer installs it in a site.
const DRUSH: &str = "vendor/bin/drush";
/// Drupal 7 trees have none: it is on the PATH.
const DRUSH_OF_SEVEN: &str = "drush";

/// One hook.
pub(super) fn hook(at: &Place<'_>, table: HookTable, hosts: &[Host]) -> Result<Hook, Error> {
    let named = table.name.clone();
    let key = |key: &str| match &named {
        Some(name) => format!("hooks.{name}.{key}"),
        None => format!("hooks.{key}"),
    };
    let phases = match table.phase {
        PhaseValue::One(phase) => vec![phase],
        PhaseValue::Several(phases) => phases,
    };
    if phases.is_empty() {
        return Err(at.refuse(&key("phase"), "a hook has at least one phase"));
    }
    let action = match (table.run, table.opcache_reset, table.fpm_reload) {
        (Some(run), None, None) if run.is_empty() => {
            return Err(at.refuse(&key("run"), "a command has at least a program"));
        }
        (Some(run), None, None) => HookAction::Command(run),
        (None, Some(fpm), None) => {
            let text = fpm.to_string();
            if !text.starts_with('/') && !text.contains(':') {
                let why = format!("`{text}` is neither a socket's absolute path nor `host:port`");
                return Err(at.refuse(&key("opcache_reset"), why));
            }
            HookAction::OpcacheReset(fpm)
        }
        (None, None, Some(pid_file)) => {
            let text = pid_file.to_string();
            if !text.starts_with('/') {
                return Err(at.refuse(&key("fpm_reload"), format!("`{text}` is not an absolute path")));
            }
            HookAction::FpmReload(pid_file)
        }
        _ => {
            return Err(
                at.refuse(&key("run"), "exactly one of `run`, `opcache_reset`, `fpm_reload` is needed")
            );
        }
    };
    let on = match (table.on.as_deref(), table.host, table.group) {
        (None | Some("every"), None, None) => RunsOn::Every,
        (None | Some("every"), None, Some(group)) => {
            if !hosts.iter().any(|host| host.group.as_ref() == Some(&group)) {
                return Err(at.refuse(&key("group"), format!("no host is in group `{group}`")));
            }
            RunsOn::Group(group)
        }
        (None | Some("once"), Some(host), None) => {
            expect_host(at, &key("host"), &host, hosts)?;
            RunsOn::Once(Some(host))
        }
        (Some("once"), None, None) => RunsOn::Once(None),
        (Some("canary"), None, None) => RunsOn::Canary,
        (Some(other), None, None) => {
            return Err(at.refuse(&key("on"), format!("`{other}` is not `every`, `once` or `canary`")));
        }
        _ => return Err(at.refuse(&key("on"), "`host` goes with `once`, `group` with `every`")),
    };
    let name = table.name.unwrap_or_else(|| match &action {
        HookAction::Command(run) => {
            let program = run.first().map(ToString::to_string).unwrap_or_default();
            program.rsplit('/').next().unwrap_or_default().to_owned()
        }
        HookAction::OpcacheReset(_) => "opcache_reset".to_owned(),
        HookAction::FpmReload(_) => "fpm_reload".to_owned(),
    });
    Ok(Hook { name, phases, on, action, timeout: table.timeout.map_or(HOOK_TIMEOUT, |span| span.0) })
}

/// How a switch goes through the fleet.
pub(super) fn rollout(
    at: &Place<'_>,
    table: RolloutTable,
    groups: BTreeMap<HostName, GroupTable>,
    hosts: &[Host],
) -> Result<Rollout, Error> {
    if let Some(name) = groups.keys().find(|name| !hosts.iter().any(|host| host.group.as_ref() == Some(name)))
    {
        return Err(at.refuse(&format!("groups.{name}"), "no host is in this group"));
    }
    let canary = match table.canary {
        Some(CanaryValue::Hosts(names)) => {
            for name in &names {
                expect_host(at, "rollout.canary", name, hosts)?;
            }
            (!names.is_empty()).then_some(Canary::Hosts(names))
        }
        Some(CanaryValue::Quota(quota)) => Some(Canary::Quota(quota)),
        None => None,
    };
    Ok(Rollout {
        canary,
        batch: table.batch.unwrap_or(Quota::All),
        pause: table.pause.map_or(Duration::ZERO, |span| span.0),
        quorum: table.quorum.unwrap_or(Quota::All),
        groups: groups.into_iter().map(|(name, group)| (name, group.quorum)).collect(),
    })
}

/// The preset, if `site.drupal` asks for one.
pub(super) fn drupal(
    at: &Place<'_>,
    core: Option<Core>,
    table: Option<DrupalTable>,
) -> Result<Option<Drupal>, Error> {
    let Some(core) = core else {
        return match table {
            Some(_) => Err(at.refuse("site.drupal", "`[drupal]` is there: say which, \"7\" or \"8+\"")),
            None => Ok(None),
        };
    };
    let table = table.unwrap_or_default();
    let docroot = table.docroot.unwrap_or_default().trim_matches('/').to_owned();
    let sites: Vec<(String, String)> = match (table.sites, table.uri) {
        (Some(_), Some(_)) => return Err(at.refuse("drupal.uri", "`sites` is given, each with its URI")),
        (Some(sites), None) if sites.is_empty() => {
            return Err(at.refuse("drupal.sites", "there must be at least one site"));
        }
        (Some(sites), None) => sites.into_iter().collect(),
        (None, uri) => vec![("default".to_owned(), uri.unwrap_or_else(|| "default".to_owned()))],
    };
    for (site, uri) in &sites {
        let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        if site.is_empty() || site.starts_with('.') || !site.chars().all(word) {
            return Err(at.refuse("drupal.sites", format!("`{site}` is not a directory below sites/")));
        }
        if uri.is_empty() || uri.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(at.refuse("drupal.sites", format!("the URI of `{site}` is empty or has spaces")));
        }
    }
    let drush = table
        .drush
        .unwrap_or_else(|| vec![if core == Core::Seven { DRUSH_OF_SEVEN } else { DRUSH }.to_owned()]);
    if drush.first().is_none_or(String::is_empty) {
        return Err(at.refuse("drupal.drush", "a command has at least a program"));
    }
    let database = table.database.unwrap_or(DatabaseMode::Maintenance);
    let rebuild = table.rebuild.unwrap_or(true);
    if !rebuild && database != DatabaseMode::None {
        return Err(
            at.refuse("drupal.rebuild", "false goes with `database = \"none\"` only: updates rebuild caches")
        );
    }
    Ok(Some(Drupal {
        core,
        docroot,
        sites,
        drush,
        database,
        config: table.config.unwrap_or_default(),
        dump: table.dump.unwrap_or(Dump::Never),
        rebuild,
        retries: table.retries.unwrap_or(0),
        host: table.host,
        timeout: table.timeout.map_or(DRUPAL_TIMEOUT, |span| span.0),
    }))
}

/// A host that is named must be there.
pub(super) fn expect_host(at: &Place<'_>, key: &str, name: &HostName, hosts: &[Host]) -> Result<(), Error> {
    if hosts.iter().any(|host| host.name == *name) {
        Ok(())
    } else {
        Err(at.refuse(key, format!("there is no host `{name}`")))
    }
}
