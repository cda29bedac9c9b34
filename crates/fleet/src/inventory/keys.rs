//! The keys of `fleet.toml`, so that a mistyped one is refused with the name that was meant.

use std::path::Path;

use toml::{Table, Value};

use crate::Error;
use crate::nearest::nearest;

pub(super) const TABLES: &[&str] = &[
    "site", "defaults", "seeder", "tracker", "health", "drupal", "rollout", "groups", "hooks", "ansible",
    "hosts",
];
pub(super) const ANSIBLE: &[&str] = &["inventory", "group"];
pub(super) const SITE: &[&str] = &["deploy_to", "shared", "keep", "drupal"];
pub(super) const DRUPAL: &[&str] = &[
    "docroot", "sites", "uri", "drush", "database", "config", "dump", "rebuild", "retries", "host", "timeout",
];
pub(super) const ROLLOUT: &[&str] = &["canary", "batch", "pause", "quorum"];
pub(super) const GROUP: &[&str] = &["quorum"];
pub(super) const HOOK: &[&str] =
    &["name", "phase", "on", "host", "group", "run", "opcache_reset", "fpm_reload", "timeout"];
pub(super) const SEEDER: &[&str] = &[
    "rpc_socket",
    "directory",
    "peer",
    "passkey_file",
    "passkey_env",
    "host",
    "address",
    "listen",
    "ports",
    "max_upload",
];
pub(super) const TRACKER: &[&str] = &[
    "mode",
    "announce",
    "introduce",
    "ca_file",
    "update",
    "secret_file",
    "secret_env",
    "freeleech",
    "whitelist",
    "pid_file",
    "reload",
    "site",
    "username",
    "password_file",
    "password_env",
    "token_file",
    "token_env",
    "session_file",
    "title",
    "tags",
    "description",
];
pub(super) const HEALTH: &[&str] = &[
    "url",
    "host",
    "headers",
    "paths",
    "prove",
    "command",
    "status",
    "contains",
    "header",
    "max_latency",
    "in_a_row",
    "attempts",
    "interval",
    "timeout",
];
/// Keys that may stand in `[defaults]` and under a host.
pub(super) const DEFAULTS: &[&str] = &[
    "user",
    "port",
    "identity",
    "known_hosts",
    "watch_dir",
    "rpc_socket",
    "swap_release",
    "peer_port",
    "peer_ports",
    "max_upload",
    "engine",
    "jump",
    "ssh_config",
];
/// All keys of a host: those of `[defaults]`, and what only one host can have.
pub(super) const HOST: &[&str] = &[
    "address",
    "peer_address",
    "peer_listen",
    "group",
    "local",
    "deploy_to",
    "passkey_file",
    "passkey_env",
    "user",
    "port",
    "identity",
    "known_hosts",
    "watch_dir",
    "rpc_socket",
    "swap_release",
    "peer_port",
    "peer_ports",
    "max_upload",
    "engine",
    "jump",
];

/// Refuses the first key that is not known in its table.
pub(super) fn check(path: &Path, file: &Table) -> Result<(), Error> {
    known(path, "", file, TABLES)?;
    for (name, keys) in [
        ("site", SITE),
        ("ansible", ANSIBLE),
        ("defaults", DEFAULTS),
        ("seeder", SEEDER),
        ("tracker", TRACKER),
        ("health", HEALTH),
        ("drupal", DRUPAL),
        ("rollout", ROLLOUT),
    ] {
        if let Some(Value::Table(table)) = file.get(name) {
            known(path, &format!("{name}."), table, keys)?;
        }
    }
    for (tables, keys) in [("hosts", HOST), ("groups", GROUP)] {
        if let Some(Value::Table(named)) = file.get(tables) {
            for (name, table) in named {
                if let Value::Table(table) = table {
                    known(path, &format!("{tables}.{name}."), table, keys)?;
                }
            }
        }
    }
    if let Some(Value::Array(hooks)) = file.get("hooks") {
        for hook in hooks.iter().filter_map(Value::as_table) {
            known(path, "hooks.", hook, HOOK)?;
        }
    }
    Ok(())
}

/// Refuses a key of `table` that is not one of `keys`.
pub(super) fn known(path: &Path, prefix: &str, table: &Table, keys: &[&'static str]) -> Result<(), Error> {
    match table.keys().find(|key| !keys.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::UnknownKey {
            path: path.to_owned(),
            key: format!("{prefix}{key}").escape_debug().to_string(),
            nearest: nearest(key, keys.iter().copied())
                .and_then(|near| keys.iter().find(|key| **key == near).copied()),
        }),
    }
}
