//! Looking, before anything is closed: which sites are open, and which lack database updates of the release.

use std::time::Instant;

use super::drush::Drush;
use super::{commands, journal, maintenance, words};
use crate::host::process::Stop;
use crate::host::site::Switching;
use crate::order::DrupalOrder;

/// Looks, and writes down what was found. The code that serves is asked what is open, that of the release what is pending.
pub(crate) fn look(
    switching: Switching<'_>,
    drupal: &DrupalOrder,
    updates: bool,
    until: Instant,
    stop: &mut Stop<'_>,
) -> Result<String, String> {
    let locked = switching.locked;
    journal::expect(locked)?;
    let open = maintenance::open(switching, drupal, until, stop)?;
    let mut pending = Vec::new();
    if updates {
        // From here on code of the release runs, though it should leave nothing behind.
        journal::amend(locked, |undo| undo.ran = true)?;
        let drush = Drush {
            order: drupal,
            tree: locked.site.tree(switching.to),
            until,
            note: Some(locked.site.paths.running()),
        };
        for (_, uri) in &drupal.sites {
            if has_updates(&drush, uri, stop)? {
                pending.push(uri.clone());
            }
        }
    }
    let mut said = match open.as_slice() {
        [] => "every site is in maintenance mode already, and stays in it".to_owned(),
        open => format!("open to visitors: {}", open.join(", ")),
    };
    if updates {
        said.push_str(&match pending.as_slice() {
            [] => "\nno database updates are pending".to_owned(),
            pending => format!("\ndatabase updates are pending: {}", pending.join(", ")),
        });
    }
    journal::amend(locked, |undo| {
        undo.facts.open = open;
        undo.facts.pending = pending;
    })?;
    Ok(said)
}

/// Whether updatedb would do anything.
pub(super) fn has_updates(drush: &Drush<'_>, uri: &str, stop: &mut Stop<'_>) -> Result<bool, String> {
    Ok(words::lists_updates(&drush.call(uri, commands::pending(drush.order.core), stop)?))
}
