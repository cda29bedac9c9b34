//! The fleet.toml of each of Jenkins' templates, as it is shipped: only addresses, account and keys are those of the test. Each
//! is deployed on a site of its kind.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use e2e::template::workspace;
use e2e::{Fleet, FleetOptions};

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

fn deploy(template: &str, core: u8, docroot: &'static str, sites: &[&str]) {
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
    for number in [1, 2] {
        let tree = fleet.dir().join(format!("site{number}"));
        write_plain_stand_in(&tree, docroot, core, number);
        fleet.deliver(number);
        fleet.swap("activate").output().ok();
        for host in &fleet.hosts {
            for site in sites {
                let page = host.http_get_as(site, "/probe");
                assert_eq!(
                    (page.status, page.field("root")),
                    (200, Some(&*format!("r{number}"))),
                    "{page:?}"
                );
            }
        }
    }
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
