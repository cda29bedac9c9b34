//! Paths that outlive releases: what cannot be is refused where it is read, and what visitors find today is not hidden from
//! them by a switch, whatever flag is given.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use e2e::{Fleet, FleetOptions, Output};

use crate::kill9::Server;
use crate::needs_peers;

#[test]
fn a_shared_path_inside_another_or_twice_is_refused_by_every_verb_and_nothing_is_made() {
    let server = Server::tiny();
    server.pack(1, "one");
    for other in ["up/img/", "up/", "up/?", "UP/", "up"] {
        let shared = ["--shared", "up/", "--shared", other];
        for run in [server.stage("one").args(shared), server.verb("adopt").args(shared)] {
            run.output().fails_naming(2, "up");
        }
        assert!(
            !server.deploy_to().join("shared/up").exists() && !server.deploy_to().join("releases").exists()
        );
    }
    server.stage("one").args(["--shared", "a/./b"]).output().exits(2).says("a/./b");
    server.stage("one").args(["--shared", "up/", "--shared", ".env?"]).output().ok();
    assert!(server.deploy_to().join("releases/one/up").is_dir());
}

#[test]
fn in_fleet_toml_it_is_refused_with_line_and_column() {
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    fleet.edit_inventory(
        "\"sites/default/settings.php\"",
        "\"sites/default/settings.php\",\n  \"sites/default/files/img/\"",
    );
    for run in [fleet.push(), fleet.swap("status"), fleet.swap("adopt")] {
        run.output().fails_naming(2, "line 3, column 3");
    }
}

/// The first command that is printed as help for the host.
fn help(output: &Output) -> &str {
    let line = output.stderr.lines().find_map(|line| line.split_once("remedy, run there: "));
    line.unwrap_or_else(|| panic!("no help in {}", output.stderr)).1
}

fn sh(command: &str) {
    assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

#[test]
fn uploads_of_a_docroot_elsewhere_stop_adopt_push_and_activate_until_the_help_was_followed() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    let (alpha, beta) = (fleet.host("alpha"), fleet.host("beta"));
    // On one server `current` leads elsewhere, on the other it is a directory.
    let html = alpha.dir.join("html");
    for (host, current) in [(alpha, html.clone()), (beta, beta.deploy_to().join("current"))] {
        fs::create_dir_all(current.join("sites/default/files/2024")).unwrap();
        fs::write(current.join("index.php"), "<?php").unwrap();
        fs::write(current.join("sites/default/files/2024/upload.txt"), "of a visitor").unwrap();
        fs::copy(
            host.deploy_to().join("shared/sites/default/settings.php"),
            current.join("sites/default/settings.php"),
        )
        .unwrap();
        fs::remove_dir_all(host.deploy_to().join("shared")).unwrap();
    }
    symlink(&html, alpha.deploy_to().join("current")).unwrap();
    let upload = |host: &e2e::Host| {
        fs::read_to_string(host.deploy_to().join("current/sites/default/files/2024/upload.txt"))
    };

    // All are looked at before the first is changed.
    let refused = fleet.swap("adopt").output();
    assert!(refused.code == Some(30), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("alpha: the live site has 1 file")
            && refused.stderr.contains("nothing was changed")
    );
    assert!(!beta.deploy_to().join("current").is_symlink(), "{}", refused.stderr);
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    let pushed = fleet.push().output();
    assert!(pushed.code != Some(0) && pushed.stderr.contains("that is not in"), "{}", pushed.stderr);
    let planned = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml"]).output();
    assert!(
        [&planned.stdout, &planned.stderr].iter().any(|text| text.contains("that is not in")),
        "{planned:?}"
    );
    let examined =
        fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml", "--only", "alpha"]).output();
    assert!(
        [&examined.stdout, &examined.stderr].iter().any(|text| text.contains("shared-data")),
        "{examined:?}"
    );

    // As it is printed.
    for _ in 0..2 {
        sh(help(&fleet.swap("adopt").arg("--dry-run").output().exits(30)));
    }
    fleet.swap("adopt").arg("--dry-run").output().ok();
    fleet.swap("adopt").output().ok();
    assert_eq!(fs::read_link(alpha.deploy_to().join("current")).unwrap(), html);
    assert!(beta.deploy_to().join("shared/sites/default/files/2024/upload.txt").is_file());
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    for host in [alpha, beta] {
        assert_eq!(upload(host).unwrap(), "of a visitor", "{}", host.name);
        fs::write(host.deploy_to().join("current/sites/default/files/new.txt"), "new").unwrap();
    }
    fleet.swap("rollback").output().ok();
    for host in [alpha, beta] {
        assert_eq!(upload(host).unwrap(), "of a visitor", "{}", host.name);
        assert!(host.deploy_to().join("current/sites/default/files/new.txt").is_file(), "{}", host.name);
    }

    // Somebody makes the directory in shared/ anew: the release that is staged would hide what is live.
    let shared = alpha.deploy_to().join("shared/sites/default/files");
    fs::remove_file(&shared).unwrap();
    fs::create_dir(&shared).unwrap();
    let activate = || {
        fleet.run("swap-release").args(["activate", "r1", "--force", "--deploy-to"]).arg(alpha.deploy_to())
    };
    activate().output().fails_naming(10, "2 files");
    let refused = fleet.swap("activate").args(["--force"]).output();
    assert!(refused.code != Some(0), "{}", refused.stderr);
    assert!(
        [&refused.stdout, &refused.stderr].iter().any(|text| text.contains("that are not in")),
        "{refused:?}"
    );
    assert_eq!(upload(alpha).unwrap(), "of a visitor");
    let hint = activate().output().stderr;
    sh(hint.lines().find_map(|line| line.strip_prefix("hint: ")?.split_once(": ")).unwrap().1);
    fleet.swap("activate").output().ok();
    assert!(alpha.deploy_to().join("current/sites/default/files/new.txt").is_file());
}

#[test]
fn what_lies_in_shared_and_nothing_links_is_told() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha"]));
    fs::write(fleet.host("alpha").deploy_to().join("shared/sites/default/settings.local.php"), "<?php")
        .unwrap();
    let doctor = || fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).output();
    let told = "names what lies in shared/ as `sites/default/settings.local.php`";
    let said = doctor();
    assert!(said.stderr.contains(told) || said.stdout.contains(told), "{said:?}");
    fleet.edit_inventory(
        "\"sites/default/settings.php\"",
        "\"sites/default/settings.php\", \"sites/default/settings.local.php?\"",
    );
    let said = doctor();
    assert!(!said.stderr.contains(told) && !said.stdout.contains(told), "{said:?}");
    fleet.deploy(1);
    assert!(fleet.host("alpha").release_dir("r1").join("sites/default/settings.local.php").is_symlink());
}
