//! Canary, batches and quorum: a part of the fleet first, and a fleet without the server that is away.

use std::time::Duration;

use e2e::{Fleet, eventually};

use crate::needs_peers;
use crate::support::{assert_untouched, servers, swap_record};

fn live(fleet: &Fleet) -> Vec<String> {
    fleet.currents().into_iter().map(Option::unwrap_or_default).collect()
}

#[test]
fn the_canary_is_watched_before_the_others_follow_and_one_that_is_ill_later_takes_all_back() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    let before = servers(&fleet);
    let plan = fleet.swap("activate").args(["--dry-run", "--canary", "1", "--batch", "1"]).output().ok();
    assert!(plan.stdout.contains("gamma"), "{}", plan.stdout);
    assert_untouched(&fleet, &before);

    let mut swap =
        fleet.swap("activate").args(["--canary", "1", "--pause", "2s", "--confirm-within", "1s"]).start();
    eventually("the canary alone", Duration::from_secs(20), || {
        assert!(swap.is_running(), "{}", swap.stderr_so_far());
        (live(&fleet) == ["r2", "r1", "r1"]).then_some(())
    });
    // Past the lease: it is renewed while the canary is watched.
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(live(&fleet), ["r2", "r1", "r1"]);
    swap.wait().ok();
    fleet.assert_live("r2");
    let batches: Vec<_> = swap_record(&fleet).details.hosts.iter().map(|host| host.batch).collect();
    assert_eq!(batches, [Some(1), Some(2), Some(2)]);

    // Release 3 wants a setting that gamma, the last one, does not have.
    fleet.host("gamma").write_settings(&["site_name"]);
    fleet.deliver(3);
    fleet.swap("activate").args(["--batch", "1"]).output().fails_naming(40, "gamma");
    fleet.assert_live("r2");
    let outcomes: Vec<_> = swap_record(&fleet).details.hosts.into_iter().map(|host| host.outcome).collect();
    assert_eq!(outcomes, ["reverted"; 3]);
}

#[test]
fn with_a_quorum_the_fleet_goes_without_a_server_that_is_away() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    fleet.host_mut("beta").stop_sshd();
    fleet.swap("activate").output().fails_naming(30, "beta");
    fleet.swap("activate").args(["--quorum", "3"]).output().fails_naming(30, "beta");
    assert_eq!(live(&fleet), ["r1", "r1", "r1"]);
    fleet.swap("activate").args(["--quorum", "2"]).output().ok().says("beta is left out");
    assert_eq!(live(&fleet), ["r2", "r1", "r2"]);
    let swap = swap_record(&fleet).details;
    assert_eq!(swap.outcome, "committed");
    assert_eq!((swap.hosts[1].outcome.as_str(), swap.hosts[1].after.as_deref()), ("left_out", None));

    // It comes back: it is seen to differ, and follows, alone.
    fleet.swap("converge").output().fails_naming(30, "1 of 3").says("beta cannot be asked");
    fleet.host_mut("beta").start_sshd();
    fleet.swap("status").output().ok().answers("differs");
    fleet.swap("converge").output().ok().says("behind: beta");
    fleet.assert_live("r2");
    fleet.swap("converge").output().ok().says("every host that answers serves `r2`");
}

#[test]
fn every_group_has_a_quorum_of_its_own() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    for (host, group) in [("alpha", "eu"), ("beta", "eu"), ("gamma", "us")] {
        let head = format!("[hosts.{host}]\n");
        fleet.edit_inventory(&head, &format!("{head}group = \"{group}\"\n"));
    }
    let groups =
        "[rollout]\nquorum = \"all\"\n[groups.eu]\nquorum = 1\n[groups.us]\nquorum = 1\n\n[hosts.alpha]\n";
    fleet.edit_inventory("[hosts.alpha]\n", groups);
    // The only one of its group is away: two of three are not enough.
    fleet.host_mut("gamma").stop_sshd();
    fleet.swap("activate").output().fails_naming(30, "gamma").says("no quorum");
    assert_eq!(live(&fleet), ["r1", "r1", "r1"]);
    fleet.host_mut("gamma").start_sshd();
    // One of two is enough for the other group.
    fleet.host_mut("beta").stop_sshd();
    fleet.swap("activate").output().ok().says("beta is left out");
    assert_eq!(live(&fleet), ["r2", "r1", "r2"]);
}
