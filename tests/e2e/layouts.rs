//! Every way in which a site stands on a server before us: it is taken over while visitors are on it, a release that is not
//! healthy is taken back from it, a good one goes live, a visitor uploads, a rollback leads to what was there before, and the release comes
//! again. No request fails meanwhile, and no upload is lost.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::site::{self, Shape};
use e2e::{Fleet, FleetOptions, Host};

use crate::needs_peers;

/// More than the longest story asks.
const REQUESTS: usize = 200_000;
const SETTINGS: &str = "sites/default/settings.php";
const FILES: &str = "sites/default/files";

/// A page by which a visitor uploads a file, written by the account of the web server.
const UPLOAD: &str = "<?php\nif (file_put_contents(__DIR__ . '/sites/default/files/' . basename($_GET['name']), 'gold') !== 4) {\n  \
     http_response_code(500);\n}\n";

fn write_site(at: &Path, release: u32) {
    site::write(at, Shape::Small, release);
    fs::write(at.join("upload.php"), UPLOAD).unwrap();
}

/// Lays release 1 out on a server as `layout` has it, with a visitor's file in it. Gives the text of `current`.
fn lay_out(host: &Host, layout: &str) -> Option<String> {
    let (deploy_to, shared) = (host.deploy_to(), host.deploy_to().join("shared"));
    fs::write(shared.join(FILES).join("old.txt"), "gold").unwrap();
    let releases = deploy_to.join("releases");
    let absolute = |path: &str| deploy_to.join(path).to_str().unwrap().to_owned();
    let (tree, links, text) = match layout {
        "capistrano" => {
            (releases.join("20240101120000"), Some("absolute"), Some(absolute("releases/20240101120000")))
        }
        "ansistrano" => (
            releases.join("20240101120000Z"),
            Some("relative"),
            Some("./releases/20240101120000Z".to_owned()),
        ),
        "deployer" => (releases.join("7"), Some("relative"), Some("releases/7".to_owned())),
        "docroot" => {
            let html = host.dir.join("html");
            (html.clone(), None, Some(html.to_str().unwrap().to_owned()))
        }
        "directory" => (deploy_to.join("current"), None, None),
        other => panic!("{other}"),
    };
    fs::create_dir_all(&releases).unwrap();
    write_site(&tree, 1);
    for path in [FILES, SETTINGS] {
        match links {
            Some("absolute") => symlink(shared.join(path), tree.join(path)).unwrap(),
            Some(_) => symlink(Path::new("../../../../shared").join(path), tree.join(path)).unwrap(),
            None => fs::rename(shared.join(path), tree.join(path)).unwrap(),
        }
    }
    if links.is_none() {
        fs::remove_dir_all(&shared).unwrap();
    }
    if layout == "docroot" {
        // As `adopt` asks for it: what is shared stays in the docroot.
        fs::create_dir_all(shared.join("sites/default")).unwrap();
        for path in [FILES, SETTINGS] {
            symlink(tree.join(path), shared.join(path)).unwrap();
        }
    }
    if let Some(text) = &text {
        symlink(text, deploy_to.join("current")).unwrap();
    }
    text
}

fn said(host: &Host) -> String {
    fs::read_link(host.deploy_to().join("current")).unwrap().into_os_string().into_string().unwrap()
}

#[track_caller]
fn assert_served(host: &Host, version: &str, uploads: &[&str]) {
    let page = host.http_get("/");
    assert_eq!((page.status, page.field("version")), (200, Some(version)), "{}: {page:?}", host.name);
    for name in uploads {
        let page = host.http_get(&format!("/{FILES}/{name}"));
        assert_eq!((page.status, page.body.as_str()), (200, "gold"), "{name} on {}", host.name);
    }
}

#[track_caller]
fn upload(host: &Host, name: &str) {
    let page = host.http_get(&format!("/upload.php?name={name}"));
    assert_eq!(page.status, 200, "{}: {page:?}", host.name);
}

/// Runs `story` with a visitor on every server; none of the visitor's requests may fail.
fn with_visitor(fleet: &Fleet, story: impl FnOnce()) {
    let done = AtomicBool::new(false);
    /// Also when an assertion fails: the visitor must not go on.
    struct Leaving<'a>(&'a AtomicBool);
    impl Drop for Leaving<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let asked = std::thread::scope(|scope| {
        let leaving = Leaving(&done);
        let visitor = scope.spawn(|| {
            let mut asked = 0;
            for host in fleet.hosts.iter().cycle() {
                if done.load(Ordering::SeqCst) || asked > REQUESTS {
                    break;
                }
                for path in ["/".to_owned(), format!("/{FILES}/old.txt")] {
                    let page = host.http_get(&path);
                    assert_eq!(page.status, 200, "{path} on {}: {page:?}", host.name);
                    asked += 1;
                }
            }
            asked
        });
        story();
        drop(leaving);
        visitor.join().unwrap()
    });
    assert!(asked > 50 && asked < REQUESTS, "{asked}");
}

fn fleet_of(names: &[&'static str], web: bool) -> Fleet {
    Fleet::start(&FleetOptions { web, ..FleetOptions::embedded(names.to_vec()) })
}

/// A health check that the release does not meet takes it back from every server.
fn taken_back(fleet: &Fleet) {
    fleet.edit_inventory("status = 200", "status = 299");
    fleet.swap("activate").output().exits(40);
    fleet.edit_inventory("status = 299", "status = 200");
    fleet.push().output().ok();
}

#[test]
fn from_every_layout_there_is_a_way_forth_and_back_and_no_upload_is_lost() {
    needs_peers!();
    let fleet = fleet_of(&["capistrano", "ansistrano", "deployer", "docroot", "directory"], true);
    let texts: Vec<Option<String>> = fleet.hosts.iter().map(|host| lay_out(host, &host.name)).collect();
    fs::write(fleet.site(2).join("upload.php"), UPLOAD).unwrap();
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"version: \"");
    let assert_as_before = |uploads: &[&str]| {
        for (host, text) in fleet.hosts.iter().zip(&texts) {
            match text {
                Some(text) => assert_eq!(said(host), *text, "{}", host.name),
                None => assert!(said(host).starts_with("releases/adopted-"), "{}", said(host)),
            }
            assert_served(host, "1", uploads);
        }
    };
    with_visitor(&fleet, || {
        fleet.swap("adopt").output().ok();
        assert_as_before(&["old.txt"]);
        fleet.deliver(2);
        taken_back(&fleet);
        assert_as_before(&["old.txt"]);
        fleet.hosts.iter().for_each(|host| upload(host, "before.txt"));
        fleet.swap("activate").output().ok();
        for host in &fleet.hosts {
            upload(host, "between.txt");
            assert_served(host, "2", &["old.txt", "before.txt", "between.txt"]);
        }
        fleet.swap("rollback").output().ok();
        assert_as_before(&["old.txt", "before.txt", "between.txt"]);
        fleet.swap("activate").output().ok();
        // What was there before us outlives a prune, and is the way back still.
        fleet.swap("prune").arg("--dry-run").output().ok().answers("docroot: nothing to remove");
        fleet.swap("prune").args(["--keep", "1", "--grace", "0s"]).output().ok();
        for host in &fleet.hosts {
            assert_served(host, "2", &["old.txt", "before.txt", "between.txt"]);
        }
        fleet.swap("rollback").output().ok();
        assert_as_before(&["old.txt", "before.txt", "between.txt"]);
    });
}

#[test]
fn another_tools_release_is_gone_back_to_also_when_nobody_adopted_it() {
    needs_peers!();
    let fleet = fleet_of(&["web1", "web2"], true);
    for (host, text) in fleet.hosts.iter().zip(["releases/7", "../site/releases/./7"]) {
        lay_out(host, "deployer");
        let current = host.deploy_to().join("current");
        fs::remove_file(&current).unwrap();
        symlink(text, current).unwrap();
    }
    fs::write(fleet.site(2).join("upload.php"), UPLOAD).unwrap();
    with_visitor(&fleet, || {
        fleet.deliver(2);
        taken_back(&fleet);
        fleet.hosts.iter().for_each(|host| assert_served(host, "1", &["old.txt"]));
        fleet.swap("activate").output().ok();
        fleet.hosts.iter().for_each(|host| upload(host, "between.txt"));
        fleet.swap("rollback").output().ok();
        for (host, text) in fleet.hosts.iter().zip(["releases/7", "../site/releases/./7"]) {
            assert_eq!(said(host), text);
            assert_served(host, "1", &["old.txt", "between.txt"]);
        }
        fleet.swap("activate").output().ok();
        fleet.hosts.iter().for_each(|host| assert_served(host, "2", &["old.txt", "between.txt"]));
    });
}
