//! Database updates, on the one host that is elected for them.

use std::fs;
use std::time::Instant;

use fleet::{Core, DatabaseMode};
use record::ReleaseId;
use record::host::DatabaseUpdate;

use super::drush::Drush;
use super::words;
use crate::Error;
use crate::hooks::{Said, Stop, Switching};
use crate::order::DrupalOrder;
use crate::site::{LockedSite, ReleaseFile};

/// Runs what the site's updates need. If there are database updates, that is written down before the first change: the
/// code before them is not to come back unnoticed.
pub(crate) fn update(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<Said, String> {
    let (locked, to) = (switching.locked, switching.to);
    let drush = Drush { order: drupal, tree: locked.site.tree(to), until };
    let mut pending = Vec::new();
    for (_, uri) in &drupal.sites {
        if has_updates(&drush, uri, stop)? {
            pending.push(uri.as_str());
        }
    }
    let dumps = if drupal.dump { dump(&drush, locked, to, stop)? } else { Vec::new() };
    let mut journal = (!pending.is_empty()).then(|| DatabaseUpdate {
        at: record::now().to_string(),
        complete: false,
        expand_only: drupal.database == DatabaseMode::Expand,
        dumps: dumps.clone(),
    });
    if let Some(update) = &journal {
        remember(locked, to, update).map_err(|error| error.to_string())?;
    }
    let mut said = String::new();
    for (_, uri) in &drupal.sites {
        let all = deploy(&drush, uri, stop).map_err(|why| match &journal {
            Some(_) if dumps.is_empty() => format!("{why}\nthe database of `{uri}` may be half updated"),
            Some(_) => format!(
                "{why}\nthe database of `{uri}` may be half updated; dumped before: {}",
                dumps.join(", ")
            ),
            None => why,
        })?;
        said.push_str(&format!("{uri}: {}\n", all.trim()));
    }
    if let Some(update) = &mut journal {
        update.complete = true;
        remember(locked, to, update).map_err(|error| error.to_string())?;
        said.push_str(&format!("database updated: {}\n", pending.join(", ")));
    }
    Ok((said, journal))
}

/// After a rollback: caches in the database may hold what only the newer code understands.
pub(crate) fn rebuild(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let drush = Drush { order: drupal, tree: switching.locked.site.tree(switching.to), until };
    let mut said = String::new();
    for (_, uri) in &drupal.sites {
        said.push_str(&match drupal.core {
            Core::EightUp => drush.order(uri, &["cache:rebuild", "-y"], stop)?,
            Core::Seven => drush.order(uri, &["cc", "all", "-y"], stop)?,
        });
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

fn deploy(drush: &Drush<'_>, uri: &str, stop: &mut Stop<'_>) -> Result<String, String> {
    if drush.order.core == Core::Seven {
        let updated = drush.order(uri, &["updatedb", "-y"], stop)?;
        return drush.order(uri, &["cc", "all", "-y"], stop).map(|cleared| updated + &cleared);
    }
    let mut tries = drush.order.retries;
    loop {
        match drush.order(uri, &["deploy", "-y"], stop) {
            Err(why) if tries > 0 && stop().is_none() => {
                log::warn!("trying again: {why}");
                tries -= 1;
            }
            result => return result,
        }
    }
}

/// Whether updatedb would do anything.
fn has_updates(drush: &Drush<'_>, uri: &str, stop: &mut Stop<'_>) -> Result<bool, String> {
    let command = match drush.order.core {
        Core::EightUp => "updatedb:status",
        Core::Seven => "updatedb-status",
    };
    Ok(words::lists_updates(&drush.call(uri, &[command, "--format=json"], stop)?))
}

/// One dump a site, readable for the deploy user only: they hold what visitors wrote.
fn dump(
    drush: &Drush<'_>,
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
    for (site, uri) in &drush.order.sites {
        let file = folder.join(format!("{site}.sql"));
        let target = format!("--result-file={}", file.display());
        drush.order(uri, &["sql-dump", "--gzip", &target], stop)?;
        let written = folder.join(format!("{site}.sql.gz"));
        match fs::metadata(&written) {
            Ok(meta) if meta.len() > 0 => {}
            _ => return Err(format!("drush sql-dump for `{uri}` left no `{}`", written.display())),
        }
        locked.site.disk.sync_tree(&folder).map_err(failed)?;
        dumps.push(written.display().to_string());
    }
    Ok(dumps)
}
