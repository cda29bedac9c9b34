//! The fleet.toml of each of Jenkins' templates, as it is shipped: only addresses, account and keys are those of the test. Each
//! is deployed on a site of its kind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use e2e::template::workspace;
use e2e::{Fleet, FleetOptions, peers};

use crate::drupal_tree::write_plain_stand_in;
use crate::needs_peers;

/// What the test has to change: servers, account, and the port of the web server.
fn inventory(fleet: &Fleet, template: &str) -> String {
    let shipped =
        fs::read_to_string(workspace().join("jenkins/templates").join(template).join("fleet.toml")).unwrap();
    let (before, _) = shipped.split_once("[hosts.web1]").unwrap();
    let own = fs::read_to_string(fleet.toml()).unwrap();
    let defaults = own.split_once("[defaults]\n").unwrap().1.split_once("\n\n").unwrap().0;
    let port = own.split_once("http://{address}:").unwrap().1.split_once('/').unwrap().0;
    let hosts = &own[own.find("[hosts.").unwrap()..];
    let (head, rest) = before.split_once("[defaults]\n").unwrap();
    let (_, health) = rest.split_once("[health]\n").unwrap();
    let health = health.replace("http://{address}", &format!("http://{{address}}:{port}"));
    format!("{head}[defaults]\n{defaults}\n\n[tracker]\nmode = \"none\"\n\n[health]\n{health}{hosts}")
}

/// Two servers of a site without a release.
fn start(template: &str, core: u8, docroot: &'static str, sites: &[&str]) -> Fleet {
    let hosts = vec!["web1", "web2"];
    let mut fleet = Fleet::start(&FleetOptions {
        embedded: hosts.clone(),
        hosts,
        seeder: false,
        docroot,
        ..FleetOptions::default()
    });
    let toml = inventory(&fleet, template);
    fs::write(fleet.toml(), toml).unwrap();
    // Drupal 7 has drush on the PATH.
    let bin = fleet.scratch().join("bin");
    fs::create_dir_all(&bin).unwrap();
    let standin = workspace().join("tests/drupal/standin");
    if core == 7 {
        fs::copy(standin.join("drush.php"), bin.join("drush")).unwrap();
        fs::set_permissions(bin.join("drush"), fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        for name in ["web1", "web2"] {
            fleet.host_mut(name).set_environment(&[("PATH".to_owned(), path.clone())]);
        }
    }
    for host in &fleet.hosts {
        let shared = host.deploy_to().join("shared");
        for site in sites {
            let folder = shared.join(docroot).join("sites").join(site);
            fs::create_dir_all(folder.join("files")).unwrap();
            let database = fleet.scratch().join(format!("{site}.sqlite"));
            let settings = format!(
                "<?php\n$settings['database'] = '{}';\ninclude '{}';\n",
                database.display(),
                shared.join("drupal.settings.php").display()
            );
            fs::write(folder.join("settings.php"), settings).unwrap();
        }
    }
    fleet
}

fn deliver(fleet: &Fleet, core: u8, docroot: &str, number: u32) {
    write_plain_stand_in(&fleet.dir().join(format!("site{number}")), docroot, core, number);
    fleet.deliver(number);
}

fn assert_serves(fleet: &Fleet, sites: &[&str], release: &str) {
    for host in &fleet.hosts {
        for site in sites {
            let page = host.http_get_as(site, "/probe");
            assert_eq!((page.status, page.field("root")), (200, Some(release)), "{page:?}");
        }
    }
}

fn deploy(template: &str, core: u8, docroot: &'static str, sites: &[&str]) {
    let fleet = start(template, core, docroot, sites);
    for number in [1, 2] {
        deliver(&fleet, core, docroot, number);
        fleet.swap("activate").output().ok();
        assert_serves(&fleet, sites, &format!("r{number}"));
    }
}

/// settings.php says nothing at first: that is found before the switch. Then pages beside the front page, and the front page
/// that a cache has, are asked of the code.
#[test]
fn a_release_is_proven_by_its_code_and_by_every_path() {
    needs_peers!();
    let (core, docroot, sites) = (7, "", &["default"]);
    let fleet = start("drupal7", core, docroot, sites);
    let toml = fs::read_to_string(fleet.toml()).unwrap();
    let health = |more: &str| {
        fs::write(fleet.toml(), toml.replace("[health]\n", &format!("[health]\n{more}\n"))).unwrap();
    };
    let settings = |host: &e2e::Host| host.deploy_to().join("shared/sites/default/settings.php");
    let whole = fs::read_to_string(settings(&fleet.hosts[0])).unwrap();
    let silent = whole.split_once("include").unwrap().0;
    let include = |host: &e2e::Host, from: &str| {
        let own = host.deploy_to().join("shared/drupal.settings.php");
        let text = format!("{silent}$mkt_health_from = {from};\ninclude '{}';\n", own.display());
        fs::write(settings(host), text).unwrap();
    };
    // On one server it is not included, on the other somebody else may ask.
    fs::write(settings(&fleet.hosts[0]), silent).unwrap();
    include(&fleet.hosts[1], "['192.0.2.1']");
    health("prove = \"page\"");
    deliver(&fleet, core, docroot, 1);
    fleet.swap("activate").output().ok();

    health("attempts = 2\npaths = [\"/probe/other\"]");
    deliver(&fleet, core, docroot, 2);
    let refused = fleet.swap("activate").output();
    for name in ["web1", "web2"] {
        let line = refused.stderr.lines().find(|line| line.contains(&format!("{name} failed")));
        let line = line.unwrap_or_else(|| panic!("{}", refused.stderr));
        assert!(line.contains("include shared/drupal.settings.php"), "{line}");
    }
    assert_serves(&fleet, sites, "r1");
    for host in &fleet.hosts {
        include(host, "['192.0.2.1', '127.0.0.1', $_SERVER['SERVER_ADDR'] ?? '']");
    }
    health("paths = [\"/probe/other\"]");
    fleet.swap("activate").output().ok();
    assert_serves(&fleet, sites, "r2");

    // The front page works, one of the others does not.
    let tree = fleet.dir().join("site3");
    write_plain_stand_in(&tree, docroot, core, 3);
    let pages = tree.join("probe/alpha/pages.inc");
    let text = fs::read_to_string(&pages).unwrap();
    let throws = "if (str_starts_with($_SERVER['REQUEST_URI'] ?? '', '/probe/other')) { throw new Exception('no'); }\n  return [";
    fs::write(&pages, text.replace("return [", throws)).unwrap();
    fleet.deliver(3);
    fleet.swap("activate").output().fails_naming(40, "/probe/other");
    assert_serves(&fleet, sites, "r2");

    // Somebody has closed the site: it would answer 503 after the switch, too, and nothing is done.
    let close = |on: &str| {
        let mut drush = std::process::Command::new(fleet.scratch().join("bin/drush"));
        drush.arg(format!("--root={}", fleet.hosts[0].deploy_to().join("current").display()));
        assert!(drush.args(["vset", "maintenance_mode", on]).status().unwrap().success());
    };
    close("1");
    deliver(&fleet, core, docroot, 4);
    fleet.swap("activate").output().fails_naming(31, "open the site first");
    assert_eq!(fleet.hosts[0].http_get("/probe?x").status, 503, "it stays closed");
    close("0");
    fleet.swap("activate").output().ok();
    assert_serves(&fleet, sites, "r4");

    // The front controller of one release with the core of another, also behind auto_prepend_file. The command line keeps no
    // headers, so there they are printed.
    let deploy_to = fleet.hosts[0].deploy_to();
    let own = fs::read_to_string(deploy_to.join("shared/drupal.settings.php")).unwrap();
    let printing = own.replace("PHP_SAPI !== 'cli'", "true").replace("header(", "print(");
    let write = |path: std::path::PathBuf, text: String| {
        fs::write(&path, text).unwrap();
        path
    };
    let included = write(fleet.scratch().join("printing.php"), printing);
    let prepended = write(fleet.scratch().join("prepend.php"), "<?php\n".to_owned());
    let core = deploy_to.join("releases/r2");
    let front = format!(
        "<?php $_GET['mkt-health'] = 1; $app_root = '{}'; include '{}';",
        core.display(),
        included.display()
    );
    let front = write(deploy_to.join("releases/r4/front.php"), front);
    let mut php = std::process::Command::new(peers::need("php"));
    php.arg("-d").arg(format!("auto_prepend_file={}", prepended.display())).arg(front);
    let said = php.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "X-Mkt-Release: r2 r4", "{said:?}");
}

#[test]
fn drupal7() {
    needs_peers!();
    deploy("drupal7", 7, "", &["default"]);
}

#[test]
fn drupal_composer() {
    needs_peers!();
    deploy("drupal-composer", 10, "web", &["default"]);
}

#[test]
fn multisite() {
    needs_peers!();
    deploy("multisite", 10, "web", &["shop.example", "blog.example"]);
}
