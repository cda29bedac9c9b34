//! Who deploys a Drupal site is gone in the midst of it, or cannot be heard: the hosts leave caches that the live release made, an
//! open site, and web servers that serve what is live, also where a hook has to tell them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::{Host, Running, bin, eventually};
use rustix::process::{Pid, Signal, kill_process};

use crate::drupal_world::{Release, Site};
use crate::needs_peers;
use crate::support::{kill_in_step, reconcile};

/// `swap-release` of a host that does not hear `commit` once, if the file WAY is there: it hears nothing more until the
/// controller is gone, or its input ends at once.
const DEAF: &str = r#"#!/bin/sh
case " $* " in *" --in-step "*) ;; *) exec REAL "$@" ;; esac
[ -e WAY ] || exec REAL "$@"
while IFS= read -r line; do
  if [ "$line" = commit ] && way=$(cat WAY) && mv WAY WAY.done; then
    if [ "$way" = silent ]; then cat > /dev/null; fi
    break
  fi
  printf '%s\n' "$line"
done | REAL "$@"
"#;

/// Has gamma not hear the word; gives the file that says how.
fn deafen(site: &Site) -> PathBuf {
    let way = site.fleet.scratch().join("way");
    let script =
        DEAF.replace("REAL", &bin("swap-release").to_string_lossy()).replace("WAY", &way.to_string_lossy());
    let program = site.fleet.scratch().join("deaf");
    fs::write(&program, script).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("[hosts.gamma]\nswap_release = \"{}\"\n", program.display());
    site.fleet.edit_inventory("[hosts.gamma]\n", &line);
    way
}

fn has(host: &Host, file: &str) -> bool {
    host.deploy_to().join(".swap").join(file).exists()
}

/// Waits until a swap has switched every host, and asks it to be well, for longer than anybody waits.
fn asking(site: &Site) -> Running {
    let mut swap = site.fleet.swap("activate").args(["--confirm-within", "4s"]).start();
    eventually("every host to be asked", Duration::from_secs(40), || {
        assert!(swap.is_running(), "{}", swap.stderr_so_far());
        swap.stderr_so_far().contains("asking every host").then_some(())
    });
    swap
}

fn signal(swap: &Running, signal: Signal) {
    let pid = Pid::from_raw(i32::try_from(swap.id()).unwrap()).unwrap();
    kill_process(pid, signal).unwrap();
}

fn serves(host: &Host, release: &str) -> bool {
    fs::read_link(host.dir.join("served"))
        .is_ok_and(|served| served.ends_with(Path::new("releases").join(release)))
}

#[test]
fn whoever_is_gone_the_live_release_is_what_is_served_from_caches_of_its_own() {
    needs_peers!();
    // The timeout bounds what a host leaves to the one before it.
    let site = Site::new(10, "database = \"maintenance\"\ntimeout = \"8s\"\n", &Release::new(1, "alpha", 1));
    site.serve_by_hook();
    let way = deafen(&site);
    let fleet = &site.fleet;
    fleet.deliver(1);
    fleet.swap("activate").output().ok();
    site.assert_serves("r1");

    // The controller is killed when two of three have heard the word. Gamma goes back, and is brought to r2 by what is left.
    site.deliver(&Release::new(2, "beta", 2));
    fs::write(&way, "silent").unwrap();
    let swap = fleet.swap("activate").start();
    let heard = ["alpha", "beta"].map(|name| fleet.host(name));
    eventually("two of three to hear the word", Duration::from_secs(40), || {
        (!way.exists() && heard.iter().all(|host| !has(host, "pending.json"))).then_some(())
    });
    assert!(has(fleet.host("gamma"), "pending.json"));
    swap.kill9();
    assert_eq!(swap.wait().signal, Some(9));
    eventually("r2 everywhere, and nothing owed", Duration::from_secs(40), || {
        let left = |host: &Host| {
            has(host, "pending.json") || has(host, "undo.json") || has(host, "maintenance.json")
        };
        let there = fleet.currents().iter().all(|current| current.as_deref() == Some("r2"));
        (there && !fleet.hosts.iter().any(left)).then_some(())
    });
    site.assert_serves("r2");

    // The connection ends with the word: gamma has gone back when it is told again, and its server follows again.
    site.deliver(&Release::new(3, "alpha", 2));
    fs::write(&way, "cut").unwrap();
    fleet.swap("activate").output().ok();
    assert!(!way.exists());
    site.assert_serves("r3");

    // The lease expires: alpha, which ran drush, rebuilds the caches.
    fleet.edit_inventory("attempts = 5", "attempts = 500");
    fleet.edit_inventory("status = 200", "status = 418");
    site.deliver(&Release::new(4, "beta", 2));
    let swap = asking(&site);
    signal(&swap, Signal::STOP);
    eventually("r3 and its caches", Duration::from_secs(40), || {
        let there = fleet.currents().iter().all(|current| current.as_deref() == Some("r3"));
        (there && !has(fleet.host("alpha"), "undo.json")).then_some(())
    });
    site.assert_serves("r3");
    signal(&swap, Signal::CONT);
    let output = swap.wait();
    assert!(matches!(output.code, Some(40 | 41)), "{output:?}");
    site.assert_serves("r3");

    // Controller and alpha are gone: the next one does it.
    let swap = asking(&site);
    signal(&swap, Signal::STOP);
    let alpha = fleet.host("alpha");
    assert!(kill_in_step(alpha) > 0);
    swap.kill9();
    assert_eq!(swap.wait().signal, Some(9));
    eventually("beta to rebuild the caches", Duration::from_secs(40), || {
        let back = heard[1].current().as_deref() == Some("r3")
            && fleet.host("gamma").current().as_deref() == Some("r3");
        (back && !has(heard[1], "undo.json")).then_some(())
    });
    site.assert_host_serves(heard[1], "r3");
    site.assert_host_serves(fleet.host("gamma"), "r3");
    // Alpha is as it was killed; in its next run it goes back, its server follows, and what its code did meanwhile is undone.
    assert!(serves(alpha, "r4"), "{:?}", fs::read_link(alpha.dir.join("served")));
    reconcile(fleet, alpha, "`r3` is live");
    assert!(serves(alpha, "r3") && !has(alpha, "undo.json") && !has(alpha, "afterwards.json"));
    site.assert_serves("r3");
}
