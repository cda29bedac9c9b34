//! `fleet.toml` as typed: its tables and keys, values already in their domain types.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use crate::host::Jumps;
use crate::{
    Address, Announce, Config, Core, DatabaseMode, Dump, Engine, HostName, Phase, PortRange, Program, Quota,
    Rate, RemotePath, SharedPath, Template, TrackerMode, UserName,
};

/// The whole file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InventoryFile {
    /// The site, the same on every server.
    pub(crate) site: SiteTable,
    /// Settings of all hosts; a host may say otherwise.
    #[serde(default)]
    pub(crate) defaults: HostTable,
    /// Who seeds a push. Without it, the machine that runs `fleet-push`.
    pub(crate) seeder: Option<SeederTable>,
    /// The tracker. Without it, there is none.
    #[serde(default)]
    pub(crate) tracker: TrackerTable,
    /// How a server is asked whether it serves a release well, before the fleet commits to it.
    pub(crate) health: Option<HealthTable>,
    /// What a Drupal site needs around a switch; with `[site] drupal`.
    pub(crate) drupal: Option<DrupalTable>,
    /// Who switches first, and how many servers are enough.
    #[serde(default)]
    pub(crate) rollout: RolloutTable,
    /// Settings of one group of hosts, `[groups.NAME]`.
    #[serde(default)]
    pub(crate) groups: BTreeMap<HostName, GroupTable>,
    /// Commands around a switch, each one `[[hooks]]`.
    #[serde(default)]
    pub(crate) hooks: Vec<HookTable>,
    /// Takes the hosts from an Ansible inventory.
    pub(crate) ansible: Option<AnsibleTable>,
    /// The servers, `[hosts.NAME]`. The name is what output and records call it.
    #[serde(default)]
    #[schemars(with = "BTreeMap<HostName, HostTable>")]
    pub(crate) hosts: HostTables,
}

/// `[ansible]`: hosts that Ansible knows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnsibleTable {
    /// The file with what `ansible-inventory --list` printed (JSON).
    pub(crate) inventory: PathBuf,
    /// Takes only the hosts of this group. [default: all]
    pub(crate) group: Option<String>,
}

/// `[hosts.*]` in the order of the file: the order in which people think of them.
#[derive(Debug, Default)]
pub(crate) struct HostTables(pub(crate) Vec<(HostName, HostTable)>);

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
pub(crate) struct SiteTable {
    /// The directory of the site on every server: `current`, `releases`, `shared` (Capistrano's `deploy_to`).
    pub(crate) deploy_to: RemotePath,
    /// Paths that outlive releases. A trailing `/` is a directory; a `?` at the end means linked only if it is in `shared/`.
    #[serde(default)]
    #[schemars(with = "Vec<SharedPath>")]
    pub(crate) shared: Vec<Spanned<String>>,
    /// Line and column of each of them.
    #[serde(skip)]
    pub(crate) shared_at: Vec<(usize, usize)>,
    /// How many good releases to keep. [default: 5]
    pub(crate) keep: Option<u32>,
    /// Turns on the preset for a Drupal site.
    pub(crate) drupal: Option<Core>,
}

/// `[drupal]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DrupalTable {
    /// The directory of `index.php` in a release. [default: the release itself]
    pub(crate) docroot: Option<String>,
    /// A multisite: each directory below `sites/` with the URI that drush is given. [default: `default` with `uri`]
    pub(crate) sites: Option<BTreeMap<String, String>>,
    /// The URI of the one site. [default: `default`]
    pub(crate) uri: Option<String>,
    /// The drush command; with a `/` inside it is relative to the release. [default: `vendor/bin/drush`; Drupal 7: `drush`]
    pub(crate) drush: Option<Vec<String>>,
    /// How database updates go together with the switch. [default: maintenance]
    pub(crate) database: Option<DatabaseMode>,
    /// Whether exported configuration is imported. [default: auto]
    pub(crate) config: Option<Config>,
    /// When the database is dumped before an update. [default: never]
    pub(crate) dump: Option<Dump>,
    /// Whether caches are rebuilt with `database = "none"`. [default: true]
    pub(crate) rebuild: Option<bool>,
    /// How often a failed `drush deploy` is tried again. [default: 0]
    pub(crate) retries: Option<u32>,
    /// The host that runs drush. [default: the first that switches]
    pub(crate) host: Option<HostName>,
    /// How long an update may take. [default: 30m]
    pub(crate) timeout: Option<Span>,
}

/// `[rollout]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RolloutTable {
    /// Who switches first: how many, or which hosts. [default: nobody]
    pub(crate) canary: Option<CanaryValue>,
    /// How many switch at a time after the canary. [default: all]
    pub(crate) batch: Option<Quota>,
    /// The pause after a healthy batch. [default: none]
    pub(crate) pause: Option<Span>,
    /// How many hosts of each group must succeed. [default: all]
    pub(crate) quorum: Option<Quota>,
}

/// `1`, `"10%"` or `["web1"]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum CanaryValue {
    Hosts(Vec<HostName>),
    Quota(Quota),
}

/// `[groups.<name>]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupTable {
    /// How many hosts of this group must succeed.
    pub(crate) quorum: Quota,
}

/// One of `[[hooks]]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HookTable {
    /// What output and records call it. [default: the program]
    pub(crate) name: Option<String>,
    /// When it runs.
    pub(crate) phase: PhaseValue,
    /// On which hosts: `every`, `once`, `canary`. [default: every]
    pub(crate) on: Option<String>,
    /// On this host only.
    pub(crate) host: Option<HostName>,
    /// On every host of this group.
    pub(crate) group: Option<HostName>,
    /// A command, as a list of arguments; no shell.
    pub(crate) run: Option<Vec<Template>>,
    /// Instead of `run`: empties the opcache of the php-fpm at this socket or `host:port`.
    pub(crate) opcache_reset: Option<Template>,
    /// Instead of `run`: reloads (SIGUSR2) the php-fpm whose process id is in this file.
    pub(crate) fpm_reload: Option<Template>,
    /// How long it may take. [default: 60s]
    pub(crate) timeout: Option<Span>,
}

/// One phase or several.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum PhaseValue {
    One(Phase),
    Several(Vec<Phase>),
}

/// `[defaults]` and `[hosts.<name>]`; not every key is allowed in both.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HostTable {
    /// Where SSH connects: an IP address, a DNS name, or a `Host` of ssh_config. Required unless Ansible gives it.
    pub(crate) address: Option<Address>,
    /// The IP address that other peers connect to. [default: what `address` resolves to]
    pub(crate) peer_address: Option<IpAddr>,
    /// Its group: a rack, a region, a role. Peers prefer their own group. [default: none]
    pub(crate) group: Option<HostName>,
    /// The account that deploys. [default: deploy]
    pub(crate) user: Option<UserName>,
    /// The SSH port. [default: 22]
    pub(crate) port: Option<u16>,
    /// The private key file. [default: the SSH agent]
    pub(crate) identity: Option<PathBuf>,
    /// The file of trusted host keys. [default: ~/.ssh/known_hosts]
    pub(crate) known_hosts: Option<PathBuf>,
    /// Runs commands on this machine instead of over SSH. [default: false]
    pub(crate) local: Option<bool>,
    /// The directory of the site on this host. [default: `deploy_to` of `[site]`]
    pub(crate) deploy_to: Option<RemotePath>,
    /// The directory from which its rtorrent loads torrents. [default: /var/lib/site-rt/watch]
    pub(crate) watch_dir: Option<RemotePath>,
    /// The SCGI socket of its rtorrent. If it does not exist, the watch directory alone is used.
    /// [default: /run/site-rt/rpc.sock]
    pub(crate) rpc_socket: Option<RemotePath>,
    /// `swap-release` on the host: a name on the PATH, or a path. [default: swap-release]
    pub(crate) swap_release: Option<Program>,
    /// The port of its rtorrent. [default: 6890]
    pub(crate) peer_port: Option<u16>,
    /// The ports of its embedded peer, which takes the first free one. [default: 6900-6999]
    pub(crate) peer_ports: Option<PortRange>,
    /// The IP address that its embedded peer binds, behind NAT. [default: all]
    pub(crate) peer_listen: Option<IpAddr>,
    /// The upload ceiling for a payload. [default: none]
    pub(crate) max_upload: Option<Rate>,
    /// What carries the payload there. [default: embedded]
    pub(crate) engine: Option<Engine>,
    /// The file with its passkey for the tracker.
    pub(crate) passkey_file: Option<PathBuf>,
    /// The environment variable with its passkey for the tracker.
    pub(crate) passkey_env: Option<String>,
    /// Jump hosts on the way there, the first one first: `[USER@]NAME[:PORT]`, separated by commas; or `none`.
    /// [default: ssh_config]
    pub(crate) jump: Option<Jumps>,
    /// The ssh_config for what this file leaves out; or `none`. [default: ~/.ssh/config, /etc/ssh/ssh_config]
    pub(crate) ssh_config: Option<PathBuf>,
    /// Every group that Ansible has it in.
    #[serde(skip)]
    pub(crate) groups: Vec<HostName>,
}

/// `[seeder]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeederTable {
    /// The SCGI socket of an rtorrent on this machine that seeds.
    pub(crate) rpc_socket: Option<RemotePath>,
    /// Where that rtorrent keeps its payloads.
    pub(crate) directory: Option<RemotePath>,
    /// The address and port on which the hosts reach that rtorrent.
    pub(crate) peer: Option<SocketAddr>,
    /// The host of the fleet that seeds; it has the payload already. [default: this machine]
    pub(crate) host: Option<HostName>,
    /// The IP address that the hosts connect to. [default: the one from which this machine reaches them]
    pub(crate) address: Option<IpAddr>,
    /// The IP address that is bound, behind NAT. [default: all]
    pub(crate) listen: Option<IpAddr>,
    /// The ports of the seeder, which takes the first free one. [default: 6900-6999]
    pub(crate) ports: Option<PortRange>,
    /// The upload ceiling. [default: none]
    pub(crate) max_upload: Option<Rate>,
    /// The file with the passkey of that rtorrent for the tracker.
    pub(crate) passkey_file: Option<PathBuf>,
    /// The environment variable with it.
    pub(crate) passkey_env: Option<String>,
}

/// `[tracker]`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrackerTable {
    /// The kind of tracker. [default: none]
    pub(crate) mode: Option<TrackerMode>,
    /// The announce URL; `{passkey}` in it stands for each client's own. In every mode but `none`.
    pub(crate) announce: Option<Announce>,
    /// Whether `fleet-push` also introduces the peers of a public torrent to each other. [default: true]
    pub(crate) introduce: Option<bool>,
    /// The certificate authorities (PEM) for the tracker and the site. [default: the public ones]
    pub(crate) ca_file: Option<PathBuf>,
    /// `ocelot`, `gazelle`, `gazelle-ops`: where updates of Ocelot go, if not to the announce address.
    pub(crate) update: Option<String>,
    /// `ocelot`, and to repair Ocelot `gazelle`, `gazelle-ops`: the file with Ocelot's `site_password`.
    pub(crate) secret_file: Option<PathBuf>,
    /// The same: the environment variable with it.
    pub(crate) secret_env: Option<String>,
    /// `ocelot`, `gazelle`, `gazelle-ops`: whether downloads do not count. [default: true with `ocelot`, else what the site says]
    pub(crate) freeleech: Option<bool>,
    /// `opentracker`: its whitelist file.
    pub(crate) whitelist: Option<PathBuf>,
    /// `opentracker`: the file with its process id, for SIGHUP.
    pub(crate) pid_file: Option<PathBuf>,
    /// `opentracker`: the command that makes it read the whitelist again, instead of `pid_file`.
    pub(crate) reload: Option<Vec<String>>,
    /// `gazelle`, `gazelle-ops`: the URL of the site.
    pub(crate) site: Option<String>,
    /// `gazelle`: the user that uploads.
    pub(crate) username: Option<String>,
    /// `gazelle`: the file with that user's password.
    pub(crate) password_file: Option<PathBuf>,
    /// `gazelle`: the environment variable with it.
    pub(crate) password_env: Option<String>,
    /// `gazelle-ops`: the file with the API token.
    pub(crate) token_file: Option<PathBuf>,
    /// `gazelle-ops`: the environment variable with it.
    pub(crate) token_env: Option<String>,
    /// `gazelle`: where the session is kept between runs.
    pub(crate) session_file: Option<PathBuf>,
    /// `gazelle`, `gazelle-ops`: the title of an upload.
    pub(crate) title: Option<String>,
    /// `gazelle`, `gazelle-ops`: its tags.
    pub(crate) tags: Option<String>,
    /// `gazelle`, `gazelle-ops`: its description.
    pub(crate) description: Option<String>,
}

/// What a good answer proves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Prove {
    /// The code: PHP names the release that it runs.
    Code,
    /// That the page is as it should be.
    Page,
}

/// `[health]`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthTable {
    /// The page to ask each server for, such as `http://{address}/`. Either this or `command` is required.
    pub(crate) url: Option<Template>,
    /// More pages of the same server, such as `/user/login`; each must have `status`. [default: none]
    #[serde(default)]
    pub(crate) paths: Vec<String>,
    /// `code`: PHP itself names the release, and no cache can answer; `page`: the page is enough.
    /// [default: `code` with `[site] drupal`]
    pub(crate) prove: Option<Prove>,
    /// The name of the site, for the Host header and for TLS. [default: that of `url`]
    pub(crate) host: Option<Template>,
    /// More headers of the request. [default: none]
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, Template>,
    /// A command that is run on the server, as a list of arguments; healthy if it exits 0.
    pub(crate) command: Option<Vec<Template>>,
    /// How many good answers in a row it takes. [default: 1]
    pub(crate) in_a_row: Option<u32>,
    /// A slower answer is a bad one. [default: none]
    pub(crate) max_latency: Option<Span>,
    /// The HTTP status of a good answer. [default: 200]
    pub(crate) status: Option<u16>,
    /// Text that the page must contain as a word of its own.
    pub(crate) contains: Option<Template>,
    /// `Name: value`, a header that the answer must have, with exactly this value.
    pub(crate) header: Option<Template>,
    /// How many bad answers make a server unhealthy. [default: 10]
    pub(crate) attempts: Option<u32>,
    /// The pause between two attempts. [default: 500ms]
    pub(crate) interval: Option<Span>,
    /// How long one answer may take. [default: 5s]
    pub(crate) timeout: Option<Span>,
}

/// A duration in words, `500ms`, `1h 30m`; never zero.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(crate) struct Span(pub(crate) Duration);

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
