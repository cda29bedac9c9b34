//! `fleet.toml` as people write it, well and badly.

use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::*;

const FULL: &str = r#"
[site]
deploy_to = "/srv/site"
shared = ["sites/default/files/", "sites/default/settings.php"]
keep = 3

[defaults]
user = "release"
port = 2222
identity = "keys/deploy"
known_hosts = "known_hosts"
watch_dir = "/var/lib/rt/watch"
rpc_socket = "/run/rt/rpc.sock"
swap_release = "/opt/mkt/swap-release"
peer_port = 7000
peer_ports = "7100-7199"
max_upload = "100 Mbit/s"
engine = "rtorrent"

[seeder]
rpc_socket = "/run/site-rt/rpc.sock"
directory = "/srv/seed"
peer = "10.0.0.5:6890"

[tracker]
mode = "announce"
announce = "http://t.example/k3y/announce"

[health]
url = "http://{address}:8080/"
host = "{name}.example.org"
headers = { X-Forwarded-Proto = "https", X-Asks = "{release}" }
status = 204
contains = "{release}"
header = "X-Release: {release}@{name}"
attempts = 3
interval = "250ms"
timeout = "2s"

[hosts.web2]
address = "10.0.0.12"

[hosts.web1]
address = "2001:db8::1"
peer_address = "10.0.0.11"
group = "eu"
user = "other"
port = 22
identity = "/etc/keys/web1"
known_hosts = "other_hosts"
watch_dir = "/w"
rpc_socket = "/r"
swap_release = "sr"
peer_port = 7001
peer_ports = "7200"
peer_listen = "192.168.1.11"
max_upload = "2 MB/s"
engine = "embedded"
local = true
deploy_to = "/srv/other"
"#;

const SMALL: &str = "[site]\ndeploy_to = \"/srv/site\"\n[hosts.web1]\naddress = \"10.0.0.11\"\n";

fn load(text: &str) -> Result<Inventory, Error> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fleet.toml");
    fs::write(&path, text).unwrap();
    Inventory::load(&path)
}

fn error(text: &str) -> String {
    load(text).unwrap_err().to_string()
}

#[test]
fn every_key_arrives() {
    let fleet = load(FULL).unwrap();
    assert_eq!(fleet.site.keep, 3);
    assert_eq!(fleet.site.shared.len(), 2);
    assert_eq!(fleet.seeder.as_ref().unwrap().peer.to_string(), "10.0.0.5:6890");
    assert_eq!(fleet.tracker.announce.as_ref().unwrap().expose(), "http://t.example/k3y/announce");
    let names: Vec<_> = fleet.hosts.iter().map(|host| host.name.as_str()).collect();
    assert_eq!(names, ["web2", "web1"], "the order of the file");

    let web2 = &fleet.hosts[0];
    assert_eq!((web2.user.as_str(), web2.port, web2.peer_port), ("release", 2222, 7000));
    assert_eq!(web2.identity.as_deref(), Some(fleet.path.parent().unwrap().join("keys/deploy").as_path()));
    assert_eq!(web2.deploy_to.as_str(), "/srv/site");
    assert_eq!(web2.swap_release.as_str(), "/opt/mkt/swap-release");

    let web1 = &fleet.hosts[1];
    assert_eq!((web1.user.as_str(), web1.port, web1.peer_port), ("other", 22, 7001));
    assert_eq!(web1.identity.as_deref(), Some(Path::new("/etc/keys/web1")));
    assert_eq!((web1.deploy_to.as_str(), web1.watch_dir.as_str()), ("/srv/other", "/w"));
    assert_eq!((web1.rpc_socket.as_str(), web1.swap_release.as_str()), ("/r", "sr"));
    assert_eq!(web1.group.as_ref().unwrap().as_str(), "eu");
    assert_eq!(web1.peer_address.unwrap().to_string(), "10.0.0.11");
    assert!(web1.local);
    let embedded = |host: &Host| {
        (
            host.engine,
            host.peer_ports.to_string(),
            host.peer_listen,
            host.max_upload.map(|rate| rate.to_string()),
        )
    };
    assert_eq!(embedded(web2), (Engine::Rtorrent, "7100-7199".into(), None, Some("100 Mbit/s".into())));
    let listen = Some("192.168.1.11".parse().unwrap());
    assert_eq!(embedded(web1), (Engine::Embedded, "7200-7200".into(), listen, Some("16 Mbit/s".into())));
    assert_eq!(web1.known_hosts, [fleet.path.parent().unwrap().join("other_hosts")]);
}

#[test]
fn little_is_needed() {
    let fleet = load(SMALL).unwrap();
    let host = &fleet.hosts[0];
    assert_eq!((fleet.site.keep, host.port, host.peer_port), (5, 22, 6890));
    assert_eq!((host.user.as_str(), host.swap_release.as_str()), ("deploy", "swap-release"));
    assert_eq!((&fleet.health, &fleet.seeder, fleet.tracker.mode), (&None, &None, TrackerMode::None));
    assert_eq!((host.engine, host.peer_ports), (Engine::Embedded, PortRange::DEFAULT));
    assert_eq!(fleet.own_seeder, OwnSeeder::default());
}

#[test]
fn a_mistyped_key_is_refused_with_the_one_meant() {
    for (text, key, meant) in [
        (SMALL.replace("address", "adress"), "hosts.web1.adress", Some("address")),
        (SMALL.replace("deploy_to", "deploy_too"), "site.deploy_too", Some("deploy_to")),
        (SMALL.replace("[site]", "[sites]"), "sites", Some("site")),
        (format!("{SMALL}[defaults]\nadress = \"x\"\n"), "defaults.adress", None),
        (
            format!("{SMALL}[health]\nurl = \"http://x/\"\ntimout = \"1s\"\n"),
            "health.timout",
            Some("timeout"),
        ),
    ] {
        match load(&text).unwrap_err() {
            Error::UnknownKey { key: found, nearest, .. } => {
                assert_eq!((found.as_str(), nearest.as_deref()), (key, meant));
            }
            other => panic!("{other}"),
        }
    }
}

#[test]
fn bad_values_are_refused_with_their_line() {
    let text = error(&SMALL.replace("/srv/site", "srv/site"));
    assert!(text.contains("line 2") && text.contains("`srv/site` is not an absolute path"), "{text}");
    let text = error(&SMALL.replace("10.0.0.11", "10.0.0.311"));
    assert!(text.contains("line 4") && text.contains("not a valid IP address"), "{text}");
    let text = error(&SMALL.replace("web1", "\"web 1\""));
    assert!(text.contains("is not a host name"), "{text}");
    let text = error(&format!("{SMALL}engine = \"torrent\"\n"));
    assert!(text.contains("expected `embedded` or `rtorrent`"), "{text}");
    let text = error(&format!("{SMALL}[health]\nurl = \"http://x\"\ninterval = \"5\"\n"));
    assert!(text.contains("is not a duration"), "{text}");
    let text = error(&format!("{SMALL}[health]\nurl = \"http://{{host}}/\"\n"));
    assert!(text.contains("unknown placeholder `{host}`"), "{text}");
}

#[test]
fn values_that_do_not_fit_the_whole_are_refused() {
    for (text, reason) in [
        ("[site]\ndeploy_to = \"/srv/site\"\n".to_owned(), "at least one host"),
        (format!("{SMALL}port = 0\n"), "0 is not a port"),
        (format!("{SMALL}rpc_socket = \"/{}\"\n", "x".repeat(107)), "at most 107 bytes"),
        (SMALL.replace("address = \"10.0.0.11\"", "user = \"x\""), "the key is missing"),
        (SMALL.replace("[hosts", "keep = 0\n[hosts"), "at least one release must stay"),
        (format!("{SMALL}[tracker]\nmode = \"announce\"\n"), "needs it"),
        (format!("{SMALL}[tracker]\nannounce = \"http://t/\"\n"), "has no announce URL"),
        (format!("{SMALL}[health]\nurl = \"ftp://x/\"\n"), "does not begin with http"),
        (format!("{SMALL}[health]\nurl = \"http://x/\"\nstatus = 99\n"), "not an HTTP status"),
        (format!("{SMALL}[health]\nurl = \"http://x/\"\nheader = \"X\"\n"), "`Name: value`"),
        (
            format!("{SMALL}[seeder]\nrpc_socket = \"/r\"\ndirectory = \"/d\"\npeer = \"0.0.0.0:1\"\n"),
            "cannot be dialled",
        ),
        (format!("{SMALL}[seeder]\naddress = \"0.0.0.0\"\n"), "cannot be dialled"),
        (format!("{SMALL}[seeder]\npeer = \"10.0.0.5:1\"\n"), "seeder.rpc_socket"),
        (format!("{SMALL}[seeder]\npeer = \"10.0.0.5:1\"\nports = \"1\"\n"), "settings of its own"),
        (format!("{SMALL}[seeder]\nhost = \"web9\"\n"), "there is no host `web9`"),
        (format!("{SMALL}engine = \"rtorrent\"\n[seeder]\nhost = \"web1\"\n"), "has the engine rtorrent"),
        (format!("{SMALL}[seeder]\nhost = \"web1\"\nports = \"1\"\n"), "under [hosts.web1]"),
    ] {
        let message = error(&text);
        assert!(message.contains(reason), "{reason}: {message}");
    }
}

#[test]
fn every_mode_knows_its_keys() {
    let with = |tracker: &str| load(&format!("{SMALL}passkey_env = \"P\"\n[tracker]\n{tracker}"));
    let opentracker =
        "mode = \"opentracker\"\nannounce = \"http://10.0.0.5:6969/announce\"\nwhitelist = \"wl\"\n";
    let ocelot = "mode = \"ocelot\"\nannounce = \"http://10.0.0.5:34000/{passkey}/announce\"\n";
    let site = "announce = \"http://t/{passkey}/announce\"\nsite = \"https://g.example\"\n";
    let gazelle = format!("mode = \"gazelle\"\n{site}username = \"u\"\npassword_env = \"P\"\n");
    for good in [
        format!("{opentracker}pid_file = \"/run/o.pid\"\n"),
        format!("{opentracker}reload = [\"systemctl\", \"kill\", \"-s\", \"HUP\", \"opentracker\"]\n"),
        format!("{ocelot}secret_env = \"S\"\nupdate = \"http://127.0.0.1:34000\"\nfreeleech = false\n"),
        format!("{gazelle}session_file = \"s\"\ntitle = \"{{release}}\"\n"),
        format!("mode = \"gazelle-ops\"\n{site}token_file = \"t\"\nsecret_file = \"s\"\n"),
        "mode = \"announce\"\nannounce = \"http://t/{passkey}/announce\"\n".to_owned(),
    ] {
        let fleet = with(&good).unwrap_or_else(|error| panic!("{good}{error}"));
        assert_eq!(fleet.hosts[0].passkey, Some(SecretSource::Env("P".into())));
        assert_eq!((fleet.tracker.introduce, &fleet.tracker.ca_file), (true, &None));
        let fleet = with(&format!("{good}introduce = false\nca_file = \"/ca.pem\"\n")).unwrap();
        assert_eq!((fleet.tracker.introduce, fleet.tracker.ca_file), (false, Some("/ca.pem".into())));
    }
    for (bad, reason) in [
        (opentracker.to_owned(), "tracker.pid_file"),
        (format!("{opentracker}reload = []\n"), "the command is empty"),
        (format!("{opentracker}pid_file = \"p\"\nreload = [\"r\"]\n"), "is given, too"),
        (format!("{opentracker}pid_file = \"p\"\ntoken_env = \"T\"\n"), "does not know it"),
        (opentracker.replace("/announce", "/{passkey}/announce"), "knows no passkeys"),
        (ocelot.to_owned(), "tracker.secret_env"),
        (format!("{ocelot}secret_env = \"S\"\nsecret_file = \"s\"\n"), "is given, too"),
        (format!("{}secret_env = \"S\"\n", ocelot.replace("/{passkey}", "")), "needs `{passkey}`"),
        (format!("{ocelot}secret_env = \"S\"\nupdate = \"http://u:hunter2@t\"\n"), "without user or query"),
        ("introduce = false\n".to_owned(), "without a tracker nobody"),
        ("ca_file = \"ca.pem\"\n".to_owned(), "mode \"none\" does not know it"),
        (gazelle.clone(), "tracker.session_file"),
        (format!("mode = \"gazelle-ops\"\n{site}"), "tracker.token_env"),
    ] {
        let message = with(&bad).unwrap_err().to_string();
        assert!(message.contains(reason) && !message.contains("hunter2"), "{reason}: {message}");
    }
}

#[test]
fn one_passkey_for_two_clients_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fleet.toml");
    let announce = "http://t/{passkey}/announce";
    let text = format!(
        "[site]\ndeploy_to = \"/s\"\n[tracker]\nmode = \"announce\"\nannounce = \"{announce}\"\n\
         [seeder]\nrpc_socket = \"/r\"\ndirectory = \"/d\"\npeer = \"10.0.0.1:1\"\npasskey_file = \"seeder\"\n\
         [hosts.web1]\naddress = \"10.0.0.11\"\npasskey_file = \"web1\"\n\
         [hosts.web2]\naddress = \"10.0.0.12\"\npasskey_file = \"web2\"\n"
    );
    fs::write(&path, &text).unwrap();
    let fleet = Inventory::load(&path).unwrap();
    let keys = |seeder: &str, web1: &str, web2: &str| {
        for (name, key) in [("seeder", seeder), ("web1", web1), ("web2", web2)] {
            fs::write(dir.path().join(name), key).unwrap();
        }
        fleet.passkeys(&fleet.hosts)
    };
    let found = keys("aaaaaaaa", "bbbbbbbb", "cccccccc").unwrap();
    let urls = found.hosts.iter().map(|(_, key)| fleet.tracker.announce.as_ref().unwrap().with_passkey(key));
    let urls: Vec<String> = urls.map(|url| url.expose().to_owned()).collect();
    assert_eq!(urls, ["http://t/bbbbbbbb/announce", "http://t/cccccccc/announce"]);
    for (keys, between) in [
        (keys("aaaaaaaa", "bbbbbbbb", "bbbbbbbb"), "host `web1` and host `web2`"),
        (keys("aaaaaaaa", "bbbbbbbb", "aaaaaaaa"), "the seeder and host `web2`"),
        (keys("aaaaaaaa", "bbb/bbbb", "cccccccc"), "hosts.web1.passkey"),
    ] {
        let message = keys.unwrap_err().to_string();
        assert!(message.contains(between) && !message.contains("bbb"), "{message}");
    }
    let without = text.replace("passkey_file = \"web1\"\n", "");
    fs::write(&path, without).unwrap();
    let fleet = Inventory::load(&path).unwrap();
    assert!(matches!(fleet.passkeys(&fleet.hosts), Err(Error::NoPasskey { .. })));
}

#[test]
fn this_machine_seeds_when_no_rtorrent_does() {
    let seeder =
        "address = \"10.0.0.5\"\nlisten = \"192.168.1.5\"\nports = \"7000\"\nmax_upload = \"1 MB/s\"\n";
    let fleet = load(&format!("{SMALL}[seeder]\n{seeder}")).unwrap();
    assert_eq!(fleet.seeder, None);
    assert_eq!(fleet.own_seeder.address, Some("10.0.0.5".parse().unwrap()));
    assert_eq!(fleet.own_seeder.listen, Some("192.168.1.5".parse().unwrap()));
    assert_eq!(fleet.own_seeder.ports.ports(), 7000..=7000);
    assert_eq!(fleet.own_seeder.max_upload, Some("1 MB/s".parse().unwrap()));
    let named = load(&format!("{SMALL}[seeder]\nhost = \"web1\"\n")).unwrap();
    assert_eq!(named.own_seeder.host.unwrap().as_str(), "web1");
}

#[test]
fn one_rtorrent_per_address() {
    let two = format!("{SMALL}[hosts.web2]\naddress = \"10.0.0.11\"\ndeploy_to = \"/srv/two\"\n");
    assert!(load(&two).is_ok(), "embedded peers have ports of their own");
    let two = format!("{two}engine = \"rtorrent\"\n");
    assert!(error(&two).contains("the hosts `web1` and `web2`"), "{}", error(&two));
    assert!(load(&format!("{two}peer_address = \"10.0.0.12\"\n")).is_ok(), "with addresses of their own");
}

fn chosen(fleet: &Inventory, args: [&[&str]; 4]) -> Result<Vec<String>, Error> {
    let words = |part: usize| args[part].iter().map(ToString::to_string).collect::<Vec<_>>();
    let selection = Selection::new(words(0), words(1), words(2), &words(3))?;
    Ok(fleet.choose(&selection)?.iter().map(|host| host.name.to_string()).collect())
}

#[test]
fn hosts_are_chosen_by_name_and_group_and_left_out_by_both() {
    let fleet = load(&format!("{FULL}\n[hosts.web3]\naddress = \"10.0.0.13\"\ngroup = \"us\"\n")).unwrap();
    for (args, names) in [
        ([&[][..], &[], &[], &[]], &["web2", "web1", "web3"][..]),
        ([&["web1"], &[], &[], &[]], &["web1"]),
        ([&["web1", "web2"], &[], &[], &[]], &["web2", "web1"]),
        ([&["web2"], &["us"], &[], &[]], &["web2", "web3"]),
        ([&[], &["eu", "us"], &["web3"], &[]], &["web1"]),
        ([&[], &[], &["us", "web2"], &[]], &["web1"]),
        ([&[], &[], &[], &["root@10.0.0.19:23"]], &["10.0.0.19_23"]),
        ([&["web1"], &[], &[], &["10.0.0.19"]], &["web1", "10.0.0.19"]),
    ] {
        assert_eq!(chosen(&fleet, args).unwrap(), names, "{args:?}");
    }
    for (args, what, meant) in [
        ([&["wbe1"][..], &[], &[], &[]], "host", Some("web1")),
        ([&[], &["eu1"], &[], &[]], "group", Some("eu")),
        ([&["eu"], &[], &[], &[]], "host", None),
        ([&[], &[], &["web"], &[]], "host or group", Some("web")),
    ] {
        match chosen(&fleet, args).unwrap_err() {
            Error::NoSuchHost { what: found, nearest, .. } => {
                assert_eq!(found, what);
                assert_eq!(nearest.is_some(), meant.is_some(), "{args:?}: {nearest:?}");
            }
            other => panic!("{args:?}: {other}"),
        }
    }
    let nobody = chosen(&fleet, [&[], &["eu"], &["web1"], &[]]).unwrap_err();
    assert!(matches!(nobody, Error::NobodyLeft { .. }), "{nobody}");
}

#[test]
fn a_host_beside_the_inventory_has_its_defaults() {
    let fleet = load(FULL).unwrap();
    let selection =
        Selection::new(vec![], vec![], vec![], &["root@10.0.0.19:23".into(), "root@10.0.0.19:23".into()]);
    let hosts = fleet.choose(&selection.unwrap()).unwrap();
    let [host] = &hosts[..] else { panic!("{hosts:?}") };
    assert_eq!((host.address.as_str(), host.port, host.user.as_str()), ("10.0.0.19", 23, "root"));
    assert_eq!((host.engine, host.peer_port, host.deploy_to.as_str()), (Engine::Rtorrent, 7000, "/srv/site"));
    assert_eq!(host.identity, fleet.hosts[0].identity);
    for known in ["web1", "release@10.0.0.12:2222"] {
        let known = if known == "web1" { "other@[2001:db8::1]:22" } else { known };
        let error = chosen(&fleet, [&[], &[], &[], &[known]]).unwrap_err();
        assert!(
            matches!(error, Error::Twice { .. }) && error.hint().unwrap().contains("--only web"),
            "{error}"
        );
    }
    let error = chosen(&fleet, [&[], &[], &[], &["a b"]]).unwrap_err();
    assert!(matches!(error, Error::NotAnEndpoint { .. }), "{error}");
}

#[test]
fn an_announce_url_never_shows_its_passkey() {
    let fleet = load(FULL).unwrap();
    assert!(!format!("{fleet:?}").contains("k3y"));
    for broken in
        ["announce = \"gopher://t.example", "announce = http://t.example", "announce = [\"http://t.example"]
    {
        let text = error(&FULL.replace("announce = \"http://t.example", broken));
        assert!(text.contains("line 2") && !text.contains("k3y"), "{text}");
    }
}

#[test]
fn hooks_rollout_and_drupal_arrive() {
    let fleet = load(
        &format!(
            r#"{SMALL}group = "eu"
[drupal]
docroot = "/web/"
sites = {{ default = "https://a.example", shop = "https://b.example" }}
database = "expand"
dump = true
host = "web1"
[rollout]
canary = ["web1"]
batch = "25%"
pause = "30s"
quorum = 2
[groups.eu]
quorum = "all"
[[hooks]]
phase = ["after-switch", "after-revert"]
run = ["/usr/bin/warm", "http://{{address}}/"]
on = "once"
[[hooks]]
name = "cache"
phase = "after-switch"
opcache_reset = "/run/php/{{name}}.sock"
group = "eu"
timeout = "5s"
"#
        )
        .replace("[site]\n", "[site]\ndrupal = \"8+\"\nshared = [\"web/sites/default/files/\"]\n"),
    )
    .unwrap();
    let shared: Vec<String> = fleet.site.shared.iter().map(ToString::to_string).collect();
    let of_site = |site: &str| {
        ["files/", "settings.php", "settings.local.php?", "services.yml?", "private/?"]
            .map(|path| format!("web/sites/{site}/{path}"))
    };
    let beside = [".env?", "private/?"].map(str::to_owned);
    let ours: Vec<String> = of_site("default").into_iter().chain(of_site("shop")).chain(beside).collect();
    assert_eq!(shared, ours, "each once");
    let drupal = fleet.drupal.as_ref().unwrap();
    assert_eq!(
        (drupal.core, drupal.database, drupal.dump),
        (Core::EightUp, DatabaseMode::Expand, Dump::Pending)
    );
    assert_eq!(
        (drupal.docroot.as_str(), drupal.drush.as_slice()),
        ("web", &["vendor/bin/drush".to_owned()][..])
    );
    let rollout = &fleet.rollout;
    assert_eq!(rollout.canary, Some(Canary::Hosts(vec!["web1".parse().unwrap()])));
    assert_eq!((rollout.batch, rollout.pause), (Quota::Percent(25), Duration::from_secs(30)));
    assert_eq!(
        (rollout.quorum_of(None), rollout.quorum_of(Some(&"eu".parse().unwrap()))),
        (Quota::Count(2), Quota::All)
    );
    let [warm, cache] = &fleet.hooks[..] else { panic!("{:?}", fleet.hooks) };
    assert_eq!((warm.name.as_str(), &warm.on), ("warm", &RunsOn::Once(None)));
    assert_eq!(warm.phases, [Phase::AfterSwitch, Phase::AfterRevert]);
    assert_eq!((cache.name.as_str(), cache.timeout), ("cache", Duration::from_secs(5)));
}

#[test]
fn hooks_rollout_and_drupal_that_cannot_be_are_refused_with_their_key() {
    for (table, key, why) in [
        ("[drupal]\n", "site.drupal", "say which"),
        ("[[hooks]]\nphase = \"after-switch\"\n", "hooks.run", "exactly one"),
        ("[[hooks]]\nname = \"x\"\nphase = []\nrun = [\"x\"]\n", "hooks.x.phase", "at least one"),
        ("[[hooks]]\nphase = \"after-switch\"\nrun = []\n", "hooks.run", "at least a program"),
        (
            "[[hooks]]\nphase = \"after-switch\"\nrun = [\"x\"]\nhost = \"web9\"\n",
            "hooks.host",
            "no host `web9`",
        ),
        ("[[hooks]]\nphase = \"after-switch\"\nrun = [\"x\"]\ngroup = \"us\"\n", "hooks.group", "no host"),
        ("[[hooks]]\nphase = \"after-switch\"\nopcache_reset = \"fpm\"\n", "hooks.opcache_reset", "neither"),
        ("[groups.us]\nquorum = 1\n", "groups.us", "no host"),
        ("[rollout]\ncanary = [\"web9\"]\n", "rollout.canary", "no host `web9`"),
    ] {
        let text = error(&format!("{SMALL}{table}"));
        assert!(text.contains(key) && text.contains(why), "{table}: {text}");
    }
    let text = error(&format!("{SMALL}[[hooks]]\nphase = \"after-swich\"\nrun = [\"x\"]\n"));
    assert!(text.contains("data did not match") || text.contains("phase"), "{text}");
    let text = error(&format!("{SMALL}[[hooks]]\nfase = \"after-switch\"\nrun = [\"x\"]\n"));
    assert!(text.contains("hooks.fase"), "{text}");
}

#[test]
fn shared_paths_that_cannot_stand_side_by_side_are_refused_with_line_and_column() {
    let with = |site: &str| SMALL.replace("[site]\n", &format!("[site]\n{site}\n"));
    let line_of = |text: &str, part: &str| 1 + text.split(part).next().unwrap().matches('\n').count();
    for (shared, wrong, why) in [
        ("shared = [\"up/\",\n  \"up/img/\"]", "\"up/img/\"", "is inside `up/`"),
        ("shared = [\"up/img/\", \"x\",\n \"up/\"]", "\"up/\"", "is inside `up/`"),
        ("shared = [\"up/\", \"x\",\n \"up/\"]", "\n \"up/\"", "twice"),
        ("shared = [\"up/\",\n \"Up/?\"]", "\"Up/?\"", "one on a file system"),
        ("shared = [\"up/\",\n \"a/./b\"]", "\"a/./b\"", "component"),
        ("drupal = \"8+\"\nshared = [\"x\",\n \"sites/default/files/img/\"]", "\"sites/default", "preset"),
        ("drupal = \"8+\"\nshared = [\"x\",\n \"sites/\"]", "\"sites/\"", "preset"),
        ("drupal = \"8+\"\nshared = [\"x\",\n \"sites/default/files\"]", "\"sites/default", "a directory"),
    ] {
        let text = with(shared);
        let said = error(&text);
        let line = line_of(&text, wrong) + usize::from(wrong.starts_with('\n'));
        assert!(said.contains(&format!("line {line}, column ")), "{shared}: {said}");
        assert!(said.contains(why), "{shared}: {said}");
    }
    assert!(error(&with("shared = [\"up/\", \"up/img/\"]")).contains("column 18"), "the second path");
}

#[test]
fn what_the_preset_links_when_there_makes_way_for_what_is_typed() {
    let text = SMALL.replace(
        "[site]\n",
        "[site]\ndrupal = \"8+\"\nshared = [\"private/uploads/\", \".env\", \"sites/default/services.yml\"]\n",
    );
    let shared: Vec<String> = load(&text).unwrap().site.shared.iter().map(ToString::to_string).collect();
    for there in ["private/uploads/", ".env", "sites/default/services.yml", "sites/default/private/?"] {
        assert!(shared.iter().any(|path| path == there), "{there}: {shared:?}");
    }
    for not in ["private/?", ".env?", "sites/default/services.yml?"] {
        assert!(!shared.iter().any(|path| path == not), "{not}: {shared:?}");
    }
}
