//! What a push tells programs while it runs, and how many hosts are enough.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::time::Duration;

use e2e::{Fleet, FleetOptions, eventually};
use serde_json::Value;

use crate::needs_peers;
use crate::support::pushed;

#[test]
fn events_and_metrics_say_what_happens_and_a_quota_of_each_group_is_enough() {
    needs_peers!();
    let options = FleetOptions { embedded: vec!["alpha", "beta"], web: false, ..FleetOptions::default() };
    let mut fleet = Fleet::start(&options);
    for (name, group) in [("alpha", "eu"), ("beta", "eu"), ("gamma", "us")] {
        let table = format!("[hosts.{name}]\n");
        fleet.edit_inventory(&table, &format!("{table}group = \"{group}\"\n"));
    }
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.host_mut("beta").stop_sshd();
    let files = ["--events", "push.jsonl", "--metrics", "push.prom"];
    let output = fleet.push().args(files).args(["--require", "1", "--require", "us=all"]).output().ok();
    assert!(output.stderr.contains("it is missing on beta"), "{}", output.stderr);
    assert_eq!(
        (pushed(&fleet, "beta").state.as_str(), pushed(&fleet, "gamma").state.as_str()),
        ("failed", "staged")
    );

    // Every host got further step by step, and ended as push.json says.
    let text = fs::read_to_string(fleet.dir().join("push.jsonl")).unwrap();
    let mut phases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        let word = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        let of = phases.entry(word("host")).or_default();
        if of.last() != Some(&word("phase")) {
            of.push(word("phase"));
        }
        assert!(event["bytes"].as_u64() <= event["of"].as_u64(), "{line}");
        assert_eq!(event["error"].is_string(), word("phase") == "failed", "{line}");
    }
    for name in ["alpha", "gamma"] {
        let of = &phases[name];
        assert_eq!((of[0].as_str(), of.last().unwrap().as_str()), ("connecting", "staged"), "{of:?}");
        for phase in ["connected", "pushed", "downloading"] {
            assert!(of.contains(&phase.to_owned()), "{name}: {of:?}");
        }
    }
    assert_eq!(phases["beta"].last().unwrap(), "failed");

    // The form of Prometheus' text files: a line a sample, each of a metric that was declared.
    let metrics = fs::read_to_string(fleet.dir().join("push.prom")).unwrap();
    for line in metrics.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let name = name.split('{').next().unwrap();
        assert!(value.parse::<u64>().is_ok() && metrics.contains(&format!("# TYPE {name} gauge")), "{line}");
    }
    for sample in [
        "fleet_push_info{release=\"r1\"} 1",
        "fleet_push_hosts{phase=\"staged\"} 2",
        "fleet_push_hosts{phase=\"failed\"} 1",
        "fleet_push_success 1",
        "fleet_push_received_bytes{from=\"seeder\"} ",
        "fleet_push_host_bytes{host=\"beta\",group=\"eu\"} 0",
    ] {
        assert!(metrics.contains(sample), "{sample}:\n{metrics}");
    }

    // Too few: some failed, as without the flag. A group that nobody is in is a slip, told before anybody is dialled.
    fleet
        .push()
        .args(files)
        .args(["--require", "eu=all", "--require", "1"])
        .output()
        .fails_naming(30, "beta");
    assert!(fs::read_to_string(fleet.dir().join("push.prom")).unwrap().contains("fleet_push_success 0"));
    fleet.push().output().fails_naming(30, "beta");
    fleet.push().args(["--require", "uk=1"]).output().fails_naming(2, "`uk`");
    fleet.push().args(["--events", "nowhere/x"]).output().fails_naming(11, "nowhere/x");
    // Nobody at all is never enough.
    fleet.push().args(["--only", "beta", "--require", "1"]).output().fails_naming(31, "beta");
}

#[test]
fn a_host_that_accepts_and_says_nothing_delays_nobody() {
    needs_peers!();
    let mut fleet = Fleet::start(&FleetOptions::embedded(vec!["alpha", "beta", "gamma"]));
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.host_mut("beta").stop_sshd();
    let silent =
        TcpListener::bind((fleet.host("beta").address.as_str(), fleet.ssh_port())).expect("beta's port");
    let events = fleet.dir().join("push.jsonl");
    let mut push = fleet.push().args(["--timeout", "20s", "--events", "push.jsonl"]).start();
    eventually("the others to be staged", Duration::from_secs(18), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        let text = fs::read_to_string(&events).unwrap_or_default();
        let says = |host: &str, phase: &str| {
            let host = format!("\"host\":\"{host}\"");
            text.lines().any(|line| line.contains(&host) && line.contains(&format!("\"phase\":\"{phase}\"")))
        };
        assert!(!says("beta", "failed"), "it is still being waited for: {text}");
        (says("alpha", "staged") && says("gamma", "staged") && says("beta", "connecting")).then_some(())
    });
    push.wait().fails_naming(30, "beta");
    drop(silent);

    // It is back: who has the release is only asked.
    fleet.host_mut("beta").start_sshd();
    fleet.push().output().ok();
    for (name, already) in [("alpha", true), ("beta", false), ("gamma", true)] {
        let host = pushed(&fleet, name);
        assert_eq!(
            (host.state.as_str(), host.already, host.seconds.stage.is_none()),
            ("staged", already, already)
        );
    }
}

#[test]
fn whom_the_bytes_came_from_is_known_of_both_engines() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions {
        hosts: vec!["alpha", "beta", "gamma", "delta"],
        embedded: vec!["gamma", "delta"],
        web: false,
        ..FleetOptions::default()
    });
    let size = 250_000;
    // At 64 KiB/s it takes some seconds, in which the rtorrents are asked more than once.
    for host in &fleet.hosts[..2] {
        host.rtorrent.throttle(64, 64);
    }
    fleet.seeder.throttle(64, 64);
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet.push().args(["--events", "push.jsonl"]).output().ok();
    let from = |name: &str| {
        let host = pushed(&fleet, name);
        (host.from_seeder.expect(name), host.from_fleet.expect(name))
    };
    for name in ["alpha", "beta", "gamma", "delta"] {
        let (seeder, others) = from(name);
        assert!(seeder + others > size / 2, "{name}: {seeder} and {others}");
    }
    // The first has nobody but the seeder; of the embedded ones one had better ask the others, too.
    let all: u64 = ["alpha", "beta", "gamma", "delta"].map(|name| from(name).0).iter().sum();
    assert!(all > size / 2, "somebody got it from the seeder");
    let text = fs::read_to_string(fleet.dir().join("push.jsonl")).unwrap();
    let last = |name: &str| {
        let mut events = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        events.rfind(|event| event["host"] == name).unwrap()
    };
    for name in ["alpha", "gamma"] {
        let event = last(name);
        assert_eq!(
            (event["from_seeder"].as_u64(), event["from_fleet"].as_u64()),
            (Some(from(name).0), Some(from(name).1)),
            "{event}"
        );
    }
}
