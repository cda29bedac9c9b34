//! The Drupal preset around a switch. Pages are served by real php-fpm; drush is a stand-in that writes down its calls,
//! since Debian has none and its packages are not everywhere to be had: it keeps a "database" that all hosts share, with a
//! schema and the maintenance flag, and knows the updates that the code of its release brings.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use e2e::{Fleet, Output, eventually};
use serde_json::json;

use crate::drush::{self, Database};
use crate::needs_peers;
use crate::support::swap_record;

/// `vendor/bin/drush` of every release.
const DRUSH: &str = r#"#!/usr/bin/env php
<?php
$arguments = array_slice($argv, 1);
$plain = array_values(array_filter($arguments, fn ($a) => !str_starts_with($a, '-')));
preg_match('~--root=(\S+)~', implode(' ', $arguments), $root);
include $root[1] . '/sites/default/settings.php';
$state = json_decode(file_get_contents($settings['database']), true);
$save = function () use (&$state, $settings) {
  file_put_contents($settings['database'] . '.new', json_encode($state));
  rename($settings['database'] . '.new', $settings['database']);
};
$code = (int) file_get_contents(dirname(__DIR__, 2) . '/schema.txt');
$state['log'][] = basename(dirname(__DIR__, 2)) . ' ' . implode(' ', array_slice($plain, 0, 3));
$save();
switch ($plain[0]) {
  case 'updatedb:status':
    echo $code > $state['schema'] ? '{"site_update_' . $code . '":{"module":"site"}}' : '[]';
    break;
  case 'deploy':
    while (file_exists($settings['database'] . '.wait')) { usleep(20000); }
    if ($code === 9) { $state['schema'] = 9; $save(); fwrite(STDERR, "update 9 broke\n"); exit(1); }
    if (!$state['maintenance'] && $state['needs_maintenance']) { fwrite(STDERR, "not in maintenance\n"); exit(1); }
    $state['schema'] = max($code, $state['schema']);
    $save();
    break;
  case 'state:get':
    echo $state['maintenance'], "\n";
    break;
  case 'state:set':
    $state['maintenance'] = (int) $plain[2];
    $save();
    break;
  case 'sql-dump':
    preg_match('~--result-file=(\S+)~', implode(' ', $arguments), $file);
    file_put_contents($file[1] . '.gz', gzencode(json_encode($state)));
    break;
}
"#;

/// 503 in maintenance, 500 where code and schema do not fit, else what is served and by which identifier.
const PAGE: &str = r#"<?php
$app_root = __DIR__;
$settings = [];
include __DIR__ . '/sites/default/settings.php';
$state = json_decode(file_get_contents($settings['database']), true);
$code = (int) file_get_contents(__DIR__ . '/schema.txt');
if ($state['maintenance']) { http_response_code(503); exit("maintenance\n"); }
if ($state['schema'] !== $code && $state['needs_maintenance']) { http_response_code(500); exit("schema\n"); }
$twig = $settings['php_storage']['twig']['directory'];
file_put_contents("$twig/compiled", 'x');
echo 'release: ', basename(__DIR__), "\nidentifier: ", $settings['deployment_identifier'], "\ntwig: $twig\n";
"#;

struct Site {
    fleet: Fleet,
    drush: Database,
}

impl Site {
    fn new(drupal: &str) -> Self {
        let fleet = Fleet::three();
        fleet.edit_inventory("keep = 3\n", "keep = 3\ndrupal = \"8+\"\n");
        fleet.extend_inventory(&format!("[drupal]\nuri = \"https://site.example\"\n{drupal}"));
        let drush = Database::of(&fleet);
        let site = Self { fleet, drush };
        let maintenance = u8::from(!drupal.contains("expand"));
        site.drush
            .write(&json!({"schema": 1, "maintenance": 0, "needs_maintenance": maintenance, "log": []}));
        for host in &site.fleet.hosts {
            let shared = host.deploy_to().join("shared");
            let settings = format!(
                "<?php\n$settings['database'] = '{}';\ninclude '{}';\n",
                site.drush.path().display(),
                shared.join("drupal.settings.php").display()
            );
            fs::write(shared.join("sites/default/settings.php"), settings).unwrap();
        }
        site
    }

    fn deliver(&self, number: u32, schema: u32) {
        drush::deliver(&self.fleet, number, schema, DRUSH, PAGE);
    }

    fn activate(&self) -> Output {
        self.fleet.swap("activate").output()
    }

    #[track_caller]
    fn assert_serves(&self, id: &str) {
        for host in &self.fleet.hosts {
            let page = host.http_get("/");
            assert_eq!((page.status, page.field("identifier")), (200, Some(id)), "{}: {page:?}", host.name);
            let twig = host.deploy_to().join("shared/php").join(id);
            assert_eq!(page.field("twig"), Some(&*twig.to_string_lossy()));
        }
        assert_eq!(self.drush.state()["maintenance"], 0, "open to visitors");
    }
}

#[test]
fn the_database_is_updated_once_in_maintenance_and_code_does_not_go_back_across_it() {
    needs_peers!();
    let site = Site::new("dump = true\n");
    let fleet = &site.fleet;
    site.deliver(1, 1);
    site.activate().ok();
    site.assert_serves("r1");
    let calls = site.drush.calls();
    assert_eq!(calls.iter().filter(|call| call.contains("deploy")).count(), 1, "{calls:?}");

    // No updates: code may go back and forth.
    site.deliver(2, 1);
    site.activate().ok();
    fleet.swap("rollback").output().ok();
    site.assert_serves("r1");
    assert!(site.drush.calls().contains(&"r1 cache:rebuild".to_owned()));

    site.deliver(3, 2);
    site.activate().ok();
    site.assert_serves("r3");
    let calls = site.drush.calls();
    assert_eq!(
        calls,
        [
            "r1 state:get system.maintenance_mode",
            "r1 state:set system.maintenance_mode 1",
            "r3 updatedb:status",
            "r3 sql-dump",
            "r3 deploy",
            "r3 state:set system.maintenance_mode 0"
        ]
    );
    let dumps = fleet.host("alpha").deploy_to().join(".swap/dumps/r3/default.sql.gz");
    assert!(fs::metadata(&dumps).unwrap().len() > 0);
    assert_eq!(fs::metadata(dumps.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);

    // Every host knows, also the two on which drush was not run.
    fleet.swap("rollback").output().fails_naming(31, "r3");
    for name in ["alpha", "gamma"] {
        let verb =
            fleet.run("swap-release").args(["rollback", "--deploy-to"]).arg(fleet.host(name).deploy_to());
        verb.output().fails_naming(10, "has updated the database");
    }
    site.assert_serves("r3");
    // The dump was restored, says --force.
    let mut state = site.drush.state();
    state["schema"] = 1.into();
    fs::write(site.drush.path(), state.to_string()).unwrap();
    fleet.swap("rollback").arg("--force").output().ok();
    site.assert_serves("r1");
}

#[test]
fn an_update_that_fails_brings_back_code_and_visitors_on_every_way_out() {
    needs_peers!();
    let site = Site::new("");
    let fleet = &site.fleet;
    site.deliver(1, 1);
    site.activate().ok();
    site.drush.calls();

    site.deliver(2, 9);
    site.activate().fails_naming(40, "update 9 broke").says("half updated");
    assert!(fleet.currents().iter().all(|current| current.as_deref() == Some("r1")));
    assert_eq!(site.drush.state()["maintenance"], 0);
    let swap = swap_record(fleet).details;
    assert!(swap.hooks.iter().any(|run| !run.ok && run.output.contains("update 9 broke")), "{swap:?}");
    let mut state = site.drush.state();
    state["schema"] = 1.into();
    fs::write(site.drush.path(), state.to_string()).unwrap();

    // The controller is killed while drush works.
    let wait = PathBuf::from(format!("{}.wait", site.drush.path().display()));
    let stuck = || {
        fs::write(&wait, "").unwrap();
        let swap = fleet.swap("activate").start();
        eventually("drush deploy", Duration::from_secs(20), || {
            site.drush.state()["log"].as_array().unwrap().iter().any(|call| call == "r3 deploy").then_some(())
        });
        assert_eq!(site.drush.state()["maintenance"], 1);
        swap
    };
    let open_again = || {
        eventually("old code and visitors", Duration::from_secs(15), || {
            let old = fleet.currents().iter().all(|current| current.as_deref() == Some("r1"));
            (old && site.drush.state()["maintenance"] == 0).then_some(())
        });
        fs::remove_file(&wait).unwrap();
        site.drush.calls();
    };
    site.deliver(3, 2);
    let swap = stuck();
    swap.kill9();
    assert_eq!(swap.wait().signal, Some(9));
    open_again();
    site.assert_serves("r1");

    // The build is aborted while drush works.
    fleet.push().output().ok();
    let swap = stuck();
    swap.terminate();
    swap.wait().exits(143);
    open_again();
    site.assert_serves("r1");

    // A settings.php that cannot tell releases apart is refused before anything is closed.
    let settings = fleet.host("beta").deploy_to().join("shared/sites/default/settings.php");
    fs::write(&settings, format!("<?php\n$settings['database'] = '{}';\n", site.drush.path().display()))
        .unwrap();
    fleet.push().output().ok();
    site.activate().fails_naming(30, "beta");
    assert!(site.drush.calls().is_empty());
}

#[test]
fn updates_that_old_code_can_live_with_run_before_the_switch_and_do_not_bar_the_way_back() {
    needs_peers!();
    let site = Site::new("database = \"expand\"\n");
    site.deliver(1, 1);
    site.activate().ok();
    site.drush.calls();
    site.deliver(2, 2);
    site.fleet.swap("activate").args(["--canary", "1"]).output().ok();
    site.assert_serves("r2");
    assert_eq!(site.drush.calls(), ["r2 updatedb:status", "r2 deploy"]);
    site.fleet.swap("rollback").output().ok();
    site.assert_serves("r1");
}

#[test]
fn who_was_away_follows_with_settings_of_its_own_and_without_a_second_update() {
    needs_peers!();
    let mut site = Site::new("");
    site.deliver(1, 1);
    site.activate().ok();
    site.fleet.edit_inventory("[tracker]\n", "[rollout]\nquorum = 2\n\n[tracker]\n");
    site.fleet.host_mut("beta").stop_sshd();
    site.deliver(2, 2);
    site.activate().ok().says("beta is left out");
    site.fleet.host_mut("beta").start_sshd();
    assert!(site.drush.calls().iter().any(|call| call == "r2 deploy"), "the others have updated it");

    site.fleet.run("fleet-push").args(["converge", "--fleet", "fleet.toml"]).output().ok();
    site.assert_serves("r2");
    let calls = site.drush.calls();
    let changes =
        |call: &String| ["deploy", "state:set", "cache:rebuild"].iter().any(|word| call.contains(word));
    assert!(!calls.iter().any(changes), "{calls:?}");
}
