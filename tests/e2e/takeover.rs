//! A site that was served from a real directory comes under management while visitors are on it; and a tree that
//! somebody changed is put right under them.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Fleet, site};

use crate::needs_peers;

#[test]
fn a_served_directory_is_taken_over_without_an_outage_and_the_first_release_can_go_back_to_it() {
    needs_peers!();
    let fleet = Fleet::three();
    for host in &fleet.hosts {
        let settings = host.deploy_to().join("shared/sites/default/settings.php");
        let text = fs::read(&settings).unwrap();
        fs::remove_dir_all(host.deploy_to().join("shared")).unwrap();
        let current = host.deploy_to().join("current");
        site::write(&current, site::Shape::Small, 1);
        fs::create_dir_all(current.join("sites/default/files")).unwrap();
        fs::write(current.join("sites/default/files/upload.txt"), "of a visitor").unwrap();
        fs::write(current.join("sites/default/settings.php"), text).unwrap();
    }
    let deploy_to = fleet.host("alpha").deploy_to();
    let here = |verb: &str| fleet.run("swap-release").args([verb, "--deploy-to"]).arg(&deploy_to);
    let status = here("status").arg("--json").output().ok().stdout;
    assert!(status.contains("\"foreign\":\""), "{status}");

    let done = AtomicBool::new(false);
    let asked = std::thread::scope(|scope| {
        // Also when an assertion fails: the visitor must not go on for ever.
        let leaving = Leaving(&done);
        let visitor = scope.spawn(|| {
            let mut asked = 0;
            while !done.load(Ordering::SeqCst) {
                for path in ["/", "/sites/default/files/upload.txt"] {
                    let page = fleet.host("alpha").http_get(path);
                    assert_eq!(page.status, 200, "{path}: {page:?}");
                    asked += 1;
                }
            }
            asked
        });
        fleet.swap("adopt").output().ok();
        fleet.deliver(2);
        fleet.swap("activate").output().ok();
        fleet.swap("rollback").output().ok();
        drop(leaving);
        visitor.join().unwrap()
    });
    assert!(asked > 20, "{asked}");
    for host in &fleet.hosts {
        assert!(host.current().unwrap().starts_with("adopted-"), "{:?}", host.current());
        assert_eq!(host.http_get("/").field("version"), Some("1"));
    }
}

struct Leaving<'a>(&'a AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn what_somebody_changed_is_put_right_from_the_payload() {
    needs_peers!();
    let fleet = Fleet::start(&e2e::FleetOptions { hosts: vec!["alpha"], ..e2e::FleetOptions::default() });
    fleet.deploy(1);
    let host = fleet.host("alpha");
    let tree = host.release_dir("r1");
    let before = host.release_tree("r1");
    let verb = |verb: &str| fleet.run("swap-release").args([verb, "--deploy-to"]).arg(host.deploy_to());
    fs::write(tree.join("robots.txt"), "changed").unwrap();
    fs::remove_file(tree.join("index.php")).unwrap();
    fs::remove_dir_all(tree.join("core")).unwrap();
    fs::set_permissions(tree.join("autoload.php"), fs::Permissions::from_mode(0o666)).unwrap();
    fs::set_permissions(tree.join("modules"), fs::Permissions::from_mode(0o777)).unwrap();
    fs::create_dir(tree.join("shell")).unwrap();
    fs::write(tree.join("shell/x.php"), "<?php").unwrap();
    fs::remove_file(tree.join("modules/custom/version.php")).unwrap();
    symlink("/etc/passwd", tree.join("modules/custom/version.php")).unwrap();
    if e2e::peers::is_root() {
        std::os::unix::fs::chown(tree.join("sites/README.txt"), Some(12345), None).unwrap();
        assert!(verb("verify").arg("--json").output().exits(12).stdout.contains("sites/README.txt (owner)"));
    }
    verb("verify").output().exits(12);
    verb("verify").arg("--repair").output().ok();
    verb("verify").output().ok();
    before.assert_same(&host.release_tree("r1"), "repaired");
    fleet.assert_live("r1");
    verb("verify").arg("--repair").output().ok().says("nothing to repair");

    // Without the payload it is told what is missing, and nothing is made worse.
    fs::write(tree.join("robots.txt"), "changed").unwrap();
    fs::remove_dir_all(host.deploy_to().join("incoming")).unwrap();
    verb("verify").arg("--repair").output().fails_naming(1, "incoming");
    verb("verify").output().exits(12);
}
