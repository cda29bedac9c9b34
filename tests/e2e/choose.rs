//! Which hosts are meant: by name, by group, without some, beside the inventory, from Ansible; by fleet-push and
//! swap-release alike.

use std::fs;
use std::path::PathBuf;

use e2e::template::workspace;
use e2e::{Fleet, FleetOptions, Run, peers};
use serde_json::Value;

use crate::needs_peers;
use crate::support::{push_record, swap_record};

fn fleet() -> Fleet {
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    for (name, group) in [("alpha", "eu"), ("beta", "us")] {
        let table = format!("[hosts.{name}]\n");
        fleet.edit_inventory(&table, &format!("{table}group = \"{group}\"\n"));
    }
    fleet
}

fn pushed(fleet: &Fleet) -> Vec<String> {
    push_record(fleet).details.hosts.into_iter().map(|host| host.name).collect()
}

fn swapped(fleet: &Fleet) -> Vec<String> {
    swap_record(fleet).details.hosts.into_iter().map(|host| host.name).collect()
}

/// The hosts as `fleet-push hosts --json` says.
fn hosts(fleet: &Fleet, arguments: &[&str]) -> Vec<Value> {
    let run = fleet.run("fleet-push").args(["hosts", "--fleet", "fleet.toml", "--json"]).args(arguments);
    let json: Value = serde_json::from_str(&run.output().ok().stdout).unwrap();
    assert_eq!(json["schema"], "fleet-hosts/1");
    json["hosts"].as_array().unwrap().clone()
}

#[test]
fn by_group_and_without_some_push_and_swap_mean_the_same_hosts() {
    needs_peers!();
    let fleet = fleet();
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--group", "eu"]).output().ok();
    assert_eq!(pushed(&fleet), ["alpha"]);
    fleet.swap("activate").args(["--group", "eu"]).output().ok();
    assert_eq!(swapped(&fleet), ["alpha"]);
    assert_eq!(fleet.currents(), [Some("r1".to_owned()), None, None]);

    fleet.push().args(["--exclude", "us"]).output().ok();
    assert_eq!(pushed(&fleet), ["alpha", "gamma"]);
    fleet.swap("activate").args(["--exclude", "beta"]).output().ok();
    assert_eq!(swapped(&fleet), ["alpha", "gamma"]);
    fleet.push().args(["--group", "us", "--only", "gamma"]).output().ok();
    assert_eq!(pushed(&fleet), ["beta", "gamma"]);
    fleet.swap("activate").args(["--only", "beta"]).output().ok();
    fleet.assert_live("r1");

    // What nobody is called is refused by both, with what was probably meant, and before anybody is dialled.
    for run in
        [fleet.push(), fleet.swap("status"), fleet.run("fleet-push").args(["hosts", "--fleet", "fleet.toml"])]
    {
        let refused = run.args(["--only", "alhpa"]).output().fails_naming(2, "no host `alhpa`");
        assert!(refused.stderr.contains("hint: did you mean `alpha`?"), "{}", refused.stderr);
    }
    for run in [fleet.push(), fleet.swap("verify")] {
        run.args(["--group", "alpha"]).output().fails_naming(2, "no group `alpha`");
    }
    fleet
        .push()
        .args(["--group", "eu", "--exclude", "alpha"])
        .output()
        .fails_naming(2, "no host of the inventory");
    fleet.push().args(["--host", "root@"]).output().fails_naming(2, "`root@`");

    let table =
        fleet.run("fleet-push").args(["hosts", "--fleet", "fleet.toml", "--exclude", "eu"]).output().ok();
    assert!(
        table.stdout.contains("beta") && table.stdout.contains("gamma") && !table.stdout.contains("alpha")
    );
    assert!(table.stdout.starts_with("host"), "{}", table.stdout);
}

#[test]
fn a_host_that_is_not_in_the_inventory_takes_part() {
    needs_peers!();
    let fleet = fleet();
    // beta is taken out; all that is left of it are the defaults.
    let text = fs::read_to_string(fleet.toml()).unwrap();
    let (start, end) = (text.find("[hosts.beta]").unwrap(), text.find("[hosts.gamma]").unwrap());
    fs::write(fleet.toml(), format!("{}{}", &text[..start], &text[end..])).unwrap();
    fleet.edit_inventory("/nowhere/site", &fleet.host("beta").deploy_to().display().to_string());
    fleet.edit_inventory("engine = \"rtorrent\"\n", "");
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let (address, port) = (fleet.host("beta").address.clone(), fleet.ssh_port());
    let beside = format!("{address}:{port}");
    fleet.push().args(["--host", &beside]).output().ok();
    let name = format!("{address}_{port}");
    assert_eq!(pushed(&fleet), [name.as_str()]);
    fleet.swap("activate").args(["--host", &beside]).output().ok();
    assert_eq!(swapped(&fleet), [name.as_str()]);
    assert_eq!(fleet.currents(), [None, Some("r1".to_owned()), None]);
    // Beside some of the file; and one of the file is not taken twice.
    fleet.push().args(["--only", "alpha", "--host", &beside]).output().ok();
    assert_eq!(pushed(&fleet), ["alpha", name.as_str()]);
    let alpha = format!("{}:{port}", fleet.host("alpha").address);
    let refused = fleet.push().args(["--host", &alpha]).output().fails_naming(2, "`alpha`");
    assert!(refused.stderr.contains("--only alpha"), "{}", refused.stderr);
}

#[test]
fn the_hosts_that_ansible_lists() {
    needs_peers!();
    let program: PathBuf = workspace().join("target/peers-python/bin/ansible-inventory");
    if !peers::skip_unless(module_path!(), program.exists(), "ansible-core: scripts/test installs it") {
        return;
    }
    let fleet = fleet();
    let at = |name: &str| fleet.host(name).deploy_to().display().to_string();
    let address = |name: &str| fleet.host(name).address.clone();
    let ini = format!(
        "[web]\nalpha ansible_host={} mkt_deploy_to={}\nbeta ansible_host={} mkt_deploy_to={}\n\
         [db]\ndb1 ansible_host=192.0.2.1\n[eu:children]\nweb\n\
         [all:vars]\nansible_port={}\nsecret_of_the_site=hunter2\n",
        address("alpha"),
        at("alpha"),
        address("beta"),
        at("beta"),
        fleet.ssh_port()
    );
    fs::write(fleet.dir().join("hosts.ini"), ini).unwrap();
    let listing = Run::new(&program, &fleet.dir()).args(["-i", "hosts.ini", "--list"]).output().ok().stdout;
    fs::write(fleet.dir().join("hosts.json"), listing).unwrap();
    let text = fs::read_to_string(fleet.toml()).unwrap();
    let own = text.find("[hosts.alpha]").unwrap();
    fs::write(
        fleet.toml(),
        format!("{}[ansible]\ninventory = \"hosts.json\"\ngroup = \"web\"\n", &text[..own]),
    )
    .unwrap();
    fleet.edit_inventory("engine = \"rtorrent\"\n", "");

    let all = hosts(&fleet, &[]);
    let names: Vec<&str> = all.iter().map(|host| host["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["alpha", "beta"]);
    assert_eq!(
        (all[0]["port"].as_u64(), &all[0]["group"]),
        (Some(fleet.ssh_port().into()), &"web".into()),
        "{all:#?}"
    );
    assert!(!format!("{all:?}").contains("hunter2"));

    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--group", "eu"]).output().ok();
    fleet.swap("activate").args(["--group", "web"]).output().ok();
    assert_eq!(swapped(&fleet), ["alpha", "beta"]);
    assert_eq!(fleet.currents(), [Some("r1".to_owned()), Some("r1".to_owned()), None]);
}
