//! The controller dies, or falls silent, while servers have switched and wait for its word: they put themselves back.

use std::time::Duration;

use e2e::{Fleet, Running, eventually};
use rustix::process::{Pid, Signal, kill_process};

use crate::needs_peers;
use crate::support::{kill_in_step, reconcile, swap_record};

const LEASE: Duration = Duration::from_secs(4);

/// A fleet on r1 with r2 staged, whose health check will go on for longer than the lease.
fn undecided() -> Fleet {
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    fleet.edit_inventory("attempts = 5", "attempts = 200");
    fleet.edit_inventory("contains = \"{release}\"", "contains = \"a page that never comes\"");
    fleet
}

/// Starts the swap and waits until every server has switched.
fn switch(fleet: &Fleet) -> Running {
    let mut swap = fleet.swap("activate").args(["--confirm-within", "4s"]).start();
    eventually("every server to switch", Duration::from_secs(20), || {
        assert!(swap.is_running(), "ended before it switched: {}", swap.stderr_so_far());
        fleet.currents().iter().all(|current| current.as_deref() == Some("r2")).then_some(())
    });
    swap
}

fn back_on_r1(fleet: &Fleet) -> Option<()> {
    fleet.currents().iter().all(|current| current.as_deref() == Some("r1")).then_some(())
}

#[test]
fn a_killed_controller_leaves_every_server_on_the_former_release() {
    needs_peers!();
    let fleet = undecided();
    let swap = switch(&fleet);
    swap.kill9();
    assert_eq!(swap.wait().signal, Some(9));
    eventually("every server to put itself back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");

    // Nothing is left locked: the next attempt can begin at once. What was put back is proved again first.
    fleet.push().output().ok();
    fleet.edit_inventory("contains = \"a page that never comes\"", "contains = \"{release}\"");
    fleet.swap("activate").output().ok();
    fleet.assert_live("r2");
}

#[test]
fn a_silent_controller_leaves_every_server_on_the_former_release() {
    needs_peers!();
    let fleet = undecided();
    let swap = switch(&fleet);
    // As a network that drops everything: the connections stay open, and nobody speaks.
    let pid = Pid::from_raw(i32::try_from(swap.id()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    eventually("every server to put itself back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");

    // It comes back to life, sees what has happened and says so.
    kill_process(pid, Signal::CONT).unwrap();
    let output = swap.wait().exits(40);
    assert!(output.stderr.contains("error:"), "{}", output.stderr);
    fleet.assert_live("r1");
    assert_eq!(swap_record(&fleet).details.outcome, "rolled_back");
}

#[test]
fn a_terminated_controller_puts_every_server_back_before_it_goes() {
    needs_peers!();
    let fleet = undecided();
    let swap = switch(&fleet);
    let asked = std::time::Instant::now();
    swap.terminate();
    let output = swap.wait().exits(143);
    assert!(
        asked.elapsed() < Duration::from_secs(3),
        "{:?} after SIGTERM: {}",
        asked.elapsed(),
        output.stderr
    );
    eventually("every server to be back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");
    assert!(swap_record(&fleet).aborted);
}

#[test]
fn a_controller_that_is_killed_at_any_step_of_the_commit_leaves_no_mixture() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.deliver(2);
    let mut kept = 0;
    let steps = [
        "to prove",
        "switching",
        "asking every host",
        "committing",
        "committing",
        "committing",
        "committing",
    ];
    for (round, step) in steps.into_iter().enumerate() {
        let mut swap = fleet.swap("activate").args(["r2", "--confirm-within", "4s"]).start();
        eventually(step, Duration::from_secs(20), || {
            (swap.stderr_so_far().contains(step) || !swap.is_running()).then_some(())
        });
        // Among the words to three hosts, or right after them.
        std::thread::sleep(Duration::from_micros(1500 * (round as u64 % 4)));
        swap.kill9();
        let _ended = swap.wait();
        // Wait out the lease, or the second process that keeps the word.
        let mut calm = 0;
        let mut last = Vec::new();
        eventually("all servers to agree, and to stay so", LEASE + Duration::from_secs(15), || {
            let now = fleet.currents();
            let agree = now.iter().all(|current| *current == now[0]);
            calm = if agree && now == last { calm + 1 } else { 0 };
            last = now;
            std::thread::sleep(Duration::from_millis(100));
            (calm > 25).then_some(())
        });
        let live = fleet.currents()[0].clone().unwrap();
        fleet.assert_live(&live);
        kept += u32::from(live == "r2");
        fleet.push().output().ok();
        if live == "r2" {
            fleet.swap("rollback").arg("r1").output().ok();
        }
        fleet.assert_live("r1");
    }
    assert!(kept > 0, "no decision was ever kept");
}

#[test]
fn of_two_controllers_at_once_one_swaps_and_the_other_is_told_who() {
    needs_peers!();
    let fleet = undecided();
    let first = switch(&fleet);
    let second = fleet.swap("activate").args(["--owner", "build 43", "--records", "records"]).output();
    second.fails_naming(75, "locked by");
    first.terminate();
    first.wait().exits(143);
    eventually("every server to be back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
}

#[test]
fn a_server_whose_processes_are_all_killed_while_unconfirmed_is_back_before_it_serves_again() {
    needs_peers!();
    let mut fleet = undecided();
    let swap = switch(&fleet);
    // A reboot: nothing of it runs any more, and nobody is told.
    assert!(kill_in_step(fleet.host("beta")) > 0);
    fleet.host_mut("beta").stop_sshd();
    // Asked in the moment before sshd was gone it had put itself back already.
    let output = swap.wait();
    assert!(matches!(output.code, Some(40 | 41)), "{output:?}");
    // What the unit does that runs before the web server.
    reconcile(&fleet, fleet.host("beta"), "`r1` is live");
    fleet.assert_live("r1");
}

#[test]
fn a_server_that_is_cut_off_after_it_switched_takes_all_back_and_itself_at_the_end_of_the_lease() {
    needs_peers!();
    let fleet = Fleet::three();
    fleet.deploy(1);
    fleet.extend_inventory(
        "[[hooks]]\nphase = \"before-commit\"\nhost = \"alpha\"\non = \"once\"\n\
         run = [\"sh\", \"-c\", \"until test -e $MKT_DEPLOY_TO/../go; do sleep 0.1; done\"]\n",
    );
    fleet.deliver(2);
    let swap = switch(&fleet);
    // Nothing goes in or out any more, and no connection ends: its sshd, with every session, stands still.
    let place = fleet.host("gamma").dir.join("ssh").to_string_lossy().into_owned();
    let sshds = sshds(&place);
    assert!(sshds.len() > 1, "{sshds:?}");
    sshds.iter().for_each(|pid| kill_process(*pid, Signal::STOP).unwrap());
    std::fs::write(fleet.host("alpha").dir.join("go"), "").unwrap();
    let output = swap.wait();
    for pid in sshds {
        let _gone = kill_process(pid, Signal::CONT);
    }
    assert_eq!(output.code, Some(41), "nobody knows what became of gamma: {}", output.stderr);
    eventually("gamma to put itself back", LEASE + Duration::from_secs(6), || back_on_r1(&fleet));
    fleet.assert_live("r1");
}

/// The sshd that was started below `place`, and its children.
fn sshds(place: &str) -> Vec<Pid> {
    let all: Vec<(i32, i32, String)> = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|process| {
            let id = process.file_name().to_string_lossy().parse().ok()?;
            let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
            let parent = stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()?;
            let line =
                String::from_utf8_lossy(&std::fs::read(process.path().join("cmdline")).ok()?).into_owned();
            Some((id, parent, line))
        })
        .collect();
    let mut found: Vec<i32> =
        all.iter().filter(|(_, _, line)| line.contains(place)).map(|(id, ..)| *id).collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = all.iter().filter(|(_, p, line)| *p == parent && line.starts_with("sshd"));
        found.extend(children.map(|(id, ..)| *id).filter(|id| !found.contains(id)).collect::<Vec<_>>());
        next += 1;
    }
    found.into_iter().filter_map(Pid::from_raw).collect()
}
