//! What the servers' sshd allows of one connection (MaxSessions 10, sshd_config(5)) is never come near.

use std::fs;

use e2e::{Fleet, FleetOptions};

use crate::needs_peers;

#[test]
fn no_connection_has_more_than_four_sessions_at_a_time() {
    needs_peers!();
    let options = FleetOptions { embedded: vec!["gamma"], ..FleetOptions::default() };
    let fleet = Fleet::start(&options);
    fleet.deploy(1);
    fleet.deploy(2);
    fleet.swap("rollback").output().ok();
    for host in &fleet.hosts {
        let log = fs::read_to_string(host.dir.join("ssh/sshd.log")).unwrap();
        // sshd numbers the sessions of a connection from the lowest that is free.
        let started = log.lines().filter(|line| line.starts_with("Starting session: "));
        let ids: Vec<u32> =
            started.map(|line| line.rsplit(' ').next().and_then(|id| id.parse().ok()).unwrap()).collect();
        assert!(ids.len() > 3, "{log}");
        assert!(ids.iter().all(|id| *id < 4), "{}: {ids:?}", host.name);
    }
}
