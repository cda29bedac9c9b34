//! A host that is cut off while nothing is said: only TCP's own questions find that out.

use std::thread;
use std::time::{Duration, Instant};

use e2e::{Fleet, FleetOptions, peers};
use inventory::Inventory;
use remote::{Argv, HostError, HostFault, Remote, SshOptions, SshRemote, Timeouts};

use crate::needs_peers;

#[test]
fn a_cable_that_is_pulled_is_noticed_before_the_command_s_time_is_over() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "network namespaces need root") {
        return;
    }
    let fleet = Fleet::start(&FleetOptions { apart: true, ..FleetOptions::embedded(vec!["alpha"]) });
    let host = Inventory::load(&fleet.toml()).unwrap().hosts.remove(0);
    let keepalive = Duration::from_secs(2);
    let timeouts = Timeouts { keepalive, step: Duration::from_secs(120), ..Timeouts::default() };
    let remote = SshRemote::connect(&host, &SshOptions::new().timeouts(timeouts)).unwrap();
    let long = Duration::from_secs(120);
    // A silent command is no reason to give up: the host answers for it.
    let output = remote.exec(&Argv::new("sleep").arg("8"), b"", long).unwrap();
    assert!(output.status.success());
    let command =
        thread::spawn(move || (remote.exec(&Argv::new("sleep").arg("100"), b"", long), Instant::now()));
    thread::sleep(Duration::from_secs(1));
    let pulled = Instant::now();
    fleet.switch.as_ref().unwrap().plug("alpha", false);
    let (result, noticed) = command.join().unwrap();
    let error = result.unwrap_err();
    assert!(
        matches!(error, HostError { kind: HostFault::Lost { .. }, .. }) && error.is_connection_loss(),
        "{error}"
    );
    assert!(noticed.duration_since(pulled) < Duration::from_secs(20), "{:?}", noticed.duration_since(pulled));
}
