//! The inventory of one host by itself, as it is on that host: what `swap-release` there needs to switch it as it would be
//! switched with the others.

use std::fs;

use toml::{Table, Value};

use crate::{Error, Host, Inventory};

/// Tables of which every word counts on the host as well. What is about the fleet (order, quorum), about distribution and
/// about this machine (keys, passkeys) does not.
const KEPT: [&str; 4] = ["site", "health", "drupal", "hooks"];

impl Inventory {
    /// A `fleet.toml` for `host`, run on `host`: a fleet in which every host is known by name, and this one is local. With
    /// `first` it has the hooks that run once in a fleet; who switches several hosts one by one gives it to one of them.
    ///
    /// # Errors
    /// The file this inventory came from cannot be read any more, or is not what it was.
    pub fn alone(&self, host: &Host, first: bool) -> Result<String, Error> {
        let refuse = |source| Error::ReadInventory { path: self.path.clone(), source };
        let text = fs::read_to_string(&self.path).map_err(refuse)?;
        let mut all: Table = text.parse().map_err(|error: toml::de::Error| Error::ParseInventory {
            path: self.path.clone(),
            line: 0,
            column: 0,
            reason: error.message().replace('\n', ", "),
        })?;
        all.retain(|name, _| KEPT.contains(&name));
        if let (Some(Value::Array(hooks)), false) = (all.get_mut("hooks"), first) {
            hooks.retain(|hook| !is_once(hook));
        }
        let others = self.hosts.iter().filter(|other| other.name != host.name);
        let hosts = others.map(|other| (other, false)).chain([(host, true)]);
        let tables: Table =
            hosts.map(|(other, here)| (other.name.to_string(), Value::Table(entry(other, here)))).collect();
        all.insert("hosts".into(), Value::Table(tables));
        let defaults = Table::from_iter([text_of("ssh_config", "none"), text_of("engine", "embedded")]);
        all.insert("defaults".into(), Value::Table(defaults));
        Ok(all.to_string())
    }
}

/// Whether a hook runs on one of the hosts that switch, whichever that is.
fn is_once(hook: &Value) -> bool {
    let word = |key: &str| hook.get(key).and_then(Value::as_str);
    matches!(word("on"), Some("once" | "canary")) && word("host").is_none()
}

fn entry(host: &Host, here: bool) -> Table {
    let mut entry = Table::from_iter([text_of("address", host.address.as_str())]);
    entry.extend(host.group.as_ref().map(|group| text_of("group", group.as_str())));
    if here {
        entry.insert("local".into(), Value::Boolean(true));
        entry.extend([text_of("deploy_to", host.deploy_to.as_str())]);
        entry.extend([text_of("swap_release", host.swap_release.as_str())]);
    }
    entry
}

fn text_of(key: &str, value: &str) -> (String, Value) {
    (key.to_owned(), Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunsOn;

    const FLEET: &str = r#"
[site]
deploy_to = "/srv/site"
shared = ["files/"]
drupal = "8+"
[defaults]
user = "deploy"
identity = "keys/deploy"
engine = "rtorrent"
watch_dir = "/w"
rpc_socket = "/r"
[seeder]
rpc_socket = "/run/r.sock"
directory = "/srv/seed"
peer = "10.0.0.5:6890"
[tracker]
mode = "ocelot"
announce = "http://10.0.0.5:34000/{passkey}/announce"
secret_file = "secret"
[health]
url = "http://{address}/"
contains = "{release}"
[drupal]
host = "web2"
[rollout]
quorum = 1
[groups.eu]
quorum = 1
[[hooks]]
name = "warm"
phase = "after-switch"
run = ["/usr/bin/warm", "{name}"]
[[hooks]]
name = "purge"
phase = "after-commit"
on = "once"
run = ["/usr/bin/purge"]
[[hooks]]
name = "mail"
phase = "after-commit"
host = "web1"
run = ["/usr/bin/mail"]
[[hooks]]
name = "eu"
phase = "after-switch"
group = "eu"
run = ["/bin/true"]
[hosts.web1]
address = "10.0.0.1"
group = "eu"
passkey_file = "k1"
[hosts.web2]
address = "10.0.0.2"
deploy_to = "/srv/two"
swap_release = "/opt/swap-release"
passkey_file = "k2"
"#;

    fn load(dir: &tempfile::TempDir, text: &str) -> Inventory {
        let path = dir.path().join("fleet.toml");
        fs::write(&path, text).unwrap();
        Inventory::load(&path).unwrap()
    }

    #[test]
    fn a_host_by_itself_has_the_site_s_rules_and_nothing_of_the_controller() {
        let (of_fleet, of_host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let fleet = load(&of_fleet, FLEET);
        let text = fleet.alone(&fleet.hosts[1], true).unwrap();
        for secret in ["keys", "secret", "passkey", "seed", "34000", "quorum"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        let alone = load(&of_host, &text);
        let here = &alone.hosts[1];
        assert_eq!((here.name.as_str(), here.local, alone.hosts[0].local), ("web2", true, false));
        assert_eq!(
            (&here.deploy_to, &here.swap_release),
            (&fleet.hosts[1].deploy_to, &fleet.hosts[1].swap_release)
        );
        assert_eq!(alone.hosts[0].group, fleet.hosts[0].group);
        assert_eq!(alone.site, fleet.site);
        assert_eq!(alone.hooks, fleet.hooks);
        assert_eq!(alone.health, fleet.health);
        assert_eq!(alone.drupal, fleet.drupal);
    }

    #[test]
    fn what_runs_once_in_a_fleet_is_for_one_of_the_hosts() {
        let (of_fleet, of_host) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let fleet = load(&of_fleet, FLEET);
        let alone = load(&of_host, &fleet.alone(&fleet.hosts[0], false).unwrap());
        let names: Vec<&str> = alone.hooks.iter().map(|hook| hook.name.as_str()).collect();
        assert_eq!(names, ["warm", "mail", "eu"]);
        assert!(matches!(alone.hooks[1].on, RunsOn::Once(Some(_))), "it names its host");
    }
}
