//! What a push tells programs while it runs, and how many hosts are enough.

use std::collections::BTreeMap;
use std::fs;

use e2e::{Fleet, FleetOptions};
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
        assert!(
            of.contains(&"connected".to_owned()) && of.contains(&"downloading".to_owned()),
            "{name}: {of:?}"
        );
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
