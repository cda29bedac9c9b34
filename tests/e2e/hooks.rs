//! Commands around a switch: each in its phase, on every host or on one, with their output kept; one that fails takes
//! everybody back.

use std::fs;
use std::time::Duration;

use e2e::{Fleet, eventually};

use crate::needs_peers;
use crate::support::swap_record;

/// One hook for every phase that writes itself down and fails where the test wants it to, and one that runs once.
const HOOKS: &str = r#"
[[hooks]]
name = "note"
phase = ["before-switch", "after-switch", "before-commit", "after-commit", "after-revert"]
run = ["sh", "-c", 'echo "$MKT_PHASE $MKT_RELEASE over $MKT_PREVIOUS" >> "$MKT_DEPLOY_TO/../hooks.log"; echo "said by {name}"; test ! -e "$MKT_DEPLOY_TO/../fail.$MKT_PHASE"']
[[hooks]]
name = "warm"
phase = "after-switch"
on = "once"
run = ["sh", "-c", "basename $(readlink -f $MKT_CURRENT) > $MKT_DEPLOY_TO/../warm"]
[[hooks]]
name = "reset"
phase = "after-switch"
opcache_reset = "@SCRATCH@/h/{name}/web/fpm.sock"
[[hooks]]
name = "reload"
phase = "before-commit"
host = "gamma"
on = "once"
fpm_reload = "@SCRATCH@/h/{name}/web/fpm.pid"
"#;

fn log(fleet: &Fleet, host: &str) -> Vec<String> {
    let path = fleet.host(host).dir.join("hooks.log");
    let text = fs::read_to_string(&path).unwrap_or_default();
    let _ = fs::remove_file(&path);
    text.lines().map(str::to_owned).collect()
}

const NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

#[test]
fn each_in_its_phase_and_one_that_fails_takes_everybody_back() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.extend_inventory(&HOOKS.replace("@SCRATCH@", &fleet.scratch().to_string_lossy()));

    // A site whose page tells how often opcache was reset by hand.
    let site = fleet.site(2);
    let page =
        "<?php echo 'resets: ', opcache_get_status(false)['opcache_statistics']['manual_restarts'], \"\\n\";";
    fs::write(site.join("resets.php"), page).unwrap();
    fleet.deliver(2);
    fs::write(fleet.host("beta").dir.join("fail.before-switch"), "").unwrap();
    fleet.swap("activate").output().fails_naming(30, "beta");
    fleet.assert_live("r1");
    for name in NAMES {
        assert_eq!(log(&fleet, name), ["before-switch r2 over r1", "after-revert r2 over r1"], "{name}");
    }
    fs::remove_file(fleet.host("beta").dir.join("fail.before-switch")).unwrap();

    fs::write(fleet.host("gamma").dir.join("fail.before-commit"), "").unwrap();
    fleet.swap("activate").output().fails_naming(40, "gamma");
    fleet.assert_live("r1");
    for name in NAMES {
        let phases = ["before-switch", "after-switch", "before-commit", "after-revert"];
        assert_eq!(log(&fleet, name), phases.map(|phase| format!("{phase} r2 over r1")), "{name}");
    }
    let swap = swap_record(&fleet).details;
    let failed: Vec<_> = swap.hooks.iter().filter(|run| !run.ok).collect();
    assert_eq!(failed.len(), 1, "{:?}", swap.hooks);
    assert_eq!((failed[0].host.as_str(), failed[0].phase.as_str()), ("gamma", "before-commit"));
    assert!(failed[0].output.contains("said by gamma"), "{failed:?}");
    fs::remove_file(fleet.host("gamma").dir.join("fail.before-commit")).unwrap();

    // What fails after the decision is told and changes nothing.
    fs::write(fleet.host("alpha").dir.join("fail.after-commit"), "").unwrap();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok().says("hook `note` failed");
    fleet.assert_live("r2");
    for name in NAMES {
        let phases = ["before-switch", "after-switch", "before-commit", "after-commit"];
        assert_eq!(log(&fleet, name), phases.map(|phase| format!("{phase} r2 over r1")), "{name}");
        assert!(fleet.host(name).http_get("/resets.php").field("resets").is_some(), "{name}");
    }
    let swap = swap_record(&fleet).details;
    let of = |name: &str| swap.hooks.iter().filter(|run| run.name == name).collect::<Vec<_>>();
    assert_eq!(of("warm").len(), 1, "once: {:?}", swap.hooks);
    assert_eq!(fs::read_to_string(fleet.host("alpha").dir.join("warm")).unwrap(), "r2\n");
    assert!(
        of("reset").len() == 3 && of("reset").iter().all(|run| run.output == "opcache reset"),
        "{swap:?}"
    );
    assert!(
        of("reload").iter().all(|run| run.host == "gamma" && run.output.starts_with("SIGUSR2")),
        "{swap:?}"
    );

    // They are in the host's own history, with what they said.
    let deploy_to = fleet.host("alpha").deploy_to();
    let history =
        fleet.run("swap-release").args(["history", "--json", "--deploy-to"]).arg(deploy_to).output().ok();
    assert!(history.stdout.contains("hook after-commit note failed"), "{}", history.stdout);
    assert!(history.stdout.contains("said by alpha"), "{}", history.stdout);
}

#[test]
fn a_controller_that_dies_while_a_hook_runs_ends_the_hook_and_the_switch() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.extend_inventory(
        "[[hooks]]\nname = \"long\"\nphase = \"after-switch\"\non = \"once\"\ntimeout = \"10m\"\n\
         run = [\"sh\", \"-c\", \"echo $$ > $MKT_DEPLOY_TO/../pid; exec sleep 600\"]\n\
         [[hooks]]\nname = \"undo\"\nphase = \"after-revert\"\nrun = [\"sh\", \"-c\", \"touch $MKT_DEPLOY_TO/../undone\"]\n",
    );
    fleet.deliver(2);
    let swap = fleet.swap("activate").args(["--confirm-within", "4s"]).start();
    let pid = fleet.host("alpha").dir.join("pid");
    let pid = eventually("the hook", Duration::from_secs(20), || {
        fs::read_to_string(&pid).ok().filter(|p| !p.is_empty())
    });
    // Longer than the lease: as long as the controller lives, a hook may take its time.
    std::thread::sleep(Duration::from_secs(5));
    assert!(
        fleet.currents().iter().all(|current| current.as_deref() == Some("r2")),
        "{:?}",
        fleet.currents()
    );
    swap.kill9();
    assert_eq!(swap.wait().signal, Some(9));
    eventually("every server to put itself back", Duration::from_secs(10), || {
        fleet.currents().iter().all(|current| current.as_deref() == Some("r1")).then_some(())
    });
    eventually("the hook to be ended", Duration::from_secs(5), || {
        let line = fs::read(format!("/proc/{}/cmdline", pid.trim())).unwrap_or_default();
        line.is_empty().then_some(())
    });
    eventually("after-revert on every host", Duration::from_secs(5), || {
        NAMES.iter().all(|name| fleet.host(name).dir.join("undone").exists()).then_some(())
    });
}
