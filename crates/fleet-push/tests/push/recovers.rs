//! What breaks in the middle of a push and is put right by the same push.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use e2e::records::{self, Push, PushedHost, Record};
use e2e::{Fleet, FleetOptions, bin, eventually};

use crate::needs_peers;

fn two() -> Fleet {
    let fleet =
        Fleet::start(&FleetOptions { hosts: vec!["alpha", "beta"], web: false, ..FleetOptions::default() });
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet
}

fn pushed(fleet: &Fleet, name: &str) -> PushedHost {
    let record: Record<Push> = records::read(&fleet.records(), "push.json");
    record.details.hosts.into_iter().find(|host| host.name == name).unwrap()
}

/// Every client at 16 KiB/s: slow enough to be met in the middle of 280 kB.
fn slow(fleet: &Fleet, rate: u32) {
    for host in &fleet.hosts {
        host.rtorrent.throttle(rate, rate);
    }
    fleet.seeder.throttle(rate, rate);
}

/// Waits until beta has some of the payload but not all of it.
fn in_the_middle(fleet: &Fleet) {
    eventually("beta to be in the middle of its download", Duration::from_secs(30), || {
        let downloads = fleet.host("beta").rtorrent.downloads();
        downloads.iter().any(|(_, bytes, complete)| *bytes > 0 && !complete).then_some(())
    });
}

#[test]
fn an_rtorrent_that_restarts_is_told_its_peers_again() {
    needs_peers!();
    let mut fleet = two();
    slow(&fleet, 16);
    let push = fleet.push().start();
    in_the_middle(&fleet);
    fleet.host_mut("beta").rtorrent.stop();
    fleet.host_mut("beta").rtorrent.resume();
    slow(&fleet, 0);
    push.wait().ok();
    assert_eq!(fleet.host("beta").releases(), ["r1"]);
}

#[test]
fn a_connection_that_is_cut_is_made_again() {
    needs_peers!();
    let mut fleet = two();
    slow(&fleet, 16);
    let push = fleet.push().start();
    in_the_middle(&fleet);
    fleet.host_mut("beta").stop_sshd();
    fleet.host_mut("beta").start_sshd();
    eventually("the loss to be noticed", Duration::from_secs(20), || {
        push.stderr_so_far().contains("beta lost, trying again").then_some(())
    });
    slow(&fleet, 0);
    push.wait().ok();
    assert_eq!(pushed(&fleet, "beta").state, "staged");
}

#[test]
fn a_payload_that_is_gone_from_disk_is_fetched_again() {
    needs_peers!();
    let fleet = two();
    // The first push gets as far as staging, which fails for a reason of the host's own.
    let beta = fleet.host("beta");
    let wrapper = beta.dir.join("swap-release");
    // Nor is its rtorrent to do it by itself.
    let script = format!(
        "#!/bin/sh\ncase $1 in stage) echo 'error: no space' >&2; exit 11 ;; want) exit 0 ;; esac\nexec {} \"$@\"\n",
        bin("swap-release").display()
    );
    fs::write(&wrapper, script).unwrap();
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).unwrap();
    let line = format!("[hosts.beta]\nswap_release = \"{}\"\n", wrapper.display());
    fleet.edit_inventory("[hosts.beta]\n", &line);
    fleet.push().output().fails_naming(30, "beta");
    assert!(pushed(&fleet, "beta").error.unwrap().contains("no space"));

    for entry in fs::read_dir(beta.deploy_to().join("incoming")).unwrap().flatten() {
        fs::remove_file(entry.path()).unwrap();
    }
    fleet.edit_inventory(&line, "[hosts.beta]\n");
    let output = fleet.push().output().ok();
    assert!(output.stderr.contains("checked and fetched again"), "{}", output.stderr);
    assert_eq!(beta.releases(), ["r1"]);
}

#[test]
fn without_a_seeder_it_says_that_nothing_comes() {
    needs_peers!();
    let mut fleet = two();
    fleet.seeder.stop();
    let output = fleet.push().args(["--stall-timeout", "4s"]).output().fails_naming(31, "alpha");
    let size = { records::read::<Push>(&fleet.records(), "push.json").release.payload.bytes };
    for name in ["alpha", "beta"] {
        let error = pushed(&fleet, name).error.unwrap();
        assert!(error.starts_with(&format!("stalled at 0 of {size} bytes, ")), "{error}");
    }
    assert!(output.took < Duration::from_secs(30), "{:?}", output.took);
    fleet.seeder.resume();
    fleet.push().output().ok();
}
