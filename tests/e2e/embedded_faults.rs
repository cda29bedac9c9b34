//! Embedded peers on a network of their own: what is cut, killed, full or closed, and how the fleet gets over it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use e2e::mount::Tmpfs;
use e2e::netns::Switch;
use e2e::other_clock::OtherClock;
use e2e::{Fleet, FleetOptions, Running, eventually, peers};

use crate::embedded::no_receiver_is_left;
use crate::needs_peers;
use crate::support::{bulky, push_record, pushed};

/// Bits a second on every cable.
const RATE: u32 = 16_000_000;
/// Bytes that cannot be packed smaller: two seconds on such a cable.
const BULK: usize = 4_000_000;

/// A fleet of embedded peers, each in a namespace, with release r1 packed and published; or nothing where that cannot be.
fn apart(test: &str, hosts: &[&'static str]) -> Option<Fleet> {
    if !peers::skip_unless(test, peers::is_root(), "network namespaces need root") {
        return None;
    }
    let fleet = Fleet::start(&FleetOptions { apart: true, ..FleetOptions::embedded(hosts.to_vec()) });
    for name in hosts.iter().chain(&["agent"]) {
        switch(&fleet).shape(name, RATE);
    }
    fleet.pack(&bulky(&fleet, BULK), "r1").output().ok();
    fleet.publish().output().ok();
    Some(fleet)
}

fn switch(fleet: &Fleet) -> &Switch {
    fleet.switch.as_ref().expect("a fleet with namespaces")
}

/// Waits until `name` has received so many bytes in this push; what is on its disk does not tell, since files have their
/// full size from the beginning.
fn wait_for_bytes(fleet: &Fleet, push: &mut Running, name: &str, bytes: u64) {
    let before = switch(fleet).traffic(name).0;
    eventually("a part of the payload", Duration::from_secs(30), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        (switch(fleet).traffic(name).0 - before >= bytes).then_some(())
    });
}

#[track_caller]
fn all_have_it(fleet: &Fleet) {
    for host in &fleet.hosts {
        assert_eq!(host.releases(), ["r1"], "{}", host.name);
    }
}

#[test]
fn a_terminated_push_leaves_no_process_and_the_next_one_goes_on() {
    needs_peers!();
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma"]) else { return };
    let mut push = fleet.push().start();
    wait_for_bytes(&fleet, &mut push, "alpha", 1_000_000);
    let asked = Instant::now();
    push.terminate();
    let output = push.wait().exits(143);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}: {}", asked.elapsed(), output.stderr);
    assert!(push_record(&fleet).aborted);
    no_receiver_is_left(&fleet);
    assert!(fleet.host("alpha").releases().is_empty(), "met too late");

    let before = switch(&fleet).traffic("alpha").0;
    fleet.push().output().ok();
    all_have_it(&fleet);
    let fetched = switch(&fleet).traffic("alpha").0 - before;
    assert!(fetched < BULK as u64, "what was there is not fetched again: {fetched}");
}

#[test]
fn the_fleet_completes_without_the_controller_once_one_copy_is_out() {
    needs_peers!();
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma", "delta"]) else { return };
    // A fast seeder and slow servers: one copy is out long before anybody has all of it.
    switch(&fleet).shape("agent", 2 * RATE);
    for host in &fleet.hosts {
        switch(&fleet).shape(&host.name, RATE / 2);
    }
    let before = switch(&fleet).traffic("agent").1;
    let mut push = fleet.push().start();
    eventually("one copy to be out", Duration::from_secs(30), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        (switch(&fleet).traffic("agent").1 - before > BULK as u64 * 5 / 4).then_some(())
    });
    assert!(fleet.hosts.iter().all(|host| host.releases().is_empty()), "met too late");
    push.kill9();
    eventually("every host to stage it by itself", Duration::from_secs(30), || {
        fleet.hosts.iter().all(|host| host.releases() == ["r1"]).then_some(())
    });
    eventually("the receivers to end", Duration::from_secs(45), || {
        fleet.hosts.iter().all(|host| host.receivers().is_empty()).then_some(())
    });
    fleet.push().output().ok();
    assert!(push_record(&fleet).details.hosts.iter().all(|host| host.already));
}

#[test]
fn half_of_the_fleet_is_cut_off_and_comes_back() {
    needs_peers!();
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma", "delta"]) else { return };
    let mut push = fleet.push().start();
    wait_for_bytes(&fleet, &mut push, "gamma", 500_000);
    for name in ["gamma", "delta"] {
        switch(&fleet).plug(name, false);
    }
    eventually("the others to have it", Duration::from_secs(30), || {
        ["alpha", "beta"].iter().all(|name| fleet.host(name).releases() == ["r1"]).then_some(())
    });
    assert!(push.is_running(), "it must wait for the others: {}", push.stderr_so_far());
    for name in ["gamma", "delta"] {
        switch(&fleet).plug(name, true);
    }
    push.wait().ok();
    all_have_it(&fleet);
    no_receiver_is_left(&fleet);
}

#[test]
fn a_host_that_joins_when_the_others_are_nearly_done_is_served_by_them() {
    needs_peers!();
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma"]) else { return };
    switch(&fleet).plug("gamma", false);
    let mut push = fleet.push().start();
    wait_for_bytes(&fleet, &mut push, "alpha", BULK as u64 * 9 / 10);
    switch(&fleet).plug("gamma", true);
    push.wait().ok();
    all_have_it(&fleet);
    let hosts = push_record(&fleet).details.hosts;
    assert!(hosts.iter().all(|host| host.state == "staged"), "{hosts:?}");
}

#[test]
fn a_killed_receiver_is_started_again_and_goes_on_where_it_was() {
    needs_peers!();
    let Some(fleet) = apart(module_path!(), &["alpha", "beta"]) else { return };
    let mut push = fleet.push().start();
    wait_for_bytes(&fleet, &mut push, "beta", 1_500_000);
    for pid in fleet.host("beta").receivers() {
        let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
    }
    push.wait().ok().says("starting it again");
    all_have_it(&fleet);
    no_receiver_is_left(&fleet);
}

#[test]
fn a_host_behind_a_closed_port_gets_it_by_dialling_out() {
    needs_peers!();
    if !peers::skip_unless(
        module_path!(),
        peers::find("nft").is_some(),
        "not installed: nft (Debian package nftables)",
    ) {
        return;
    }
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma"]) else { return };
    switch(&fleet).close_all_but("alpha", fleet.ssh_port());
    fleet.push().output().ok();
    all_have_it(&fleet);
    let alpha = pushed(&fleet, "alpha");
    assert_eq!(alpha.state, "staged", "{alpha:?}");
}

#[test]
fn a_full_disk_is_the_fault_of_one_host() {
    needs_peers!();
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma"]) else { return };
    let deploy_to = fleet.host("beta").deploy_to();
    let tmpfs = match Tmpfs::mount(&deploy_to, "size=2m") {
        Ok(tmpfs) => tmpfs,
        Err(why) => {
            assert!(!peers::skip_unless(module_path!(), false, &why));
            return;
        }
    };
    fs::create_dir_all(deploy_to.join("shared/sites/default/files")).expect("shared");
    fleet.push().output().fails_naming(30, "beta");
    let beta = pushed(&fleet, "beta");
    assert!(beta.error.as_deref().is_some_and(|error| error.contains("No space left")), "{beta:?}");
    for name in ["alpha", "gamma"] {
        assert_eq!(pushed(&fleet, name).state, "staged");
    }
    no_receiver_is_left(&fleet);
    tmpfs.remount("size=64m");
    fs::create_dir_all(deploy_to.join("shared/sites/default/files")).expect("shared");
    fleet.host("beta").write_settings(&["site_name"]);
    fleet.push().output().ok();
    all_have_it(&fleet);
    drop(fleet);
    drop(tmpfs);
}

#[test]
fn clocks_that_are_set_in_the_middle_of_it_change_nothing() {
    needs_peers!();
    let Some(other) = OtherClock::find(module_path!()) else { return };
    let Some(fleet) = apart(module_path!(), &["alpha", "beta", "gamma"]) else { return };
    // One clock for this machine and beta; the others keep the right time.
    let clock = fleet.scratch().join("clock");
    set_clock(&clock, "+0");
    let environment = other.off_as_told_by(&clock);
    let wrapper = fleet.scratch().join("swap-release");
    let assignments: String =
        environment.iter().map(|(name, value)| format!("export {name}='{value}'\n")).collect();
    let real = e2e::bin("swap-release");
    fs::write(&wrapper, format!("#!/bin/sh\n{assignments}exec {} \"$@\"\n", real.display())).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    fleet.edit_inventory(
        "[hosts.beta]\n",
        &format!("[hosts.beta]\nswap_release = \"{}\"\n", wrapper.display()),
    );

    let mut push = environment.iter().fold(fleet.push(), |push, (name, value)| push.env(name, value)).start();
    wait_for_bytes(&fleet, &mut push, "beta", 1_000_000);
    set_clock(&clock, "+400d");
    wait_for_bytes(&fleet, &mut push, "beta", 1_000_000);
    set_clock(&clock, "-400d");
    push.wait().ok();
    all_have_it(&fleet);
    no_receiver_is_left(&fleet);
    let seconds = pushed(&fleet, "beta").seconds;
    let staged = fs::read_to_string(fleet.host("beta").deploy_to().join(".swap/history.jsonl")).unwrap();
    let month = Command::new("date").args(["-u", "-d", "-400 days", "+%Y-%m"]).output().unwrap().stdout;
    assert!(staged.contains(String::from_utf8_lossy(&month).trim()), "its clock was set: {staged}");
    let download = seconds.download.unwrap_or_default();
    assert!((1.0..60.0).contains(&download), "what passed was measured: {download} s");
}

fn set_clock(clock: &Path, offset: &str) {
    let new = clock.with_extension("new");
    fs::write(&new, offset).unwrap();
    fs::rename(&new, clock).unwrap();
}
