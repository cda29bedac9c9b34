//! The keys of `fleet.toml`, so that a mistyped one is refused with the name that was meant.

use std::path::Path;

use toml::{Table, Value};

use crate::Error;
use crate::nearest::nearest;

const TABLES: &[&str] = &["site", "defaults", "seeder", "tracker", "health", "hosts"];
const SITE: &[&str] = &["deploy_to", "shared", "keep"];
const SEEDER: &[&str] = &[
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
const TRACKER: &[&str] = &[
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
const HEALTH: &[&str] = &["url", "status", "contains", "header", "attempts", "interval", "timeout"];
/// Keys that may stand in `[defaults]` and under a host.
const DEFAULTS: &[&str] = &[
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
];
/// All keys of a host: those of `[defaults]`, and what only one host can have.
const HOST: &[&str] = &[
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
];

/// Refuses the first key that is not known in its table.
pub(super) fn check(path: &Path, file: &Table) -> Result<(), Error> {
    known(path, "", file, TABLES)?;
    for (name, keys) in
        [("site", SITE), ("defaults", DEFAULTS), ("seeder", SEEDER), ("tracker", TRACKER), ("health", HEALTH)]
    {
        if let Some(Value::Table(table)) = file.get(name) {
            known(path, &format!("{name}."), table, keys)?;
        }
    }
    if let Some(Value::Table(hosts)) = file.get("hosts") {
        for (name, host) in hosts {
            if let Value::Table(table) = host {
                known(path, &format!("hosts.{name}."), table, HOST)?;
            }
        }
    }
    Ok(())
}

fn known(path: &Path, prefix: &str, table: &Table, keys: &[&'static str]) -> Result<(), Error> {
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
