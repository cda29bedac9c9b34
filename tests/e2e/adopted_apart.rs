//! Servers that were taken over one by one: what was there before us has another name on each, and a rollback of the fleet leads
//! each to its own, under a health check that names the release in every way there is.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::site::{self, Shape};
use e2e::{Fleet, FleetOptions, Host, Tree, peers};

use crate::needs_peers;

/// Release 1 as another tool has it, at `tree`; `current` leads there.
fn serve(host: &Host, tree: &Path) {
    site::write(tree, Shape::Small, 1);
    for path in ["sites/default/files", "sites/default/settings.php"] {
        symlink(host.deploy_to().join("shared").join(path), tree.join(path)).unwrap();
    }
    symlink(tree, host.deploy_to().join("current")).unwrap();
}

#[track_caller]
fn assert_before_us(fleet: &Fleet, trees: &[std::path::PathBuf]) {
    for (host, tree) in fleet.hosts.iter().zip(trees) {
        assert_eq!(
            fs::canonicalize(host.deploy_to().join("current")).unwrap(),
            fs::canonicalize(tree).unwrap()
        );
        let page = host.http_get("/");
        assert_eq!((page.status, page.field("version")), (200, Some("1")), "{}: {page:?}", host.name);
    }
}

#[test]
fn a_rollback_leads_each_server_to_what_it_had() {
    needs_peers!();
    let names = vec!["web1", "web2", "web3"];
    let fleet = Fleet::start(&FleetOptions { web: true, ..FleetOptions::embedded(names) });
    // The page, a header that it has not, a path that only what was built has, and a command that looks at the tree.
    fleet.edit_inventory("contains = \"{release}\"", concat!(
        "contains = \"release: {release}\"\nheaders = { X-Asked = \"{release}\" }\n",
        "command = [\"sh\", \"-c\", \"test -f $MKT_RELEASE_DIR/index.php && test -f $MKT_CURRENT/index.php\"]"
    ));
    let trees = [
        fleet.hosts[0].deploy_to().join("releases/7"),
        fleet.hosts[1].deploy_to().join("releases/20240101120000"),
        fleet.hosts[2].dir.join("html"),
    ];
    for (host, tree) in fleet.hosts.iter().zip(&trees) {
        serve(host, tree);
    }
    // The first two by the switch itself, the third by hand.
    fleet.swap("adopt").args(["--only", "web3"]).output().ok();
    // The commands find what is served where it lies, before it is ours, too.
    fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).output().ok();
    assert_eq!(fleet.swap("manifest").output().ok().stdout, "{\"manifest\":1,\"entries\":0}\n");
    fleet.deliver(2);
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");

    fleet.run("fleet-push").args(["doctor", "--fleet", "fleet.toml"]).output().ok();
    let dry = fleet.swap("rollback").arg("--dry-run").output().ok();
    for own in ["rollback `7`", "rollback `20240101120000`", "rollback `adopted-"] {
        assert!(dry.stdout.contains(own), "{own}: {}", dry.stdout);
    }
    fleet.assert_live("r2");
    fleet.swap("rollback").output().ok();
    assert_before_us(&fleet, &trees);
    let status = fleet.swap("status").output().ok().stdout;
    assert!(!status.contains("differs"), "{status}");
    // The same once more, from where it is: nothing to do for a converge, and the way forth is open.
    fleet.swap("converge").output().ok();
    assert_before_us(&fleet, &trees);
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");

    // A release that is bad, and one whose name is asked for in the path: both go back, each server to its own.
    fleet.swap("rollback").output().ok();
    fleet.edit_inventory("status = 200", "status = 299");
    fleet.swap("activate").output().exits(40);
    assert_before_us(&fleet, &trees);
    fleet.edit_inventory("status = 299", "status = 200");
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    let toml = fs::read_to_string(fleet.toml()).unwrap();
    let url = toml.lines().find(|line| line.starts_with("url = ")).unwrap().to_owned();
    let by_path = url.replace("/\"", "/{release}/index.php\"");
    fleet.edit_inventory(&url, &by_path);
    fleet.swap("rollback").output().ok();
    assert_before_us(&fleet, &trees);
    fleet.edit_inventory(&by_path, &url);

    // One server had another release of ours before: nobody guesses, and each has its own command.
    fleet.swap("activate").output().ok();
    fleet.deliver(3);
    let web1 = fleet.hosts[0].deploy_to();
    fleet.run("swap-release").args(["activate", "r3", "--deploy-to"]).arg(&web1).output().ok();
    let refused = fleet.swap("rollback").output().fails_naming(10, "do not agree");
    let told = "swap-release rollback --fleet fleet.toml --only web1 r2";
    assert!(refused.stderr.contains(told), "{}", refused.stderr);
    assert_eq!(fleet.currents(), ["r3", "r2", "r2"].map(|id| Some(id.to_owned())));
    let words = refused.stderr.lines().find(|line| line.ends_with(told)).unwrap();
    let words: Vec<&str> = words.split_once("swap-release rollback ").unwrap().1.split(' ').collect();
    fleet.swap("rollback").args(&words[2..]).output().ok();
    fleet.assert_live("r2");
}

#[test]
fn no_server_is_touched_where_one_of_them_cannot_be_taken_over() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "chattr needs root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    for host in &fleet.hosts {
        let (current, shared) = (host.deploy_to().join("current"), host.deploy_to().join("shared"));
        site::write(&current, Shape::Small, 1);
        for path in ["sites/default/files", "sites/default/settings.php"] {
            fs::rename(shared.join(path), current.join(path)).unwrap();
        }
        fs::remove_dir_all(&shared).unwrap();
    }
    let chattr = |how: &str, path: &Path| {
        let status = Command::new("chattr").arg(how).arg(path).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "chattr {how} {}", path.display());
    };
    let fixed = fleet.host("beta").deploy_to().join("current/sites/default/settings.php");
    chattr("+i", &fixed);
    let trees =
        || -> Vec<Tree> { fleet.hosts.iter().map(|host| Tree::read(&host.deploy_to(), &[])).collect() };
    let before = trees();
    for more in [&[][..], &["--dry-run"]] {
        let told = fleet.swap("adopt").args(more).output().fails_naming(30, "1 of 2 hosts");
        assert!(told.stderr.contains("nothing was changed on any host"), "{}", told.stderr);
        assert!(
            told.stderr.contains("beta: ") && told.stderr.contains("was made immutable"),
            "{}",
            told.stderr
        );
        assert!(told.stderr.contains("chattr -i -a -- "), "{}", told.stderr);
        for (before, now) in before.iter().zip(trees()) {
            before.assert_same(&now, "no server is touched");
        }
    }
    chattr("-i", &fixed);
    fleet.swap("adopt").output().ok();
    assert!(fleet.currents().iter().flatten().all(|id| id.starts_with("adopted-")), "{:?}", fleet.currents());
}
