//! `fleet-push plan`: the hosts say what a push would do, and nothing is changed by asking.

use std::fs;
use std::time::Duration;

use e2e::mount::Tmpfs;
use e2e::{Fleet, FleetOptions, eventually, peers};
use serde_json::Value;

use crate::needs_peers;
use crate::support::{assert_untouched, servers};

/// The plan as JSON, and the exit code.
fn plan(fleet: &Fleet, arguments: &[&str]) -> (Value, Option<i32>, String) {
    let run = fleet.run("fleet-push").args(["plan", "--fleet", "fleet.toml", "--json"]).args(arguments);
    let output = run.output();
    let json = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (json, output.code, output.stderr)
}

fn host<'a>(plan: &'a Value, name: &str) -> &'a Value {
    let hosts = plan["hosts"].as_array().unwrap();
    hosts.iter().find(|host| host["name"] == name).unwrap_or_else(|| panic!("no {name} in {plan:#}"))
}

/// Expects a host to say why a push would fail there.
#[track_caller]
fn assert_problem(plan: &Value, name: &str, words: &str) {
    let host = host(plan, name);
    assert_eq!(host["action"], "fail", "{host:#}");
    assert!(host["problems"].to_string().contains(words), "{words}: {host:#}");
}

#[test]
fn every_host_says_what_a_push_would_do_and_is_left_as_it_is() {
    needs_peers!();
    let options = FleetOptions { embedded: vec!["gamma"], web: false, ..FleetOptions::default() };
    let mut fleet = Fleet::start(&options);
    fleet.pack(&fleet.site(1), "r1").output().ok();
    let records: Vec<_> =
        fs::read_dir(fleet.records()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    // Only to be compared: gamma has no rtorrent that would watch it.
    fs::create_dir_all(fleet.host("gamma").rtorrent.watch()).unwrap();
    let before = servers(&fleet);

    // Before anything was published, and on servers that have never had a release.
    let (plan1, code, _) = plan(&fleet, &["--link", "80 Mbit/s"]);
    assert_eq!(code, Some(0), "{plan1:#}");
    let (payload, tree) = (plan1["payload_bytes"].as_u64().unwrap(), plan1["tree_bytes"].as_u64().unwrap());
    for name in ["alpha", "beta", "gamma"] {
        let host = host(&plan1, name);
        assert_eq!((&host["action"], host["bytes"].as_u64()), (&"push".into(), Some(payload)), "{host:#}");
        assert!(host["needs_bytes"].as_u64().unwrap() > payload + tree, "{host:#}");
        assert!(host["free_bytes"].as_u64().unwrap() > payload + tree, "{host:#}");
        assert!(host["clock_ahead_ms"].as_i64().unwrap().abs() < 5_000, "{host:#}");
        assert_eq!(host["swap_release"], env!("CARGO_PKG_VERSION"));
        assert_eq!(host["rtorrent"].is_string(), name != "gamma", "{host:#}");
        assert_eq!(host["live"], Value::Null, "{host:#}");
        // Web servers of other stories run on the same machine.
        let warnings = host["warnings"].as_array().unwrap().iter();
        let own: Vec<_> = warnings.filter(|text| !text.to_string().contains("web server")).collect();
        assert!(own.is_empty(), "{own:?}");
    }
    // By the formulas: three copies over the seeder's 10 MB/s, or all four links together.
    let seconds = |bytes: u64, rate: f64| (bytes as f64 / rate * 1000.0).round() / 1000.0;
    assert_eq!(plan1["estimate"]["star_seconds"], seconds(3 * payload, 1e7));
    assert_eq!(plan1["estimate"]["swarm_seconds"], seconds(payload, 1e7));
    assert_untouched(&fleet, &before);
    for name in ["alpha", "beta", "gamma"] {
        assert!(!fleet.host(name).deploy_to().join(".swap").exists(), "{name} was only asked");
    }
    let now: Vec<_> =
        fs::read_dir(fleet.records()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(now, records, "a plan leaves no record");

    // The same by the flag, for people.
    let told = fleet.push().arg("--dry-run").output().ok();
    for words in
        ["3 would get it, 0 have it, 0 would fail; nothing was changed", "expected as star", "Kumar & Ross"]
    {
        assert!(told.stdout.contains(words), "{words}: {}", told.stdout);
    }

    // Once a push has been, there is nothing to do; and who holds the lock is told.
    fleet.publish().output().ok();
    fleet.push().output().ok();
    let deploy_to = fleet.host("beta").deploy_to();
    let run =
        fleet.run("swap-release").args(["activate", "--confirm-within", "60s", "--in-step", "--deploy-to"]);
    let mut holder = run.arg(&deploy_to).args(["--owner", "somebody else", "r1"]).with_stdin().start();
    eventually("the lock to be held", Duration::from_secs(10), || {
        assert!(holder.is_running(), "{}", holder.stderr_so_far());
        (!holder.stdout_so_far().is_empty()).then_some(())
    });
    let (plan2, code, stderr) = plan(&fleet, &[]);
    holder.terminate();
    let _ended = holder.wait();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(plan2["hosts"].as_array().unwrap().iter().all(|host| host["action"] == "nothing"), "{plan2:#}");
    assert_eq!((&plan2["estimate"]["hosts"], &plan2["estimate"]["star_seconds"]), (&0.into(), &0.0.into()));
    assert!(host(&plan2, "beta")["warnings"].to_string().contains("somebody else"), "{plan2:#}");

    // What would fail is told with its reason, and by the exit code: some, then all.
    fleet.swap("activate").output().ok();
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.host_mut("beta").stop_sshd();
    let watch = fleet.host("alpha").rtorrent.watch();
    fs::rename(&watch, watch.with_extension("away")).unwrap();
    let (plan3, code, stderr) = plan(&fleet, &[]);
    assert_eq!(code, Some(30), "{stderr}");
    assert_problem(&plan3, "beta", "cannot connect");
    assert_problem(&plan3, "alpha", "/watch` is not there (make it, and start rtorrent anew");
    assert_eq!(
        (&host(&plan3, "gamma")["action"], &host(&plan3, "gamma")["live"]),
        (&"push".into(), &"r1".into())
    );
    assert_eq!(plan3["estimate"]["hosts"], 1, "who would fail gets nothing");
    assert!(
        stderr.contains("error: a push would fail on 2 of 3 hosts: alpha, beta") && stderr.contains("hint: "),
        "{stderr}"
    );
    let swap = e2e::bin("swap-release").display().to_string();
    fleet.edit_inventory(&format!("swap_release = \"{swap}\""), "swap_release = \"/nowhere/swap-release\"");
    let (plan4, code, stderr) = plan(&fleet, &["--only", "alpha", "--only", "gamma"]);
    assert_eq!(code, Some(31), "{stderr}");
    assert_problem(&plan4, "gamma", "/nowhere/swap-release` does not run there: it is not there");
    fleet.edit_inventory("swap_release = \"/nowhere/swap-release\"", &format!("swap_release = \"{swap}\""));

    // Another tree under the name of one that is there.
    fleet.pack(&fleet.site(3), "r1").output().ok();
    let (plan5, code, _) = plan(&fleet, &["--only", "gamma"]);
    assert_eq!(code, Some(31));
    assert_problem(&plan5, "gamma", "another release `r1`");
    fleet.host_mut("beta").start_sshd();
    fleet.assert_live("r1");
}

#[test]
fn a_disk_without_room_is_told_before_anything_is_sent() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "mounting a small file system needs root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta"]));
    let small = Tmpfs::mount(&fleet.host("beta").deploy_to(), "size=400k,nr_inodes=100").unwrap();
    fleet.pack(&fleet.site(1), "r1").output().ok();
    let (plan, code, stderr) = plan(&fleet, &[]);
    assert_eq!(code, Some(30), "{stderr}");
    assert_problem(&plan, "beta", "not enough room below");
    assert_problem(&plan, "beta", "not enough inodes below");
    assert_eq!(host(&plan, "alpha")["action"], "push");
    drop(fleet);
    drop(small);
}
