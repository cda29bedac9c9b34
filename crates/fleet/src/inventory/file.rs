//! `fleet.toml` as typed: its tables and keys, values already in their domain types.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::{Announce, Config, Core, DatabaseMode, Dump, Engine, Phase, Quota, Template, TrackerMode};
use super::{Jumps, ansible, keys};
use crate::{Address, Error, HostName, PortRange, Program, Rate, RemotePath, SharedPath, UserName};

/// A thousand hosts with every key overridden are below 1 MB; more is not an inventory.
const LIMIT: u64 = 4 << 20;

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InventoryFile {
    pub(super) site: SiteTable,
    #[serde(default)]
    pub(super) defaults: HostTable,
    pub(super) seeder: Option<SeederTable>,
    #[serde(default)]
    pub(super) tracker: TrackerTable,
    pub(super) health: Option<HealthTable>,
    pub(super) drupal: Option<DrupalTable>,
    #[serde(default)]
    pub(super) rollout: RolloutTable,
    #[serde(default)]
    pub(super) groups: BTreeMap<HostName, GroupTable>,
    #[serde(default)]
    pub(super) hooks: Vec<HookTable>,
    pub(super) ansible: Option<AnsibleTable>,
    #[serde(default)]
    #[schemars(with = "BTreeMap<HostName, HostTable>")]
    pub(super) hosts: HostTables,
}

/// `[ansible]`: hosts that Ansible knows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AnsibleTable {
    /// The JSON that `ansible-inventory --list` printed.
    pub(super) inventory: PathBuf,
    /// Only the hosts of this group.
    pub(super) group: Option<String>,
}

/// `[hosts.*]` in the order of the file: the order in which people think of them.
#[derive(Debug, Default)]
pub(super) struct HostTables(pub(super) Vec<(HostName, HostTable)>);

impl<'de> Deserialize<'de> for HostTables {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = HostTables;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table of hosts, `[hosts.<name>]`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<HostTables, A::Error> {
                let mut hosts = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    hosts.push(entry);
                }
                Ok(HostTables(hosts))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}

/// `[site]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SiteTable {
    /// Capistrano's deploy_to, on every server.
    pub(super) deploy_to: RemotePath,
    /// Paths that outlive releases; a trailing / is a directory, a ? after that says: linked when it is in shared/.
    #[serde(default)]
    #[schemars(with = "Vec<SharedPath>")]
    pub(super) shared: Vec<Spanned<String>>,
    /// Line and column of each of them.
    #[serde(skip)]
    pub(super) shared_at: Vec<(usize, usize)>,
    /// Good releases to keep. [default: 5]
    pub(super) keep: Option<u32>,
    /// The preset for a Drupal site.
    pub(super) drupal: Option<Core>,
}

/// `[drupal]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DrupalTable {
    pub(super) docroot: Option<String>,
    pub(super) sites: Option<BTreeMap<String, String>>,
    pub(super) uri: Option<String>,
    pub(super) drush: Option<Vec<String>>,
    pub(super) database: Option<DatabaseMode>,
    /// Whether exported configuration is imported. [default: auto]
    pub(super) config: Option<Config>,
    pub(super) dump: Option<Dump>,
    /// Whether caches are rebuilt with `database = "none"`. [default: true]
    pub(super) rebuild: Option<bool>,
    pub(super) retries: Option<u32>,
    pub(super) host: Option<HostName>,
    pub(super) timeout: Option<Span>,
}

/// `[rollout]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RolloutTable {
    pub(super) canary: Option<CanaryValue>,
    pub(super) batch: Option<Quota>,
    pub(super) pause: Option<Span>,
    pub(super) quorum: Option<Quota>,
}

/// `1`, `"10%"` or `["web1"]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum CanaryValue {
    Hosts(Vec<HostName>),
    Quota(Quota),
}

/// `[groups.<name>]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupTable {
    pub(super) quorum: Quota,
}

/// One of `[[hooks]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HookTable {
    pub(super) name: Option<String>,
    pub(super) phase: PhaseValue,
    pub(super) on: Option<String>,
    pub(super) host: Option<HostName>,
    pub(super) group: Option<HostName>,
    pub(super) run: Option<Vec<Template>>,
    pub(super) opcache_reset: Option<Template>,
    pub(super) fpm_reload: Option<Template>,
    pub(super) timeout: Option<Span>,
}

/// One phase or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(super) enum PhaseValue {
    One(Phase),
    Several(Vec<Phase>),
}

/// `[defaults]` and `[hosts.<name>]`; which keys are allowed where is said in [`keys`].
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HostTable {
    /// Where SSH dials: an IP address, a DNS name, or a `Host` of ssh_config.
    pub(super) address: Option<Address>,
    /// The IP address other peers dial, when it is not `address`.
    pub(super) peer_address: Option<IpAddr>,
    /// Its group: a rack, a region, a role. Peers prefer their own.
    pub(super) group: Option<HostName>,
    /// The account. [default: deploy]
    pub(super) user: Option<UserName>,
    /// The SSH port. [default: 22]
    pub(super) port: Option<u16>,
    /// The private key file; without any, the SSH agent.
    pub(super) identity: Option<PathBuf>,
    /// Host keys that are trusted. [default: ~/.ssh/known_hosts]
    pub(super) known_hosts: Option<PathBuf>,
    /// Commands run on this machine instead of over SSH.
    pub(super) local: Option<bool>,
    /// Where releases live on this host, when it is not `site.deploy_to`.
    pub(super) deploy_to: Option<RemotePath>,
    /// The directory its rtorrent loads torrents from.
    pub(super) watch_dir: Option<RemotePath>,
    /// The SCGI socket of its rtorrent. Where there is none, the watch directory and swap-release do.
    pub(super) rpc_socket: Option<RemotePath>,
    /// swap-release on the host: a name on the PATH, or a path.
    pub(super) swap_release: Option<Program>,
    /// Where its rtorrent listens. [default: 6890]
    pub(super) peer_port: Option<u16>,
    /// Where its embedded peer listens: the first free one. [default: 6900-6999]
    pub(super) peer_ports: Option<PortRange>,
    /// The address its embedded peer binds, when it is not the one that others dial.
    pub(super) peer_listen: Option<IpAddr>,
    /// The most it sends of a payload, such as `200 Mbit/s`.
    pub(super) max_upload: Option<Rate>,
    /// What carries the payload there.
    pub(super) engine: Option<Engine>,
    /// File with its passkey for the tracker.
    pub(super) passkey_file: Option<PathBuf>,
    /// Variable with its passkey for the tracker.
    pub(super) passkey_env: Option<String>,
    /// Jump hosts on the way there, the first one first: `[USER@]NAME[:PORT]`, commas between; or `none`.
    pub(super) jump: Option<Jumps>,
    /// In [defaults]: the ssh_config that says what is not said here; or `none`. [default: ~/.ssh/config]
    pub(super) ssh_config: Option<PathBuf>,
    /// Every group that Ansible has it in.
    #[serde(skip)]
    pub(super) groups: Vec<HostName>,
}

/// `[seeder]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SeederTable {
    pub(super) rpc_socket: Option<RemotePath>,
    pub(super) directory: Option<RemotePath>,
    pub(super) peer: Option<SocketAddr>,
    pub(super) host: Option<HostName>,
    pub(super) address: Option<IpAddr>,
    pub(super) listen: Option<IpAddr>,
    pub(super) ports: Option<PortRange>,
    pub(super) max_upload: Option<Rate>,
    pub(super) passkey_file: Option<PathBuf>,
    pub(super) passkey_env: Option<String>,
}

/// `[tracker]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackerTable {
    pub(super) mode: Option<TrackerMode>,
    pub(super) announce: Option<Announce>,
    pub(super) introduce: Option<bool>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) update: Option<String>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) secret_env: Option<String>,
    pub(super) freeleech: Option<bool>,
    pub(super) whitelist: Option<PathBuf>,
    pub(super) pid_file: Option<PathBuf>,
    pub(super) reload: Option<Vec<String>>,
    pub(super) site: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) password_env: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) token_env: Option<String>,
    pub(super) session_file: Option<PathBuf>,
    pub(super) title: Option<String>,
    pub(super) tags: Option<String>,
    pub(super) description: Option<String>,
}

/// What a good answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Prove {
    /// The code: PHP names the release that it runs.
    Code,
    /// That the page is as it should be.
    Page,
}

/// `[health]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthTable {
    /// The page asked for, of the host itself.
    pub(super) url: Option<Template>,
    /// More pages of the same server, such as `/user/login`; each must have the status.
    #[serde(default)]
    pub(super) paths: Vec<String>,
    /// `code`: PHP names the release, and no cache can answer; `page`: the page is enough. [default: `code` with `[site] drupal`]
    pub(super) prove: Option<Prove>,
    /// The name of the site, for the Host header; over https also for TLS.
    pub(super) host: Option<Template>,
    /// More headers of the request.
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    pub(super) command: Option<Vec<Template>>,
    pub(super) in_a_row: Option<u32>,
    pub(super) max_latency: Option<Span>,
    pub(super) status: Option<u16>,
    /// What the page must hold as a word of its own.
    pub(super) contains: Option<Template>,
    /// `Name: value` of a header that must be there, with the whole of its value.
    pub(super) header: Option<Template>,
    pub(super) attempts: Option<u32>,
    pub(super) interval: Option<Span>,
    pub(super) timeout: Option<Span>,
}

/// A duration in words, `500ms`, `1h 30m`; never zero.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(super) struct Span(pub(super) Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match humantime::parse_duration(&text) {
            Ok(Duration::ZERO) => Err("a duration must be more than zero".to_owned()),
            Ok(duration) => Ok(Self(duration)),
            Err(error) => {
                Err(format!("`{}` is not a duration such as `500ms`: {error}", text.escape_debug()))
            }
        }
    }
}

/// Reads `path`; keys nobody knows are refused before anything else.
pub(super) fn read(path: &Path) -> Result<InventoryFile, Error> {
    let refuse = |source| Error::ReadInventory { path: path.to_owned(), source };
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(LIMIT).read_to_string(&mut text)).map_err(refuse)?;
    let invalid = |error: toml::de::Error| {
        let (line, column) = position(&text, error.span().map_or(0, |span| span.start));
        Error::ParseInventory {
            path: path.to_owned(),
            line,
            column,
            reason: error.message().trim_end().replace('\n', ", "),
        }
    };
    let table: toml::Table = text.parse().map_err(invalid)?;
    keys::check(path, &table)?;
    // From the text once more, not from the table: only so do errors have a line and a column.
    let mut file: InventoryFile = toml::from_str(&text).map_err(invalid)?;
    file.site.shared_at = file.site.shared.iter().map(|path| position(&text, path.span().start)).collect();
    if let Some(ansible) = &file.ansible {
        let own = table.get("hosts").and_then(toml::Value::as_table).cloned().unwrap_or_default();
        file.hosts = HostTables(ansible::hosts(path, ansible, &own)?);
    }
    Ok(file)
}

/// Line and column of a byte of a text, both counted from 1, columns in bytes.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.as_bytes().get(..at.min(text.len())).unwrap_or_default();
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    (1 + lines, 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count())
}
