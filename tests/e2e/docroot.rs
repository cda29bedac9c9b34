//! A site that is served from a directory that is not called `current` comes under management while visitors are on it:
//! adopted from where it is, then the web server is reloaded, then the first release goes live, and back.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use e2e::{Fleet, FleetOptions, Host, eventually, site};

use crate::needs_peers;

/// Has nginx serve `root`, and waits until it does.
pub(crate) fn serve(host: &Host, root: &Path) {
    let (config, pid) = (host.dir.join("web/nginx.conf"), host.dir.join("web/nginx.pid"));
    let text = fs::read_to_string(&config).unwrap();
    let kept = text.lines().filter(|line| !line.contains("location = /root "));
    // The server's own; its locations say `root $release`, which follows.
    let line = |line: &str| match line.trim_start().starts_with("root /") {
        true => {
            let root = root.display();
            format!(
                "        root {root};\n        location = /root {{ default_type text/plain; return 200 {root}; }}\n"
            )
        }
        false => format!("{line}\n"),
    };
    let text: String = kept.map(line).collect();
    fs::write(&config, text).unwrap();
    let pid = fs::read_to_string(pid).unwrap();
    assert!(Command::new("kill").args(["-HUP", pid.trim()]).status().unwrap().success());
    // The worker of before takes some more requests until it has gone.
    eventually("nginx to serve it", Duration::from_secs(10), || {
        (0..30).all(|_| host.http_get("/root").body == root.to_string_lossy()).then_some(())
    });
}

struct Leaving<'a>(&'a AtomicBool);

impl Drop for Leaving<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_docroot_of_another_name_is_taken_over_without_an_interruption() {
    needs_peers!();
    let options = FleetOptions { web: true, ..FleetOptions::embedded(vec!["alpha"]) };
    let fleet = Fleet::start(&options);
    // The old docroot's page names its directory, which is no release's.
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"release\"");
    let host = fleet.host("alpha");
    let deploy_to = host.deploy_to();
    let htdocs = host.dir.join("htdocs");
    site::write(&htdocs, site::Shape::Small, 1);
    fs::create_dir_all(htdocs.join("sites/default/files")).unwrap();
    fs::write(htdocs.join("sites/default/files/upload.txt"), "of a visitor").unwrap();
    fs::rename(
        deploy_to.join("shared/sites/default/settings.php"),
        htdocs.join("sites/default/settings.php"),
    )
    .unwrap();
    serve(host, &htdocs);

    let done = AtomicBool::new(false);
    let asked = std::thread::scope(|scope| {
        let leaving = Leaving(&done);
        let visitor = scope.spawn(|| {
            let mut asked = 0;
            while !done.load(Ordering::SeqCst) && asked < 5000 {
                for path in ["/", "/sites/default/files/upload.txt"] {
                    let page = host.http_get(path);
                    assert_eq!(page.status, 200, "{path}: {page:?}");
                    asked += 1;
                }
            }
            asked
        });
        let adopt = || fleet.swap("adopt").arg("--from").arg(&htdocs);
        let told = adopt().arg("--dry-run").output();
        assert_ne!(told.code, Some(0), "its uploads are not in shared/");
        let help = told.stderr.lines().filter_map(|line| line.split_once("remedy, run there: "));
        for (_, command) in help {
            assert!(Command::new("sh").args(["-c", command]).status().unwrap().success(), "{command}");
        }
        adopt().output().ok();
        assert_eq!(fs::read_link(deploy_to.join("current")).unwrap(), htdocs);
        serve(host, &deploy_to.join("current"));
        fleet.deliver(2);
        fleet.swap("activate").output().ok();
        assert_eq!(host.http_get("/").field("version"), Some("2"));
        fs::write(deploy_to.join("current/sites/default/files/new.txt"), "new").unwrap();
        fleet.swap("rollback").output().ok();
        assert_eq!(host.http_get("/").field("version"), Some("1"));
        assert_eq!(host.http_get("/sites/default/files/new.txt").status, 200, "also what came meanwhile");
        fleet.swap("activate").output().ok();
        drop(leaving);
        visitor.join().unwrap()
    });
    assert!(asked > 20, "{asked}");
    fleet.assert_live("r2");
    assert_eq!(host.http_get("/sites/default/files/new.txt").status, 200);
    assert!(htdocs.join("sites/default/files/new.txt").is_file(), "the old directory still has them");
}
