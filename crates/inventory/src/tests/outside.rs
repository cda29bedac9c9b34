//! What `fleet.toml` takes from Ansible and from ssh_config.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::*;

/// Printed by `ansible-inventory --list` of ansible-core 2.19 for the inventory in the e2e test, shortened.
const LISTING: &str = r#"{
    "_meta": {
        "hostvars": {
            "db1": {"ansible_host": "10.0.1.1"},
            "web1": {"ansible_host": "10.0.0.11", "ansible_port": "2222", "ansible_user": "admin", "secret": {"__ansible_vault": "x"}},
            "web2": {"ansible_host": "10.0.0.12", "ansible_ssh_private_key_file": "~/key", "mkt_engine": "rtorrent", "mkt_group": "eu"}
        }
    },
    "all": {"children": ["ungrouped", "web", "db"]},
    "db": {"hosts": ["db1"]},
    "eu": {"hosts": ["web2"]},
    "rack": {"hosts": ["web2", "web1"]},
    "web": {"children": ["rack", "eu"]}
}"#;

fn load(dir: &Path, text: &str) -> Result<Inventory, Error> {
    let path = dir.join("fleet.toml");
    fs::write(&path, text).unwrap();
    Inventory::load(&path)
}

fn from_ansible(listing: &str, more: &str) -> Result<Inventory, Error> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("hosts.json"), listing).unwrap();
    let defaults = "[defaults]\nuser = \"deploy\"\nssh_config = \"none\"\n";
    load(
        dir.path(),
        &format!("[site]\ndeploy_to = \"/srv\"\n{defaults}[ansible]\ninventory = \"hosts.json\"\n{more}"),
    )
}

#[test]
fn the_hosts_of_ansible() {
    let fleet = from_ansible(LISTING, "group = \"web\"\n").unwrap();
    let [web2, web1] = &fleet.hosts[..] else { panic!("{:?}", fleet.hosts) };
    assert_eq!((web1.name.as_str(), web1.address.as_str(), web1.port), ("web1", "10.0.0.11", 2222));
    // What a host says goes before what the file says of all.
    assert_eq!((web1.user.as_str(), web2.user.as_str()), ("admin", "deploy"));
    assert_eq!((web1.engine, web2.engine), (Engine::Embedded, Engine::Rtorrent));
    assert!(web2.identity.as_ref().unwrap().ends_with("key"));
    // One group names web1, so it is the one that counts; for web2 it is said.
    let group = |host: &Host| host.group.as_ref().map(ToString::to_string);
    assert_eq!((group(web1).as_deref(), group(web2).as_deref()), (Some("rack"), Some("eu")));
    let groups: Vec<String> = web2.groups.iter().map(ToString::to_string).collect();
    assert_eq!(groups, ["eu", "rack", "web"], "by each it can be chosen");

    let all =
        from_ansible(LISTING, "[hosts.web1]\nport = 22\n[hosts.web9]\naddress = \"10.0.0.19\"\n").unwrap();
    let names: Vec<_> = all.hosts.iter().map(|host| (host.name.as_str(), host.port)).collect();
    assert_eq!(names, [("web2", 22), ("web1", 22), ("db1", 22), ("web9", 22)], "fleet.toml goes before");
}

#[test]
fn variables_of_groups_count_too() {
    let exported = r#"{"_meta": {"hostvars": {"web1": {"ansible_host": "10.0.0.11"}}},
        "all": {"children": ["web"], "vars": {"ansible_port": 23, "ansible_user": "above"}},
        "web": {"hosts": ["web1"], "vars": {"ansible_user": "near"}}}"#;
    let fleet = from_ansible(exported, "").unwrap();
    assert_eq!((fleet.hosts[0].port, fleet.hosts[0].user.as_str()), (23, "near"));
}

#[test]
fn what_is_wrong_in_it_is_told_with_its_place() {
    for (listing, more, words) in [
        ("{", "", "line 1, column 1"),
        (LISTING, "group = \"wbe\"\n", "did you mean `web`"),
        (&LISTING.replace("mkt_engine", "mkt_enginee"), "", "hosts.web2.enginee"),
        (&LISTING.replace("\"rtorrent\"", "\"torrent\""), "", "host `web2`"),
        (&LISTING.replace("10.0.0.11", "{{ ip }}"), "", "host `web1`"),
        (
            &LISTING.replace("\"mkt_group\": \"eu\"", "\"mkt_group\": [\"eu\"]"),
            "",
            "`mkt_group` of host `web2`",
        ),
        (&LISTING.replace("web2", "web 2"), "", "not a host name"),
        ("{}", "", "at least one host"),
    ] {
        let error = from_ansible(listing, more).unwrap_err();
        assert!(error.to_string().contains(words), "{words}: {error}");
        assert!(error.hint().is_some(), "{error}");
    }
    // A value that may be a secret is not quoted.
    let error = from_ansible("{\"all\": {\"hosts\": \"hunter2\"}}", "").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

const SITE: &str = "[site]\ndeploy_to = \"/srv/site\"\n";

#[test]
fn what_fleet_toml_does_not_say_ssh_config_says() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name).display().to_string();
    fs::write(at("id"), "x").unwrap();
    let config = format!(
        "Host web1\n  HostName 10.0.0.11\n  Port 2201\n\nHost web2\n  HostName web2.example.org\n  ProxyJump ops@bastion:2022\n\n\
         Host bastion\n  HostName 192.0.2.7\n  Port 23\n  IdentityFile {}\n\n\
         Host *\n  User admin\n  IdentityFile {}\n  IdentityFile {}\n  UserKnownHostsFile {} {}\n",
        at("id"),
        at("missing-%r"),
        at("id"),
        at("k1"),
        at("k2"),
    );
    fs::write(at("ssh_config"), config).unwrap();
    let hosts =
        "[hosts.web1]\naddress = \"web1\"\n[hosts.web2]\naddress = \"web2\"\nuser = \"deploy\"\nport = 22\n";
    let fleet = load(dir.path(), &format!("{SITE}[defaults]\nssh_config = \"ssh_config\"\n{hosts}")).unwrap();
    let [web1, web2] = &fleet.hosts[..] else { panic!("{:?}", fleet.hosts) };
    assert_eq!((web1.address.as_str(), web1.port, web1.user.as_str()), ("10.0.0.11", 2201, "admin"));
    assert_eq!(web1.identity.as_deref(), Some(Path::new(&at("id"))), "the first that is there");
    let global = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(str::to_owned);
    assert_eq!(
        web1.known_hosts,
        [[at("k1"), at("k2")], global].concat().into_iter().map(PathBuf::from).collect::<Vec<_>>()
    );
    assert_eq!((web2.address.as_str(), web2.port, web2.user.as_str()), ("web2.example.org", 22, "deploy"));
    let [jump] = &web2.jump[..] else { panic!("{:?}", web2.jump) };
    assert_eq!((jump.user.as_str(), jump.address.as_str(), jump.port), ("ops", "192.0.2.7", 2022));
    assert_eq!(web1.jump, []);

    // fleet.toml goes before, and `none` is an answer.
    let own = format!(
        "{SITE}[defaults]\nssh_config = \"ssh_config\"\njump = \"b1, u@b2:99\"\nidentity = \"own\"\n{hosts}"
    );
    let fleet = load(dir.path(), &format!("{own}jump = \"none\"\n")).unwrap();
    assert_eq!((fleet.hosts[0].jump.len(), fleet.hosts[1].jump.len()), (2, 0));
    assert_eq!(fleet.hosts[0].identity.as_deref(), Some(dir.path().join("own").as_path()));
    assert_eq!(fleet.hosts[0].jump[1].identity, fleet.hosts[0].identity);
    let fleet = load(dir.path(), &format!("{SITE}[defaults]\nssh_config = \"none\"\n{hosts}")).unwrap();
    assert_eq!((fleet.hosts[0].address.as_str(), fleet.hosts[0].user.as_str()), ("web1", "deploy"));
}

#[test]
fn an_ssh_config_that_cannot_be_followed_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("{SITE}[defaults]\nssh_config = \"sc\"\n[hosts.web1]\naddress = \"web1\"\n");
    for (config, words) in [
        ("Host a\nMatch exec true\n  Port 22\n", "`Match exec`"),
        ("Host *\n  User \"a b\"\n", "User of `web1`"),
        ("Host *\n  HostName a:b\n", "HostName of `web1`"),
        ("Host *\n  ProxyJump a@b@c:0\n", "ProxyJump of `web1`"),
        ("Host *\n  Port x\n", "port"),
    ] {
        fs::write(dir.path().join("sc"), config).unwrap();
        let error = load(dir.path(), &text).unwrap_err();
        assert!(
            error.to_string().contains(words) && error.hint().unwrap().contains("ssh_config"),
            "{words}: {error}"
        );
    }
    fs::remove_file(dir.path().join("sc")).unwrap();
    let error = load(dir.path(), &text).unwrap_err().to_string();
    assert!(error.contains("sc` cannot be used"), "{error}");
}

#[test]
fn the_schema_of_the_file_is_the_committed_one() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/fleet.schema.json");
    let text = schema();
    if env::var_os("MKT_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap_or_default(),
        text,
        "drifted: MKT_UPDATE=1 cargo test -p inventory"
    );
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    // One type stands for both, and each has keys that the other has not.
    for (table, has, lacks) in
        [("HostTable", "address", "ssh_config"), ("DefaultsTable", "ssh_config", "address")]
    {
        let keys = json.pointer(&format!("/$defs/{table}/properties")).unwrap();
        assert!(keys.get(has).is_some() && keys.get(lacks).is_none(), "{table}");
    }
}

#[test]
fn one_directory_of_one_server_has_one_name() {
    let dir = tempfile::tempdir().unwrap();
    let twice = |more: &str| {
        let hosts = "[hosts.web1]\naddress = \"10.0.0.11\"\n[hosts.web2]\naddress = \"10.0.0.11\"\n";
        load(dir.path(), &format!("{SITE}[defaults]\nssh_config = \"none\"\n{hosts}{more}\n"))
    };
    for same in ["", "deploy_to = \"/srv/site/\"", "user = \"other\""] {
        let said = twice(same).unwrap_err().to_string();
        assert!(
            said.contains("`hosts.web2.deploy_to`") && said.contains("of the host `web1` already"),
            "{said}"
        );
    }
    for other in ["port = 2222", "deploy_to = \"/srv/other\"", "jump = \"bastion\"", "local = true"] {
        twice(other).unwrap();
    }
}
