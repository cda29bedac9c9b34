//! The Drupal preset around a switch. Pages are served by real php-fpm; drush is a stand-in that writes down its calls,
//! since Debian has none and its packages are not everywhere to be had: it keeps a "database" that all hosts share, with a
//! schema and the maintenance flag, and knows the updates that the code of its release brings.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
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
$release = basename(dirname(__DIR__, 2));
$state['log'][] = $release . ' ' . implode(' ', array_slice($plain, 0, 3));
$save();
switch ($plain[0]) {
  case 'updatedb:status':
    echo $code > $state['schema'] ? '{"site_update_' . $code . '":{"module":"site"}}' : '[]';
    break;
  case 'updatedb':
  case 'deploy':
    while (file_exists($settings['database'] . '.wait')) { usleep(20000); }
    $state['caches'] = $release;
    $save();
    if ($code === 9) { $state['schema'] = 9; $save(); fwrite(STDERR, "update 9 broke\n"); exit(1); }
    if (!$state['maintenance'] && $state['needs_maintenance']) { fwrite(STDERR, "not in maintenance\n"); exit(1); }
    $state['schema'] = max($code, $state['schema']);
    $save();
    break;
  case 'cache:rebuild':
    $state['caches'] = $release;
    $save();
    break;
  case 'state:get':
    echo $plain[1] === 'system.maintenance_mode' ? $state['maintenance'] : $state[$plain[1]] ?? '', "\n";
    break;
  case 'state:set':
    if ($plain[1] === 'system.maintenance_mode') { $state['maintenance'] = (int) $plain[2]; }
    else { $state[$plain[1]] = $plain[2]; }
    $save();
    break;
  case 'sql-dump':
    preg_match('~--result-file=(\S+)~', implode(' ', $arguments), $file);
    file_put_contents($file[1] . '.gz', gzencode("-- MariaDB dump\n" . json_encode($state) . "\n-- Dump completed\n"));
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
if (isset($state['caches']) && $state['caches'] !== basename(__DIR__)) { http_response_code(500); exit("caches of $state[caches]\n"); }
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
        fleet.extend_inventory(&format!(
            "[drupal]\nuri = \"https://site.example\"\nconfig = \"import\"\n{drupal}"
        ));
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
            "r3 updatedb:status",
            "r3 sql-dump",
            "r1 state:set system.maintenance_mode 1",
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
    site.activate().ok();
    site.assert_serves("r2");
    assert_eq!(
        site.drush.calls(),
        [
            "r1 state:get system.maintenance_mode",
            "r2 updatedb:status",
            "r1 state:set system.maintenance_mode 1",
            "r2 updatedb",
            "r2 deploy",
            "r2 state:set system.maintenance_mode 0"
        ]
    );
    site.fleet.swap("rollback").output().ok();
    site.assert_serves("r1");

    // In batches the old code is served on, by caches of its own; it is closed for the rest once all have switched.
    site.deliver(3, 3);
    site.drush.calls();
    let mut state = site.drush.state();
    state["caches"] = json!(null);
    site.drush.write(&state);
    let canary = site.fleet.swap("activate").args(["--canary", "1", "--dry-run"]).output().ok();
    canary.says("two releases share one set of caches").answers("after-switch: drupal: maintenance mode on");
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

/// Visitors of every host, until they are told to go home; gives how often each answer was seen.
fn visitors(fleet: &Fleet, stop: &AtomicBool) -> BTreeMap<String, usize> {
    let mut seen = BTreeMap::new();
    while !stop.load(Ordering::Relaxed) {
        for host in &fleet.hosts {
            let page = host.http_get("/");
            let what = match page.status {
                200 => page.field("release").unwrap_or("another page").to_owned(),
                other => format!("{other} {}", page.body.lines().next().unwrap_or_default()),
            };
            *seen.entry(what).or_default() += 1;
        }
    }
    seen
}

/// Runs something with visitors all the time; they see one of these answers, and never another.
fn with_visitors(fleet: &Fleet, may_see: &[&str], work: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let visitors = scope.spawn(|| visitors(fleet, &stop));
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        stop.store(true, Ordering::Relaxed);
        let seen = visitors.join().unwrap();
        done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        seen
    });
    assert!(seen.keys().all(|what| may_see.contains(&what.as_str())), "{seen:?}");
    assert!(seen.values().sum::<usize>() > 20, "{seen:?}");
}

#[test]
fn what_a_release_did_to_shared_caches_goes_with_it_and_visitors_see_no_error_on_the_way() {
    needs_peers!();
    let site = Site::new("dump = true\n");
    let fleet = &site.fleet;
    site.deliver(1, 1);
    site.activate().ok();

    // Forward and back, with nothing but code in it.
    site.deliver(2, 1);
    with_visitors(fleet, &["r1", "503 maintenance", "r2"], || {
        site.activate().ok().says("the site was closed to visitors for");
        fleet.swap("rollback").output().ok();
    });
    site.assert_serves("r1");
    assert!(swap_record(fleet).details.closed_seconds.is_some_and(|closed| closed > 0.0));

    // A release that updates the database and is not well then.
    site.deliver(3, 2);
    let mut state = site.drush.state();
    state["needs_maintenance"] = 0.into();
    site.drush.write(&state);
    site.drush.calls();
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"a page that never comes\"");
    with_visitors(fleet, &["r1", "503 maintenance", "r3"], || {
        let output = site.activate().exits(40);
        output
            .says("has rebuilt the caches by it")
            .says("the database keeps updates and configuration of `r3`");
    });
    site.assert_serves("r1");
    let calls = site.drush.calls();
    assert_eq!(calls.iter().filter(|call| call.contains("cache:rebuild")).count(), 1, "{calls:?}");
    let undone = swap_record(fleet).details.undone.unwrap();
    assert_eq!((undone.caches.as_str(), undone.by.as_deref()), ("rebuilt", Some("alpha")));

    // It is told on every host, with the dump, until somebody says that it is settled.
    let status = |name: &str| {
        fleet
            .run("swap-release")
            .args(["status", "--deploy-to"])
            .arg(fleet.host(name).deploy_to())
            .output()
            .ok()
    };
    for name in ["alpha", "gamma"] {
        let status = status(name);
        status
            .answers("help on alpha: gunzip -c")
            .answers("r3/default.sql.gz")
            .answers("swap-release settle");
    }
    fleet.swap("settle").output().ok();
    for name in ["alpha", "gamma"] {
        let status = status(name);
        assert!(!format!("{}{}", status.stdout, status.stderr).contains("help"), "{status:?}");
    }

    // The controller is killed while it asks: the hosts do it by themselves, one of them.
    fleet.push().output().ok();
    site.drush.calls();
    let swap = fleet.swap("activate").start();
    eventually("health to be asked", Duration::from_secs(30), || {
        swap.stderr_so_far().contains("asking every host").then_some(())
    });
    swap.kill9();
    let _killed = swap.wait();
    eventually("r1 and its caches", Duration::from_secs(20), || {
        let state = site.drush.state();
        (state["caches"] == "r1" && state["maintenance"] == 0).then_some(())
    });
    site.assert_serves("r1");
    let calls = site.drush.calls();
    assert_eq!(calls.iter().filter(|call| call.contains("cache:rebuild")).count(), 1, "{calls:?}");
}
