//! The Drupal presets with several sites in one tree: Drupal 7, and 8 and later. Pages are served by real nginx and php-fpm;
//! drush is a stand-in that writes down its calls, since it comes from Packagist only: it keeps a "database" for each site,
//! which all hosts share.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use e2e::{Fleet, eventually};
use serde_json::{Value, json};

use crate::drush::{self, Database};
use crate::needs_peers;
use crate::support::{kill_in_step, reconcile, swap_record};

/// `vendor/bin/drush` of every release: drush 8's words for Drupal 7, drush 12's for the later ones.
const DRUSH: &str = r#"#!/usr/bin/env php
<?php
$plain = array_values(array_filter(array_slice($argv, 1), fn ($a) => !str_starts_with($a, '-')));
$all = implode(' ', $argv);
preg_match('~--root=(\S+)~', $all, $root);
preg_match('~--uri=https://(\S+)\.example~', $all, $uri);
$release = dirname(__DIR__, 2);
if ($root[1] !== $release) { fwrite(STDERR, "another root: $root[1]\n"); exit(1); }
include "$root[1]/sites/$uri[1]/settings.php";
$file = $settings['database'];
$lock = fopen("$file.lock", 'c');
flock($lock, LOCK_EX);
$state = json_decode(file_get_contents($file), true);
$save = function () use (&$state, $file) { file_put_contents("$file.new", json_encode($state)); rename("$file.new", $file); };
$code = (int) file_get_contents("$release/schema.txt");
$site = &$state[$uri[1]];
$state['log'][] = basename($release) . " $uri[1] " . implode(' ', $plain);
$save();
switch ($plain[0]) {
  case 'updatedb-status':
  case 'updatedb:status':
    echo $code > $site['schema'] ? json_encode(["site_update_$code" => ['module' => 'site']]) : '[]';
    break;
  case 'updatedb':
  case 'deploy':
    while (file_exists("$file.wait")) { usleep(20000); }
    if (!$site['maintenance']) { fwrite(STDERR, "not in maintenance\n"); exit(1); }
    if ($code === 9 && $uri[1] === 'shop') { fwrite(STDERR, "update 9 broke\n"); exit(1); }
    $site['schema'] = max($code, $site['schema']);
    $save();
    break;
  case 'vget':
    if ($plain[1] !== 'maintenance_mode') { echo "$plain[1]: ", $site[$plain[1]] ?? '', "\n"; break; }
    // Fails for a variable that was never set, as drush 8 does.
    if ($site['maintenance'] === null) { fwrite(STDERR, "No matching variable found.\n"); exit(1); }
    echo "maintenance_mode: $site[maintenance]\n";
    break;
  case 'state:get':
    if ($plain[1] !== 'system.maintenance_mode') { echo $site[$plain[1]] ?? '', "\n"; break; }
    echo (int) $site['maintenance'], "\n";
    break;
  case 'vset':
  case 'state:set':
    if (!str_ends_with($plain[1], 'maintenance_mode')) { $site[$plain[1]] = $plain[2]; $save(); break; }
    $site['maintenance'] = (int) $plain[2];
    $save();
    break;
  case 'sql-dump':
    preg_match('~--result-file=(\S+)~', $all, $dump);
    file_put_contents("$dump[1].gz", gzencode("-- MariaDB dump\n" . json_encode($site) . "\n-- Dump completed\n"));
    break;
}
"#;

/// The page of the site that is asked for: 503 in maintenance, 500 where code and schema do not fit.
const PAGE: &str = r#"<?php
$app_root = __DIR__;
$site = ($_GET['site'] ?? 'default') === 'shop' ? 'shop' : 'default';
$settings = [];
include __DIR__ . "/sites/$site/settings.php";
$state = json_decode(file_get_contents($settings['database']), true)[$site];
$code = (int) file_get_contents(__DIR__ . '/schema.txt');
if ($state['maintenance']) { http_response_code(503); exit("maintenance\n"); }
if ($state['schema'] !== $code) { http_response_code(500); exit("schema $state[schema], code $code\n"); }
echo 'release: ', basename(__DIR__), "\nsite: $site\nidentifier: ", $settings['deployment_identifier'] ?? '-', "\n";
"#;

struct Sites {
    fleet: Fleet,
    drush: Database,
}

impl Sites {
    fn new(core: &str, more: &str) -> Self {
        let fleet = Fleet::three();
        fleet.edit_inventory("keep = 3\n", &format!("keep = 3\ndrupal = \"{core}\"\n"));
        fleet.extend_inventory(&format!(
            "[drupal]\nconfig = \"import\"\nsites = {{ default = \"https://default.example\", shop = \"https://shop.example\" }}\n{more}"
        ));
        let drush = Database::of(&fleet);
        let sites = Self { fleet, drush };
        let fresh = json!({"schema": 1, "maintenance": null});
        sites.drush.write(&json!({"default": fresh, "shop": fresh, "log": []}));
        for host in &sites.fleet.hosts {
            let shared = host.deploy_to().join("shared");
            fs::create_dir_all(shared.join("sites/shop/files")).unwrap();
            for site in ["default", "shop"] {
                let identifier = format!("include '{}';\n", shared.join("drupal.settings.php").display());
                let text = format!(
                    "<?php\n$settings['database'] = '{}';\n{identifier}",
                    sites.drush.path().display()
                );
                fs::write(shared.join(format!("sites/{site}/settings.php")), text).unwrap();
            }
        }
        sites
    }

    fn set(&self, site: &str, key: &str, value: Value) {
        let mut state = self.drush.state();
        state[site][key] = value;
        self.drush.write(&state);
    }

    fn deliver(&self, number: u32, schema: u32) {
        drush::deliver(&self.fleet, number, schema, DRUSH, PAGE);
    }

    #[track_caller]
    fn assert_serves(&self, id: &str, identifier: &str) {
        for host in &self.fleet.hosts {
            for site in ["default", "shop"] {
                let page = host.http_get(&format!("/?site={site}"));
                let seen = (page.status, page.field("release"), page.field("site"), page.field("identifier"));
                assert_eq!(seen, (200, Some(id), Some(site), Some(identifier)), "{}: {page:?}", host.name);
            }
        }
    }
}

#[test]
fn drupal_7_is_updated_site_by_site_once_and_every_site_is_open_again() {
    needs_peers!();
    let sites = Sites::new("7", "dump = true\ndrush = [\"vendor/bin/drush\"]\n");
    let fleet = &sites.fleet;
    sites.deliver(1, 1);
    fleet.swap("activate").output().ok();
    sites.assert_serves("r1", "r1");
    sites.drush.calls();

    sites.deliver(2, 2);
    fleet.swap("activate").output().ok();
    sites.assert_serves("r2", "r2");
    assert_eq!(
        sites.drush.calls(),
        [
            "r1 default vget maintenance_mode",
            "r1 shop vget maintenance_mode",
            "r2 default updatedb-status",
            "r2 shop updatedb-status",
            "r2 default sql-dump",
            "r2 shop sql-dump",
            "r1 default vset maintenance_mode 1",
            "r1 shop vset maintenance_mode 1",
            "r2 default updatedb",
            "r2 default cc all",
            "r2 shop updatedb",
            "r2 shop cc all",
            "r2 default vset maintenance_mode 0",
            "r2 default php-eval cache_clear_all('*', 'cache_page', TRUE);",
            "r2 shop vset maintenance_mode 0",
            "r2 shop php-eval cache_clear_all('*', 'cache_page', TRUE);",
        ]
    );
    for site in ["default", "shop"] {
        let dump = fleet.host("alpha").deploy_to().join(format!(".swap/dumps/r2/{site}.sql.gz"));
        assert!(fs::metadata(&dump).unwrap().len() > 0);
    }

    // The update of the second site breaks; the first one is done already. All is back, and open.
    sites.deliver(3, 9);
    fleet
        .swap("activate")
        .output()
        .fails_naming(40, "update 9 broke")
        .says("half updated")
        .says("shop.sql.gz");
    assert!(fleet.currents().iter().all(|current| current.as_deref() == Some("r2")));
    let state = sites.drush.state();
    assert_eq!((&state["default"]["maintenance"], &state["shop"]["maintenance"]), (&json!(0), &json!(0)));
    sites.set("default", "schema", 2.into());
    sites.assert_serves("r2", "r2");
    sites.drush.calls();

    // Not back across the update; and with --force what the newer code has cached goes.
    fleet.swap("rollback").arg("r1").output().fails_naming(31, "r2");
    assert!(sites.drush.calls().is_empty());
    for site in ["default", "shop"] {
        sites.set(site, "schema", 1.into());
    }
    fleet.swap("rollback").args(["r1", "--force"]).output().ok();
    sites.assert_serves("r1", "r1");
    let calls = sites.drush.calls();
    assert!(
        calls.contains(&"r1 default cc all".into()) && calls.contains(&"r1 shop cc all".into()),
        "{calls:?}"
    );
}

#[test]
fn of_several_sites_one_that_was_closed_stays_closed_and_a_killed_server_process_leaves_none_closed() {
    needs_peers!();
    let sites = Sites::new("8+", "");
    let fleet = &sites.fleet;
    sites.deliver(1, 1);
    fleet.swap("activate").output().ok();
    sites.assert_serves("r1", "r1");
    sites.drush.calls();

    // Somebody has closed the shop.
    sites.set("shop", "maintenance", 1.into());
    sites.deliver(2, 2);
    fleet.swap("activate").output().ok();
    let calls = sites.drush.calls();
    let count = |call: &str| calls.iter().filter(|found| found.as_str() == call).count();
    assert_eq!((count("r2 default deploy"), count("r2 shop deploy")), (1, 1), "{calls:?}");
    let state = sites.drush.state();
    assert_eq!((&state["default"]["maintenance"], &state["shop"]["maintenance"]), (&json!(0), &json!(1)));
    assert!(!calls.iter().any(|call| call.contains("shop state:set")), "{calls:?}");
    sites.set("shop", "maintenance", 0.into());
    sites.assert_serves("r2", "r2");

    // The process that runs drush is killed itself: nobody is there to open the sites, until the next run of any verb.
    sites.deliver(3, 3);
    sites.drush.calls();
    let wait = PathBuf::from(format!("{}.wait", sites.drush.path().display()));
    fs::write(&wait, "").unwrap();
    let swap = fleet.swap("activate").args(["--confirm-within", "4s"]).start();
    eventually("drush deploy", Duration::from_secs(20), || {
        sites.drush.state()["log"]
            .as_array()
            .unwrap()
            .iter()
            .any(|call| call == "r3 default deploy")
            .then_some(())
    });
    assert!(kill_in_step(fleet.host("alpha")) > 0);
    fs::remove_file(&wait).unwrap();
    let output = swap.wait();
    assert!(matches!(output.code, Some(40 | 41)), "{output:?}");
    reconcile(fleet, fleet.host("alpha"), "`r2` is live");
    eventually("all on r2 and open", Duration::from_secs(15), || {
        let state = sites.drush.state();
        let open = ["default", "shop"].iter().all(|site| state[*site]["maintenance"] == 0);
        (open && fleet.currents().iter().all(|current| current.as_deref() == Some("r2"))).then_some(())
    });

    // A settings.php that anybody may write is refused on its server before anything is closed.
    sites.drush.calls();
    for site in ["default", "shop"] {
        sites.set(site, "schema", 2.into());
    }
    let settings = fleet.host("gamma").deploy_to().join("shared/sites/shop/settings.php");
    fs::set_permissions(&settings, fs::Permissions::from_mode(0o666)).unwrap();
    fleet.push().output().ok();
    fleet.swap("activate").output().fails_naming(30, "gamma");
    assert!(swap_record(fleet).details.hooks.iter().any(|run| run.output.contains("chmod o-w")));
    assert!(sites.drush.calls().is_empty());
    sites.assert_serves("r2", "r2");
}
