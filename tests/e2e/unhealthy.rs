//! A release that answers 500 on one server is taken back from all of them.

use e2e::Fleet;

use crate::needs_peers;
use crate::support::swap_record;

#[test]
fn one_server_with_500_puts_everybody_back() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    // Release 3 wants a setting that beta does not have.
    fleet.host("beta").write_settings(&["site_name"]);
    fleet.deliver(3);
    fleet.swap("activate").output().fails_naming(40, "beta");
    fleet.assert_live("r2");

    let swap = swap_record(&fleet);
    assert_eq!((swap.details.to.as_str(), swap.details.outcome.as_str()), ("r3", "rolled_back"));
    for host in &swap.details.hosts {
        assert_eq!((host.before.as_deref(), host.after.as_deref()), (Some("r2"), Some("r2")), "{host:?}");
        assert_eq!(host.outcome, "reverted", "{host:?}");
    }
    let beta = swap.details.hosts.iter().find(|host| host.name == "beta").unwrap();
    assert!(beta.health.as_ref().is_some_and(|health| health.contains("500")), "{beta:?}");

    // The setting is added on the server; the release that is staged there already goes live without a new push.
    fleet.host("beta").write_settings(&["site_name", "payment_endpoint"]);
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r3");
}

#[test]
fn what_failed_is_not_what_a_rollback_goes_to() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deploy(2);
    fleet.host("gamma").write_settings(&["site_name"]);
    fleet.deliver(3);
    fleet.swap("activate").output().fails_naming(40, "gamma");
    fleet.swap("rollback").output().ok();
    fleet.assert_live("r1");
}
