//! The remedies of `fleet-push doctor` for a Drupal site, with pages by php-fpm and the stand-in for drush. See `remedies`.

use std::fs;

use e2e::Fleet;
use serde_json::Value;

use crate::doctor::{Told, doctor};
use crate::drupal_world::{Release, Site};
use crate::needs_peers;
use crate::remedies::carry_out_as_root;

fn alpha(fleet: &Fleet) -> Told {
    doctor(fleet, &["--only", "alpha"])
}

/// Whatever is wrong with alpha for doctor is so for plan.
#[track_caller]
fn plan_says(fleet: &Fleet, check: &Value) {
    let run = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml", "--only", "alpha", "--json"]);
    let plan: Value = serde_json::from_str(&run.output().stdout).unwrap();
    let list = if check["verdict"] == "fault" { "problems" } else { "warnings" };
    let told = plan["hosts"][0][list].as_array().unwrap();
    let found = check["found"].as_str().unwrap();
    assert!(told.iter().any(|text| text.as_str().unwrap().contains(found)), "{found} is not in {told:#?}");
}

#[test]
fn settings_drush_and_private_files_are_put_right_as_it_is_said() {
    needs_peers!();
    let site = Site::new(7, "database = \"maintenance\"\n", &Release::new(1, "alpha", 1));
    if !site.is_stand_in() {
        eprintln!("SKIPPED {}: settings of a real Drupal are its own", module_path!());
        return;
    }
    let fleet = &site.fleet;
    let mut number = 0;
    let deploy = |number: &mut u32| {
        *number += 1;
        if *number > 1 {
            site.write(&Release::new(*number, "alpha", 1));
        }
        fleet.deliver(*number);
        fleet.swap("activate").output().ok();
        site.assert_serves(&format!("r{number}"));
    };
    deploy(&mut number);
    doctor(fleet, &[]).well();
    let settings = site.shared(fleet.host("alpha")).join("settings.php");
    let good = fs::read_to_string(&settings).unwrap();

    // Settings that know nothing of the release.
    let without: Vec<&str> = good.lines().filter(|line| !line.starts_with("include ")).collect();
    fs::write(&settings, without.join("\n") + "\n").unwrap();
    let told = alpha(fleet);
    let plain = told.ill("alpha", "drupal_settings", "does not include what swap-release writes").clone();
    let silent = told.ill("alpha", "health_code", "PHP does not say which release it runs").clone();
    assert_eq!(silent["verdict"], "fault", "{silent:#}");
    assert!(
        silent["remedy"].as_str().unwrap().contains("include shared/drupal.settings.php at the end"),
        "{silent:#}"
    );
    plan_says(fleet, &plain);
    plan_says(fleet, &silent);
    let line = plain["remedy"].as_str().unwrap().strip_prefix("add at the end: ").unwrap();
    fs::write(&settings, format!("{}\n{line}\n", without.join("\n"))).unwrap();
    let told = alpha(fleet).well();
    for check in ["drupal_settings", "health_code"] {
        let again = told.checks("alpha").iter().find(|one| one["check"] == check && one["verdict"] != "ok");
        assert!(again.is_none(), "{again:#?}");
    }
    deploy(&mut number);

    // A database that only web pages are told of.
    let other = "if (PHP_SAPI === 'cli') { $settings['database'] = '/nowhere/at/all'; }\n";
    fs::write(&settings, format!("{good}{other}")).unwrap();
    let told = alpha(fleet);
    let blind = told.ill("alpha", "drush", "does not get to the database").clone();
    assert!(blind["remedy"].as_str().unwrap().contains("for a command line, too"), "{blind:#}");
    plan_says(fleet, &blind);
    fs::write(&settings, &good).unwrap();
    alpha(fleet).well();
    deploy(&mut number);

    // A drush that is not where fleet.toml says.
    let text = fs::read_to_string(fleet.toml()).unwrap();
    let key = text.lines().find(|line| line.starts_with("drush = ")).unwrap();
    fleet.edit_inventory(key, "drush = [\"/opt/nobody/drush\"]");
    let told = alpha(fleet);
    let missing = told.ill("alpha", "drush", "`/opt/nobody/drush` is not there, or cannot be run").clone();
    assert!(missing["remedy"].as_str().unwrap().contains("or name another one"), "{missing:#}");
    plan_says(fleet, &missing);
    fleet.edit_inventory("drush = [\"/opt/nobody/drush\"]", key);
    alpha(fleet).well();
    deploy(&mut number);

    // What a failed update left in the database, which nobody can take back.
    number += 1;
    let fails = Release { update_fails: Some("boom"), ..Release::new(number, "alpha", 2) };
    site.write(&fails);
    fleet.deliver(number);
    fleet.swap("activate").output().exits(40);
    let told = alpha(fleet);
    let remains = told.ill("alpha", "state", "the database keeps what it did there").clone();
    plan_says(fleet, &remains);
    for host in &fleet.hosts {
        let told = doctor(fleet, &["--only", &host.name]);
        let all = told.checks(&host.name);
        let left = all.iter().find(|one| one["check"] == "state" && one["verdict"] == "warning");
        left.into_iter().for_each(|left| carry_out_as_root(fleet, left));
    }
    let told = doctor(fleet, &[]).well();
    assert_eq!(told.check("alpha", "state")["verdict"], "ok");
    deploy(&mut number);

    // Private files in the release itself.
    let place = "sites/default/secret";
    for host in &fleet.hosts {
        let settings = site.shared(host).join("settings.php");
        let text = fs::read_to_string(&settings).unwrap();
        let line = format!("<?php\n$conf['file_private_path'] = '{place}';\n");
        fs::write(&settings, text.replacen("<?php\n", &line, 1)).unwrap();
        let secret = host.deploy_to().join("current").join(place);
        fs::create_dir_all(&secret).unwrap();
        fs::write(secret.join("invoice.pdf"), "private").unwrap();
    }
    let told = alpha(fleet);
    let private = told.ill("alpha", "drupal_private_files", "are in the release itself").clone();
    plan_says(fleet, &private);
    let remedy = private["remedy"].as_str().unwrap();
    let key = remedy.split('`').nth(1).and_then(|text| text.strip_prefix("[site] ")).unwrap();
    fleet.edit_inventory("[site]\n", &format!("[site]\n{key}\n"));
    // Those that are there already go there, too.
    let told = doctor(fleet, &[]);
    for host in &fleet.hosts {
        let stake = told.ill(&host.name, "shared-data", "invoice.pdf");
        carry_out_as_root(fleet, stake);
    }
    doctor(fleet, &[]).well();
    deploy(&mut number);
    for host in &fleet.hosts {
        let kept = host.deploy_to().join("current").join(place).join("invoice.pdf");
        assert_eq!(fs::read_to_string(kept).unwrap(), "private");
    }
}
