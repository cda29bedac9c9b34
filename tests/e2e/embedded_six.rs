//! Servers that have IPv6 addresses and no others, each in a network namespace of its own: they are reached, get the payload from
//! each other and from this machine, and go live together.

use std::process::{Command, Stdio};

use e2e::netns::within;
use e2e::{Fleet, FleetOptions, peers};

use crate::doctor::doctor;
use crate::needs_peers;
use crate::support::assert_delivered;

#[test]
fn a_fleet_without_ipv4_is_pushed_to_and_goes_live() {
    needs_peers!();
    let closed = std::fs::read_to_string("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    let has_six = closed.is_ok_and(|text| text.trim() == "0");
    if !peers::skip_unless(
        module_path!(),
        peers::is_root() && has_six,
        "namespaces with IPv6 need root and a kernel that has it",
    ) {
        return;
    }
    let hosts = vec!["alpha", "beta", "gamma"];
    let fleet = Fleet::start(&FleetOptions { apart: true, six: true, ..FleetOptions::embedded(hosts) });
    let switch = fleet.switch.as_ref().unwrap();
    for host in &fleet.hosts {
        assert!(host.address.starts_with("fd00:"), "{}", host.address);
        let mut command = Command::new("ip");
        command.args(["-4", "-brief", "address"]);
        let output =
            within(Some(&switch.namespace(&host.name)), command).stdin(Stdio::null()).output().unwrap();
        let four = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(!four.lines().any(|line| !line.starts_with("lo")), "{}: {four}", host.name);
    }
    let told = doctor(&fleet, &[]).well();
    for check in ["peer-ports", "peer-address", "ssh"] {
        let found = told.check("alpha", check);
        assert_eq!(found["verdict"], "ok", "{found:#}");
    }
    for number in [1, 2] {
        fleet.deploy(number);
        let id = format!("r{number}");
        fleet.assert_live(&id);
        assert_delivered(&fleet, &id, &fleet.site(number));
    }
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
}
