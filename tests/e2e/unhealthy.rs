//! A release that answers 500 on one server is taken back from all of them.

use std::fs;

use e2e::Fleet;

use crate::needs_peers;
use crate::support::swap_record;

#[test]
fn one_server_with_500_puts_everybody_back() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    // Release 3 wants a setting that beta does not have.
    fleet.host("beta").write_settings(&["site_name"]);
    fleet.deliver(3);
    fleet.swap("activate").output().fails_naming(40, "beta");
    fleet.assert_live("r2");

    let swap = swap_record(&fleet);
    assert_eq!((swap.details.to.as_str(), swap.details.outcome.as_str()), ("r3", "rolled_back"));
    for host in &swap.details.hosts {
        assert_eq!((host.before.as_deref(), host.after.as_deref()), (Some("r2"), Some("r2")), "{host:?}");
        assert_eq!(host.outcome, "reverted", "{host:?}");
    }
    let beta = swap.details.hosts.iter().find(|host| host.name == "beta").unwrap();
    assert!(beta.health.as_ref().is_some_and(|health| health.contains("500")), "{beta:?}");

    // The others were well on it, so nothing is held against it: the setting is added, and it goes live as it is.
    assert!(swap.details.judgement.unwrap().contains("healthy on alpha, gamma"));
    assert!(!swap.details.hosts.iter().any(|host| host.marked_failed));
    fleet.host("beta").write_settings(&["site_name", "payment_endpoint"]);
    fleet.swap("activate").output().ok();
    fleet.assert_live("r3");
}

#[test]
fn what_failed_is_not_what_a_rollback_goes_to() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    fleet.host("gamma").write_settings(&["site_name"]);
    fleet.deliver(3);
    fleet.swap("activate").output().fails_naming(40, "gamma");
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
}

/// Delivers release `number` with `php` before its front page.
fn deliver(fleet: &Fleet, number: u32, php: &str) {
    let page = fleet.site(number).join("index.php");
    let own = fs::read_to_string(&page).unwrap();
    fs::write(&page, own.replacen("<?php", &format!("<?php\n{php}"), 1)).unwrap();
    fleet.deliver(number);
}

fn states(fleet: &Fleet, id: &str) -> Vec<String> {
    let state = |deploy_to: std::path::PathBuf| {
        let status = fleet.run("swap-release").args(["status", "--json", "--deploy-to"]).arg(deploy_to);
        let status: serde_json::Value = serde_json::from_str(&status.output().ok().stdout).unwrap();
        let releases = status["releases"].as_array().unwrap().clone();
        let known = releases.into_iter().find(|known| known["release"]["id"] == id).unwrap();
        known["state"].as_str().unwrap().to_owned()
    };
    fleet.hosts.iter().map(|host| state(host.deploy_to())).collect()
}

#[test]
fn only_what_answers_badly_everywhere_while_the_former_release_is_well_is_held_to_be_bad() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    let (ill, slow) = (fleet.scratch().join("ill"), fleet.scratch().join("slow"));
    let php = format!(
        "if (file_exists('{}')) {{ http_response_code(500); exit; }}\nif (file_exists('{}')) {{ sleep(3); }}\n",
        ill.display(),
        slow.display()
    );
    deliver(&fleet, 2, &php);

    // The check is wrong: no release could pass it, this one or the one that was live.
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"a page that never comes\"");
    let said = fleet.swap("activate").output().fails_naming(40, "[health]");
    assert!(
        said.stderr.contains("the former release fails the same check: look at [health]"),
        "{}",
        said.stderr
    );
    let swap = swap_record(&fleet).details;
    assert!(swap.hosts.iter().all(|host| host.former_health.is_some() && !host.marked_failed), "{swap:?}");
    assert_eq!(states(&fleet, "r2"), ["staged"; 3]);
    fleet.edit_inventory("contains = \"a page that never comes\"", "contains = \"{release}\"");

    // Nothing answers in time.
    fleet.edit_inventory("attempts = 5", "attempts = 2");
    fleet.edit_inventory("timeout = \"5s\"", "timeout = \"1500ms\"");
    fs::write(&slow, "").unwrap();
    fleet.swap("activate").output().fails_naming(40, "nothing answered on alpha, beta, gamma");
    assert_eq!(states(&fleet, "r2"), ["staged"; 3]);
    fs::remove_file(&slow).unwrap();
    fleet.edit_inventory("timeout = \"1500ms\"", "timeout = \"5s\"");

    // It says 500 on every server, and the former release does not.
    fs::write(&ill, "").unwrap();
    fleet.swap("activate").output().fails_naming(40, "marked as failed").says("--retry-failed");
    fleet.assert_live("r1");
    assert_eq!(states(&fleet, "r2"), ["failed"; 3]);
    assert!(swap_record(&fleet).details.hosts.iter().all(|host| host.marked_failed));
    fleet.swap("activate").output().fails_naming(31, "not ready").says("has failed on this host");

    // What it lacked was not its own: its tree proves, so it has another chance, and once live it is marked no more.
    fs::remove_file(&ill).unwrap();
    fleet.swap("activate").arg("--retry-failed").output().ok();
    fleet.assert_live("r2");
    fleet.swap("rollback").output().ok();
    fs::write(&ill, "").unwrap();
    fleet.swap("activate").arg("r2").output().fails_naming(40, "r2");
    assert_eq!(states(&fleet, "r2"), ["retired"; 3]);
    fs::remove_file(&ill).unwrap();
    fleet.swap("activate").output().ok();

    // A rollback that fails leaves its target as it was.
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"r2\"");
    fleet.swap("rollback").output().fails_naming(40, "r1");
    fleet.assert_live("r2");
    assert_eq!(states(&fleet, "r1"), ["retired"; 3]);
    fleet.edit_inventory("contains = \"r2\"", "contains = \"{release}\"");
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
}
