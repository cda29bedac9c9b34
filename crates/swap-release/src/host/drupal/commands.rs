//! The commands of drush, in the terms of drush 8 for Drupal 7 and of drush 9 and later for the others. The guide's table of
//! steps is made from these, too.

use inventory::Core;

/// Lists pending database updates. It changes nothing and fills no cache that the serving code would meet: drush runs it on
/// the update kernel, whose caches are empty (Drupal\Core\Update\UpdateBackend), and of Drupal 7 on a part of the bootstrap.
pub(crate) const fn pending(core: Core) -> &'static [&'static str] {
    match core {
        Core::EightUp => &["updatedb:status", "--format=json"],
        Core::Seven => &["updatedb-status", "--format=json"],
    }
}

/// Asks whether a site is in maintenance mode.
pub(crate) const fn is_closed(core: Core) -> &'static [&'static str] {
    match core {
        Core::EightUp => &["state:get", MAINTENANCE],
        Core::Seven => &["vget", "--exact", MAINTENANCE_SEVEN],
    }
}

/// The state of Drupal 8 and later that says whether the site is closed; in Drupal 7 a variable.
const MAINTENANCE: &str = "system.maintenance_mode";
const MAINTENANCE_SEVEN: &str = "maintenance_mode";

/// The name of what [`is_closed`] asks for, which drush 8 says before the value.
pub(crate) const fn closed_by(core: Core) -> &'static str {
    match core {
        Core::EightUp => MAINTENANCE,
        Core::Seven => MAINTENANCE_SEVEN,
    }
}

/// What drush 8 says, and fails, where a variable was never set.
pub(crate) const NEVER_SET: &str = "No matching variable found";

/// Maintenance mode on or off.
pub(crate) const fn close(core: Core, on: bool) -> &'static [&'static str] {
    match (core, on) {
        (Core::EightUp, true) => {
            &["state:set", "system.maintenance_mode", "1", "--input-format=integer", "-y"]
        }
        (Core::EightUp, false) => {
            &["state:set", "system.maintenance_mode", "0", "--input-format=integer", "-y"]
        }
        (Core::Seven, true) => &["vset", "--exact", "maintenance_mode", "1", "-y"],
        (Core::Seven, false) => &["vset", "--exact", "maintenance_mode", "0", "-y"],
    }
}

/// After maintenance mode: Drupal 7 keeps the page that says so, its 503 included, in its page cache like any other, and goes on
/// giving it to visitors.
pub(crate) const fn forget_closed(core: Core) -> Option<&'static [&'static str]> {
    match core {
        Core::EightUp => None,
        Core::Seven => Some(&["php-eval", "cache_clear_all('*', 'cache_page', TRUE);"]),
    }
}

/// All that an update is, in drush's own order.
pub(crate) const fn deploy(core: Core) -> &'static [&'static [&'static str]] {
    match core {
        Core::EightUp => &[&["deploy", "-y"]],
        Core::Seven => &[&["updatedb", "-y"], &["cc", "all", "-y"]],
    }
}

/// The same for a site whose configuration is not exported: `drush deploy` would refuse to import nothing. In its order.
pub(crate) const DEPLOY_WITHOUT_CONFIGURATION: &[&[&str]] =
    &[&["updatedb", "-y"], &["cache:rebuild", "-y"], &["deploy:hook", "-y"]];

/// Asks where exported configuration lies, seen from the directory of `index.php`.
pub(crate) const CONFIGURATION: &[&str] = &["status", "--fields=config-sync", "--format=json"];

/// Database updates alone. drush puts the site into maintenance mode for them, and leaves it there when they fail or it is killed.
pub(crate) const fn updates(core: Core) -> &'static [&'static str] {
    match core {
        Core::EightUp => &["updatedb", "--no-cache-clear", "-y"],
        Core::Seven => &["updatedb", "-y"],
    }
}

/// Rebuilds every cache that is kept in the database.
pub(crate) const fn rebuild(core: Core) -> &'static [&'static str] {
    match core {
        Core::EightUp => &["cache:rebuild", "-y"],
        Core::Seven => &["cc", "all", "-y"],
    }
}

/// A dump of the database; `--result-file` comes to it. drush has mysqldump do it in one transaction, so it is consistent while
/// visitors write.
pub(crate) const DUMP: &[&str] = &["sql-dump", "--gzip"];

/// What is kept in the database to say that the caches were rebuilt after a deployment that was taken back.
pub(crate) const fn mark(core: Core) -> &'static [&'static str] {
    match core {
        Core::EightUp => &["state:get", "mkt.undone"],
        Core::Seven => &["vget", "--exact", "mkt_undone"],
    }
}

/// Writes it; the value and `-y` come to it.
pub(crate) const fn set_mark(core: Core) -> &'static [&'static str] {
    match core {
        Core::EightUp => &["state:set", "mkt.undone"],
        Core::Seven => &["vset", "--exact", "mkt_undone"],
    }
}

/// Reads SQL from standard input.
pub(crate) const fn sql(core: Core) -> &'static str {
    match core {
        Core::EightUp => "sql:cli",
        Core::Seven => "sql-cli",
    }
}
