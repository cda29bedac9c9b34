//! Database updates, on the one host that is elected for them.

use std::fs;
use std::time::Instant;

use inventory::{Config, Core, DatabaseMode, Dump};
use record::ReleaseId;
use record::host::DatabaseUpdate;

use super::drush::Drush;
use super::{commands, journal, look, sql_dump, words};
use crate::Error;
use crate::host::process::Stop;
use crate::host::site::{LockedSite, ReleaseFile, Switching};
use crate::order::DrupalOrder;

/// Runs what the site's updates need; with `alone` the database updates and nothing else. If there are database updates, that is
/// written down before the first change: the code before them is not to come back unnoticed.
pub(crate) fn update(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    alone: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let (locked, to) = (switching.locked, switching.to);
    let drush =
        Drush { order: drupal, tree: locked.site.tree(to), until, note: Some(locked.site.paths.running()) };
    let pending = journal::expect(locked)?.facts.pending;
    let sites: Vec<&String> =
        drupal.sites.iter().map(|(_, uri)| uri).filter(|uri| !alone || pending.contains(uri)).collect();
    if sites.is_empty() {
        return Ok("no database updates are pending".into());
    }
    let mut configured = Vec::new();
    for uri in sites.iter().filter(|_| !alone) {
        if imports(&drush, uri, stop)? {
            configured.push((*uri).clone());
        }
    }
    let facts = journal::amend(locked, |undo| {
        undo.ran = true;
        undo.facts.updated.clone_from(&pending);
        undo.facts.configured.clone_from(&configured);
    })?
    .facts;
    let mut update = (!pending.is_empty()).then(|| DatabaseUpdate {
        at: record::now().to_string(),
        complete: false,
        expand_only: drupal.database == DatabaseMode::Expand,
        dumps: facts.dumps.clone(),
    });
    if let Some(update) = &update {
        remember(locked, to, update).map_err(|error| error.to_string())?;
    }
    let mut said = String::new();
    for uri in sites {
        let all = if alone {
            drush.order(uri, commands::updates(drupal.core), stop)
        } else {
            deploy(&drush, uri, configured.contains(uri), stop)
        };
        let all = all.and_then(|said| done(&drush, uri, said, stop));
        // What they change no list of pending updates has told of.
        let (Ok(text) | Err(text)) = &all;
        if words::ran_deploy_hooks(text) && !pending.contains(uri) {
            journal::amend(locked, |undo| undo.facts.updated.push(uri.clone()))?;
        }
        let all = all.map_err(|why| match &update {
            Some(_) if facts.dumps.is_empty() => {
                format!("{why}\nthe database of `{uri}` may be half updated")
            }
            Some(_) => format!(
                "{why}\nthe database of `{uri}` may be half updated; dumped before: {}",
                facts.dumps.join(", ")
            ),
            None => why,
        })?;
        said.push_str(&format!("{uri}: {}\n", all.trim()));
    }
    if let Some(update) = &mut update {
        update.complete = true;
        remember(locked, to, update).map_err(|error| error.to_string())?;
        said.push_str(&format!("database updated: {}\n", pending.join(", ")));
    }
    Ok(said)
}

/// An update that failed may end with 0: its error is logged, and it is still pending.
fn done(drush: &Drush<'_>, uri: &str, said: String, stop: &mut Stop<'_>) -> Result<String, String> {
    if words::logs_an_error(&said) && look::has_updates(drush, uri, stop)? {
        let cause = words::cause(&said);
        let reason =
            format!("drush ended with 0 for `{uri}`, but database updates are still pending: {cause}");
        return Err(words::quoted(&reason, &said));
    }
    Ok(said)
}

/// Caches in the database may hold what only other code understands: the code that is live rebuilds them.
pub(crate) fn rebuild(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    if_pending: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let locked = switching.locked;
    let undo = journal::amend(locked, |undo| undo.ran = true)?;
    if if_pending && undo.facts.pending.is_empty() {
        return Ok("no database updates are pending".into());
    }
    let live = locked.site.current().map_err(|error| error.to_string())?.into_id();
    let live = live.unwrap_or_else(|| switching.to.clone());
    let drush = Drush {
        order: drupal,
        tree: locked.site.tree(&live),
        until,
        note: Some(locked.site.paths.running()),
    };
    let mut said = String::new();
    for (_, uri) in &drupal.sites {
        said.push_str(&drush.order(uri, commands::rebuild(drupal.core), stop)?);
    }
    Ok(said)
}

/// Writes down that `release` has updated the database.
pub(crate) fn remember(
    locked: &LockedSite<'_>,
    release: &ReleaseId,
    update: &DatabaseUpdate,
) -> Result<(), Error> {
    let file = locked.site.expect_known(release)?;
    locked.amend(&ReleaseFile { database: Some(update.clone()), ..file })
}

/// Whether configuration is imported: where it lies in the release, unless the file says otherwise. A drush that does not
/// say where is left to find out itself.
fn imports(drush: &Drush<'_>, uri: &str, stop: &mut Stop<'_>) -> Result<bool, String> {
    match (drush.order.core, drush.order.config) {
        (Core::Seven, _) | (_, Config::None) => Ok(false),
        (Core::EightUp, Config::Import) => Ok(true),
        (Core::EightUp, Config::Auto) => {
            let said = drush.call(uri, commands::CONFIGURATION, stop)?;
            let answer = remote::drush::json(&said);
            let place =
                answer.as_ref().and_then(|answer| answer.get("config-sync")).and_then(|place| place.as_str());
            Ok(place.is_none_or(|place| drush.root().join(place).join("core.extension.yml").is_file()))
        }
    }
}

fn deploy(drush: &Drush<'_>, uri: &str, imports: bool, stop: &mut Stop<'_>) -> Result<String, String> {
    let mut said = String::new();
    let steps = match drush.order.core {
        Core::EightUp if !imports => commands::DEPLOY_WITHOUT_CONFIGURATION,
        core => commands::deploy(core),
    };
    for command in steps {
        let mut tries = if drush.order.core == Core::EightUp { drush.order.retries } else { 0 };
        said += &loop {
            match drush.order(uri, command, stop) {
                Err(why) if tries > 0 && stop.reason().is_none() => {
                    log::warn!("trying again: {why}");
                    tries -= 1;
                }
                result => break result?,
            }
        };
    }
    Ok(said)
}

/// As an ordered step: one dump a site, of those that have updates pending, or of all.
pub(crate) fn dump(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let locked = switching.locked;
    let pending = journal::expect(locked)?.facts.pending;
    let wanted = |uri: &String| match drupal.dump {
        Dump::Never => false,
        Dump::Pending => pending.contains(uri),
        Dump::Always => true,
    };
    let sites: Vec<&(String, String)> = drupal.sites.iter().filter(|(_, uri)| wanted(uri)).collect();
    if sites.is_empty() {
        return Ok("no database updates are pending: nothing to dump for".into());
    }
    let drush = Drush {
        order: drupal,
        tree: locked.site.tree(switching.to),
        until,
        note: Some(locked.site.paths.running()),
    };
    let dumps = dump_all(&drush, &sites, locked, switching.to, stop)?;
    let said = format!("dumped: {}", dumps.join(", "));
    journal::amend(locked, |undo| {
        undo.ran = true;
        undo.facts.dumps = dumps;
    })?;
    Ok(said)
}

/// Readable for the deploy user only: they hold what visitors wrote.
fn dump_all(
    drush: &Drush<'_>,
    sites: &[&(String, String)],
    locked: &LockedSite<'_>,
    to: &ReleaseId,
    stop: &mut Stop<'_>,
) -> Result<Vec<String>, String> {
    use std::os::unix::fs::PermissionsExt;
    let folder = locked.site.paths.dumps(to);
    let failed = |error: std::io::Error| format!("cannot make `{}`: {error}", folder.display());
    for part in [folder.parent().unwrap_or(&folder), folder.as_path()] {
        locked.site.disk.make_folder(part).map_err(failed)?;
        fs::set_permissions(part, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    let mut dumps = Vec::new();
    for (site, uri) in sites {
        let file = folder.join(format!("{site}.sql"));
        let target = format!("--result-file={}", file.display());
        let mut arguments = commands::DUMP.to_vec();
        arguments.push(&target);
        let said = drush.order(uri, &arguments, stop)?;
        let written = folder.join(format!("{site}.sql.gz"));
        if let Err(why) = sql_dump::check(&written) {
            // It would be taken for one.
            let _gone = fs::remove_file(&written);
            let reason =
                format!("drush sql-dump for `{uri}` left no whole dump at `{}`: {why}", written.display());
            return Err(words::quoted(&format!("{reason}; {}", words::cause(&said)), &said));
        }
        locked.site.disk.sync_tree(&folder).map_err(failed)?;
        dumps.push(written.display().to_string());
    }
    Ok(dumps)
}
