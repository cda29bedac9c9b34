//! A server that is not the one that was known is never spoken to.

use std::fs;

use e2e::{Fleet, keys};

use crate::needs_peers;
use crate::support::{assert_untouched, pushed, servers};

#[test]
fn a_server_with_another_key_or_none_on_file_is_refused() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.pack(&fleet.site(2), "r2").output().ok();
    fleet.publish().output().ok();
    let before = servers(&fleet);
    let beta = fleet.host("beta");
    let all = fs::read_to_string(fleet.known_hosts()).unwrap();

    // Unknown: its line is missing.
    let unknown: String =
        all.lines().filter(|line| !line.contains(&beta.address)).map(|line| format!("{line}\n")).collect();
    // Wrong: the line is that of somebody else's key.
    let other = fleet.dir().join("keys/other");
    keys::generate(&other);
    let wrong = all.replace(&keys::public(&beta.dir.join("ssh/host_key")), &keys::public(&other));
    assert_ne!(wrong, all);

    for known_hosts in [unknown, wrong] {
        fs::write(fleet.known_hosts(), known_hosts).unwrap();
        let output = fleet.push().args(["--only", "beta"]).output().fails_naming(31, "beta");
        assert!(output.stderr.contains("host key"), "{}", output.stderr);
        assert!(pushed(&fleet, "beta").error.is_some_and(|error| error.contains("host key")));
        assert_untouched(&fleet, &before);
    }
    let output = fleet.swap("rollback").output();
    assert!(matches!(output.code, Some(30 | 31)), "{output:?}");
    assert!(output.stderr.contains("host key"), "{}", output.stderr);
    assert_untouched(&fleet, &before);

    fleet.write_known_hosts();
    fleet.push().output().ok();
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}
