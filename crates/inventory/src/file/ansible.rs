//! `[ansible]`: the hosts of the JSON that `ansible-inventory --list` prints.
//!
//! Of the variables these count: `ansible_host`, `ansible_port`, `ansible_user` (and their older names with `ssh_`),
//! `ansible_ssh_private_key_file`, `ansible_connection=local`, and `mkt_KEY` for every key of a host in `fleet.toml`. What
//! `[hosts.NAME]` says of the same host goes before.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::keys;
use super::local_path::local_path;
use super::tables::{AnsibleTable, HostTable};
use crate::value::nearest;
use crate::{Error, HostName};

/// Ten thousand hosts with a page of variables each.
const LIMIT: u64 = 64 << 20;
/// Groups within groups.
const DEPTH: usize = 64;
/// Groups that say nothing.
const EVERYBODY: [&str; 2] = ["all", "ungrouped"];

/// What is read of the listing.
#[derive(Debug, Deserialize)]
struct Listing {
    #[serde(rename = "_meta", default)]
    meta: Meta,
    #[serde(flatten)]
    groups: BTreeMap<String, Group>,
}

#[derive(Debug, Default, Deserialize)]
struct Meta {
    #[serde(default)]
    hostvars: BTreeMap<String, Map<String, Value>>,
}

#[derive(Debug, Default, Deserialize)]
struct Group {
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    children: Vec<String>,
    /// Only with --export; else every host has them among its own.
    #[serde(default)]
    vars: Map<String, Value>,
}

/// A host as it was met.
#[derive(Debug, Default)]
struct Met {
    /// The groups that name it.
    direct: Vec<String>,
    /// These and those above them.
    groups: BTreeSet<String>,
    vars: Map<String, Value>,
}

/// The hosts in Ansible's order, those that only `own` (`[hosts]`) has last. `fleet` is the inventory that names the file.
pub(super) fn hosts(
    fleet: &Path,
    table: &AnsibleTable,
    own: &toml::Table,
) -> Result<Vec<(HostName, HostTable)>, Error> {
    let path = local_path(fleet, &table.inventory);
    let refuse = |reason: String| Error::Ansible { path: path.clone(), reason };
    let listing = read(&path)?;
    let (order, met) = listing.hosts();
    if let Some(group) = &table.group
        && !listing.groups.contains_key(group)
    {
        let near = nearest(group, listing.groups.keys().map(String::as_str));
        let near = near.map_or(String::new(), |near| format!(", did you mean `{near}`?"));
        return Err(refuse(format!("there is no group `{}`{near}", group.escape_debug())));
    }
    let mut hosts = Vec::new();
    for name in order {
        let Some(met) = met.get(&name) else { continue };
        if table
            .group
            .as_ref()
            .is_some_and(|group| !met.groups.contains(group) && !EVERYBODY.contains(&group.as_str()))
        {
            continue;
        }
        let mut keys = keys_of(&name, met).map_err(refuse)?;
        let ours = own.get(&name).and_then(toml::Value::as_table);
        keys.extend(ours.cloned().unwrap_or_default());
        hosts.push(host(&path, &name, keys, met)?);
    }
    for (name, keys) in own {
        if let toml::Value::Table(keys) = keys
            && !met.contains_key(name)
        {
            hosts.push(host(fleet, name, keys.clone(), &Met::default())?);
        }
    }
    Ok(hosts)
}

fn read(path: &Path) -> Result<Listing, Error> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(LIMIT).read_to_string(&mut text))
        .map_err(|source| Error::ReadInventory { path: path.to_owned(), source })?;
    // A variable may be a secret, so a message of the parser that may quote it is not passed on.
    serde_json::from_str(&text).map_err(|error| Error::Ansible {
        path: path.to_owned(),
        reason: format!("line {}, column {}", error.line(), error.column()),
    })
}

impl Listing {
    /// Every host with what its groups and itself say, and their order.
    fn hosts(&self) -> (Vec<String>, BTreeMap<String, Met>) {
        let mut met: BTreeMap<String, Met> = BTreeMap::new();
        let mut order = Vec::new();
        let children: BTreeSet<&String> = self.groups.values().flat_map(|group| &group.children).collect();
        for root in self.groups.keys().filter(|name| !children.contains(name)) {
            self.walk(root, &mut vec![root], &mut order, &mut met);
        }
        for (name, vars) in &self.meta.hostvars {
            let host = met.entry(name.clone()).or_insert_with(|| {
                order.push(name.clone());
                Met::default()
            });
            host.vars.extend(vars.clone());
        }
        (order, met)
    }

    fn walk<'a>(
        &'a self,
        name: &'a str,
        way: &mut Vec<&'a str>,
        order: &mut Vec<String>,
        met: &mut BTreeMap<String, Met>,
    ) {
        let Some(group) = self.groups.get(name) else { return };
        for host in &group.hosts {
            let host = met.entry(host.clone()).or_insert_with(|| {
                order.push(host.clone());
                Met::default()
            });
            host.direct.push(name.to_owned());
            for above in way.iter() {
                host.groups.insert((*above).to_owned());
                // What is nearer to the host goes before.
                if let Some(group) = self.groups.get(*above) {
                    host.vars.extend(group.vars.clone());
                }
            }
        }
        for child in &group.children {
            if way.len() < DEPTH && !way.contains(&child.as_str()) {
                way.push(child);
                self.walk(child, way, order, met);
                way.pop();
            }
        }
    }
}

/// The keys that a host's variables stand for.
fn keys_of(name: &str, met: &Met) -> Result<toml::Table, String> {
    let plain = |variable: &str, value: &Value| match value {
        Value::String(text) => Ok(toml::Value::String(text.clone())),
        Value::Bool(flag) => Ok(toml::Value::Boolean(*flag)),
        Value::Number(number) if number.is_i64() => {
            Ok(toml::Value::Integer(number.as_i64().unwrap_or_default()))
        }
        _ => Err(format!("`{variable}` of host `{}` is not a plain value", name.escape_debug())),
    };
    let mut keys = toml::Table::new();
    keys.insert("address".to_owned(), toml::Value::String(name.to_owned()));
    for (variables, key) in [
        (&["ansible_ssh_host", "ansible_host"][..], "address"),
        (&["ansible_ssh_port", "ansible_port"], "port"),
        (&["ansible_ssh_user", "ansible_user"], "user"),
        (&["ansible_ssh_private_key_file"], "identity"),
    ] {
        for variable in variables {
            let Some(value) = met.vars.get(*variable) else { continue };
            let value = plain(variable, value)?;
            // From an INI file with templates a port is text.
            let number = value.as_str().filter(|_| key == "port").and_then(|text| text.parse().ok());
            keys.insert(key.to_owned(), number.map_or(value, toml::Value::Integer));
        }
    }
    if met.vars.get("ansible_connection").and_then(Value::as_str) == Some("local") {
        keys.insert("local".to_owned(), toml::Value::Boolean(true));
    }
    for (variable, value) in &met.vars {
        if let Some(key) = variable.strip_prefix("mkt_") {
            keys.insert(key.to_owned(), plain(variable, value)?);
        }
    }
    Ok(keys)
}

/// The table of a host. One group of several cannot be told to be the one that counts, unless it is said.
fn host(path: &Path, name: &str, keys: toml::Table, met: &Met) -> Result<(HostName, HostTable), Error> {
    let refuse = |reason: String| Error::Ansible { path: path.to_owned(), reason };
    keys::check_host(path, name, &keys)?;
    let host_name: HostName = name.parse().map_err(refuse)?;
    let table = HostTable::deserialize(toml::Value::Table(keys));
    let mut table =
        table.map_err(|error| refuse(format!("host `{name}`: {}", error.message().trim_end())))?;
    let named = |groups: &mut dyn Iterator<Item = &String>| -> Vec<HostName> {
        let groups = groups.filter(|group| !EVERYBODY.contains(&group.as_str()));
        groups.filter_map(|group| group.parse().ok()).collect()
    };
    let direct = named(&mut met.direct.iter());
    if let (None, [only]) = (&table.group, direct.as_slice()) {
        table.group = Some(only.clone());
    }
    table.groups = named(&mut met.groups.iter());
    Ok((host_name, table))
}
