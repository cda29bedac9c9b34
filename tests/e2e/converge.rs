//! A server that was away while the others went live follows them by one command, before it serves.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::records::{self, Converge, ConvergedHost, Record};
use e2e::{Fleet, FleetOptions, Run, Tree, eventually};

use crate::embedded::no_receiver_is_left;
use crate::needs_peers;
use crate::support::{assert_delivered, pushed};

fn converge(fleet: &Fleet) -> Run {
    fleet.run("fleet-push").args(["converge", "--fleet", "fleet.toml"])
}

fn record(fleet: &Fleet) -> Record<Converge> {
    records::read(&fleet.records(), "converge.json")
}

#[track_caller]
fn host(fleet: &Fleet, name: &str) -> ConvergedHost {
    record(fleet)
        .details
        .hosts
        .into_iter()
        .find(|host| host.name == name)
        .expect("the host is in converge.json")
}

/// Everything that a server keeps, but downloads and the lock's file.
fn sites(fleet: &Fleet) -> Vec<Tree> {
    let skip = ["incoming", ".swap/lock", ".swap/receive.lock"];
    fleet.hosts.iter().map(|host| Tree::read(&host.deploy_to(), &skip)).collect()
}

#[track_caller]
fn assert_same(fleet: &Fleet, before: &[Tree]) {
    for ((before, now), host) in before.iter().zip(sites(fleet)).zip(&fleet.hosts) {
        before.assert_same(&now, &format!("{} must not be touched", host.name));
    }
}

fn live(fleet: &Fleet) -> Vec<String> {
    fleet.currents().into_iter().map(Option::unwrap_or_default).collect()
}

/// Release `number` goes live without beta, whose sshd is stopped.
fn deploy_without_beta(fleet: &mut Fleet, number: u32) {
    fleet.host_mut("beta").stop_sshd();
    fleet.pack(&fleet.site(number), &format!("r{number}")).output().ok();
    fleet.publish().output().ok();
    fleet.push().output().ok().says("it is missing on beta");
    fleet.swap("activate").output().ok().says("beta is left out");
}

/// Three servers, with web servers on them or not, of which beta was away when r2 went live and is back.
fn beta_is_behind(web: bool) -> Fleet {
    let hosts = vec!["alpha", "beta", "gamma"];
    let mut fleet = Fleet::start(&FleetOptions { web, ..FleetOptions::embedded(hosts) });
    fleet.deploy(1);
    quorum_of_two(&fleet, "");
    deploy_without_beta(&mut fleet, 2);
    fleet.host_mut("beta").start_sshd();
    fleet
}

/// What Push and Swap both take from the file.
fn quorum_of_two(fleet: &Fleet, more: &str) {
    fleet.edit_inventory("[tracker]\n", &format!("[rollout]\nquorum = 2\n{more}\n[tracker]\n"));
}

#[test]
fn who_was_away_gets_the_release_and_serves_it_by_one_command() {
    needs_peers!();
    let hosts = vec!["alpha", "beta", "gamma"];
    let mut fleet = Fleet::start(&FleetOptions { web: true, ..FleetOptions::embedded(hosts) });
    fleet.deploy(1);
    let mark = |what: &str, host: &str| fleet.scratch().join(format!("{what}.{host}"));
    let hook = |what: &str, on: &str| {
        let path = mark(what, "{name}");
        format!(
            "[[hooks]]\nname = \"{what}\"\nphase = \"after-switch\"\non = \"{on}\"\nrun = [\"touch\", \"{}\"]\n",
            path.display()
        )
    };
    quorum_of_two(&fleet, &(hook("every", "every") + &hook("once", "once")));
    let marks: Vec<_> = ["alpha", "beta", "gamma"]
        .iter()
        .flat_map(|host| [mark("every", host), mark("once", host)])
        .collect();
    deploy_without_beta(&mut fleet, 2);
    assert_eq!(live(&fleet), ["r2", "r1", "r2"]);
    fleet.push().args(["--require", "all"]).output().fails_naming(30, "beta");

    // Still away: it is named and recorded, and nobody else is touched.
    let before = sites(&fleet);
    converge(&fleet).output().fails_naming(30, "beta").says("beta cannot be asked");
    assert_same(&fleet, &before);
    let beta = host(&fleet, "beta");
    assert_eq!((beta.outcome.as_str(), beta.error.is_some()), ("absent", true), "{beta:?}");
    converge(&fleet).args(["--only", "beta"]).output().fails_naming(31, "beta");

    fleet.host_mut("beta").start_sshd();
    converge(&fleet).arg("--dry-run").output().ok().answers("push and switch").says("nothing was changed");
    assert_same(&fleet, &before);
    for mark in &marks {
        let _absent = fs::remove_file(mark);
    }
    let files = ["push.json", "swap.json"].map(|name| fleet.records().join(name));
    let as_they_were = files.clone().map(|path| fs::read(path).unwrap());
    converge(&fleet).output().ok().says("behind: beta").says("every host serves r2");
    fleet.assert_live("r2");
    assert_delivered(&fleet, "r2", &fleet.site(2));
    no_receiver_is_left(&fleet);
    let ran: Vec<bool> = marks.iter().map(|mark| mark.exists()).collect();
    assert_eq!(ran, [false, false, true, true, false, false], "hooks run where something is switched");
    assert_eq!(files.map(|path| fs::read(path).unwrap()), as_they_were, "the build's own records stay");

    let beta = host(&fleet, "beta");
    assert_eq!(
        (beta.outcome.as_str(), beta.before.as_deref(), beta.after.as_deref()),
        ("converged", Some("r1"), Some("r2")),
        "{beta:?}"
    );
    assert!(beta.health.as_deref().is_some_and(|seen| seen.starts_with("status 200")), "{beta:?}");
    let push = beta.push.expect("it lacked the release");
    assert_eq!((push.state.as_str(), push.already), ("staged", false), "{push:?}");
    assert!(push.from_seeder.is_some_and(|bytes| bytes > 0), "{push:?}");
    let gamma = host(&fleet, "gamma");
    assert_eq!((gamma.outcome.as_str(), gamma.push), ("already", None));
    let record = record(&fleet);
    assert!(record.details.seeder.is_some() && !record.aborted, "this machine has seeded: {record:?}");
    let input = record.input.expect("an input");
    assert_eq!(input.sha256, records::sha256(&fleet.records().join("publish.json")));
    assert_eq!(fs::read_to_string(fleet.records().join("summary.txt")).unwrap(), "r2 live on 3 of 3 hosts\n");

    // Once more: nothing is left to do, and nothing is done.
    let before = sites(&fleet);
    converge(&fleet).output().ok().says("behind: nobody");
    assert_same(&fleet, &before);
    assert_eq!(host(&fleet, "beta").outcome, "already");
}

#[test]
fn a_host_lends_a_payload_that_is_not_at_hand_and_wrong_records_or_a_mixed_fleet_change_nothing() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    fleet.deploy(1);
    quorum_of_two(&fleet, "");
    let of_build_1 = fleet.dir().join("records-1");
    assert!(Command::new("cp").arg("-r").arg(fleet.records()).arg(&of_build_1).status().unwrap().success());
    deploy_without_beta(&mut fleet, 2);
    fleet.host_mut("beta").start_sshd();

    let before = sites(&fleet);
    let other = converge(&fleet).args(["--records", "records-1"]).output();
    other
        .fails_naming(10, "`records-1/publish.json`")
        .says("is about release `r1`, but the fleet serves `r2`");
    assert_same(&fleet, &before);
    assert!(!of_build_1.join("converge.json").exists());

    // As from an archive of the build: the records, but not what weighs.
    let pack: Record<records::Pack> = records::read(&fleet.records(), "pack.json");
    fs::remove_file(fleet.records().join(&pack.release.payload.file)).unwrap();
    converge(&fleet).output().ok();
    fleet.assert_live("r2");
    assert_delivered(&fleet, "r2", &fleet.site(2));
    assert_eq!(record(&fleet).details.seeder, None);
    let push = host(&fleet, "beta").push.expect("it lacked the release");
    assert!(push.from_seeder.is_some_and(|bytes| bytes > 0), "a host of the fleet has lent it: {push:?}");
    no_receiver_is_left(&fleet);

    // One on each release, one away: nobody can say what the fleet serves, whatever the last swap was.
    let gamma = fleet.host("gamma").deploy_to();
    fleet.run("swap-release").args(["rollback", "--deploy-to"]).arg(gamma).output().ok();
    fleet.host_mut("beta").stop_sshd();
    assert_eq!(live(&fleet), ["r2", "r2", "r1"]);
    let before = sites(&fleet);
    let mixed = converge(&fleet).output();
    mixed
        .fails_naming(41, "`r1` is live on gamma; `r2` is live on alpha; beta cannot be asked")
        .says("nothing was changed");
    assert_same(&fleet, &before);
    // Two of three decide.
    fleet.host_mut("beta").start_sshd();
    converge(&fleet).args(["--only", "gamma"]).output().ok();
    assert_eq!(live(&fleet), ["r2", "r2", "r2"]);
}

#[test]
fn one_that_is_ill_goes_back_and_one_that_is_dead_delays_nobody() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.deploy(2);
    quorum_of_two(&fleet, "");
    deploy_without_beta(&mut fleet, 3);
    fleet.host_mut("beta").start_sshd();
    fleet.host_mut("gamma").stop_sshd();
    // Release 3 wants a setting that beta does not have.
    fleet.host("beta").write_settings(&["site_name"]);
    converge(&fleet).output().fails_naming(30, "beta, gamma");
    assert_eq!(live(&fleet), ["r3", "r2", "r3"], "it is back on the release it had");
    let beta = host(&fleet, "beta");
    let why = beta.error.as_deref().unwrap_or_default();
    assert!(beta.outcome == "failed" && why.contains("is not healthy"), "{beta:?}");
    assert_eq!(beta.after.as_deref(), Some("r2"));

    // gamma is dead still, and beta follows all the same.
    fleet.host("beta").write_settings(&["site_name", "payment_endpoint"]);
    let only_gamma = converge(&fleet).output().fails_naming(30, "1 of 3");
    assert!(!only_gamma.stderr.contains("beta does not serve"), "{}", only_gamma.stderr);
    fleet.assert_live("r3");
    assert_eq!(
        (host(&fleet, "beta").outcome.as_str(), host(&fleet, "gamma").outcome.as_str()),
        ("converged", "absent")
    );
    fleet.host_mut("gamma").start_sshd();
    converge(&fleet).output().ok();
}

#[test]
fn a_terminated_converge_says_so_at_once_and_the_next_one_finishes() {
    needs_peers!();
    let fleet = beta_is_behind(false);
    let seeder = "[seeder]\nmax_upload = \"50 kB/s\"\n\n[rollout]\n";
    fleet.edit_inventory("[rollout]\n", seeder);
    let mut run = converge(&fleet).args(["--events", "converge.jsonl"]).start();
    let events = fleet.dir().join("converge.jsonl");
    eventually("the download to be under way", Duration::from_secs(30), || {
        assert!(run.is_running(), "ended early: {}", run.stderr_so_far());
        under_way(&events).then_some(())
    });
    let asked = Instant::now();
    run.terminate();
    run.wait().exits(143);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    no_receiver_is_left(&fleet);
    assert_eq!(live(&fleet), ["r2", "r1", "r2"]);
    let beta = host(&fleet, "beta");
    assert_eq!((record(&fleet).aborted, beta.outcome.as_str()), (true, "failed"), "{beta:?}");

    fleet.edit_inventory(seeder, "[rollout]\n");
    converge(&fleet).output().ok();
    assert_eq!(live(&fleet), ["r2", "r2", "r2"]);
    assert_eq!(pushed(&fleet, "beta").state, "failed", "push.json is that of the build");
}

#[test]
fn one_that_was_being_switched_goes_back_and_no_process_is_left_there() {
    needs_peers!();
    let fleet = beta_is_behind(true);
    // Its health is asked for long enough to be met in the middle of it.
    fleet.edit_inventory("attempts = 5", "attempts = 5\nin_a_row = 100");
    let deploy_to = fleet.host("beta").deploy_to().to_string_lossy().into_owned();
    for kill9 in [false, true] {
        let mut run = converge(&fleet).start();
        eventually("beta to be on trial", Duration::from_secs(40), || {
            assert!(run.is_running(), "ended early: {}", run.stderr_so_far());
            (live(&fleet) == ["r2", "r2", "r2"]).then_some(())
        });
        let asked = Instant::now();
        if kill9 {
            run.kill9();
            assert_eq!(run.wait().signal, Some(9));
        } else {
            run.terminate();
            run.wait().exits(143);
            assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
            assert!(record(&fleet).aborted);
        }
        eventually("beta to be back and alone", Duration::from_secs(10), || {
            (live(&fleet) == ["r2", "r1", "r2"] && running(&deploy_to) == 0).then_some(())
        });
    }
    fleet.edit_inventory("in_a_row = 100", "in_a_row = 2");
    converge(&fleet).output().ok().says("behind: beta");
    fleet.assert_live("r2");
    assert_eq!(host(&fleet, "beta").push, None, "it has had the release since");
}

#[test]
fn nobody_is_brought_to_what_the_fleet_has_left_meanwhile() {
    needs_peers!();
    let fleet = beta_is_behind(false);
    fleet.edit_inventory("[rollout]\n", "[seeder]\nmax_upload = \"50 kB/s\"\n\n[rollout]\n");
    let mut run = converge(&fleet).args(["--events", "converge.jsonl"]).start();
    let events = fleet.dir().join("converge.jsonl");
    eventually("the download to be under way", Duration::from_secs(30), || {
        assert!(run.is_running(), "ended early: {}", run.stderr_so_far());
        under_way(&events).then_some(())
    });
    fleet.swap("rollback").args(["--exclude", "beta"]).output().ok();
    run.wait().fails_naming(30, "beta");
    assert_eq!(live(&fleet), ["r1", "r1", "r1"]);
    let beta = host(&fleet, "beta");
    assert!(
        beta.error.as_deref().is_some_and(|why| why.contains("meanwhile alpha went on from r2")),
        "{beta:?}"
    );
}

/// Processes whose command line names the server's directory, or its inventory.
fn running(deploy_to: &str) -> usize {
    let of = |entry: fs::DirEntry| {
        let line = fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        let ours = line.contains("swap-release") && line.contains(deploy_to);
        (ours || line.contains("converge --only beta")).then_some(())
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(of).count()
}

fn under_way(events: &Path) -> bool {
    let text = fs::read_to_string(events).unwrap_or_default();
    text.lines().any(|line| line.contains("\"phase\":\"downloading\"") && !line.contains("\"bytes\":0,"))
}
