//! What happens to rtorrents in the middle of a push, and to the machines below them: every honest host ends staged, or
//! failed with its name and its reason, and no bad one delays the others.

use std::fs;
use std::time::Duration;

use e2e::mount::Tmpfs;
use e2e::{Fleet, FleetOptions, Running, eventually, peers};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record, pushed};

/// Servers with rtorrent, release r1 packed and published.
fn fleet(hosts: &[&'static str]) -> Fleet {
    let fleet = Fleet::start(&FleetOptions { hosts: hosts.to_vec(), web: false, ..FleetOptions::default() });
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    fleet
}

/// What each client may take and give, in KiB/s: slow enough to be met in the middle of 280 kB.
fn throttle(fleet: &Fleet, rate: u32) {
    fleet.hosts.iter().for_each(|host| host.rtorrent.throttle(rate, rate));
    fleet.seeder.throttle(rate, rate);
}

/// Waits until `name` has some of the payload but not all of it.
fn in_the_middle(fleet: &Fleet, push: &mut Running, name: &str) {
    eventually("the middle of a download", Duration::from_secs(40), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        let downloads = fleet.host(name).rtorrent.downloads();
        downloads.iter().any(|(_, bytes, complete)| *bytes > 0 && !complete).then_some(())
    });
}

#[test]
fn the_seeder_may_leave_when_that_is_said_and_the_rest_get_it_from_each_other() {
    needs_peers!();
    let mut fleet = fleet(&["alpha", "beta", "gamma"]);
    fleet.host("gamma").rtorrent.throttle(16, 16);
    let mut push = fleet.push().start();
    eventually("the word", Duration::from_secs(60), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        push.stderr_so_far().contains("the swarm has 2 complete copies; the seeder may leave").then_some(())
    });
    fleet.seeder.stop();
    let (_, bytes, complete) = fleet.host("gamma").rtorrent.downloads().remove(0);
    assert!(!complete, "gamma had it all already: {bytes} bytes");
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let record = push_record(&fleet);
    let spared = record.details.seeder_may_leave.unwrap();
    let gamma = pushed(&fleet, "gamma").seconds;
    assert!(spared.copies == 2 && spared.seconds < gamma.download.unwrap() + 5.0, "{spared:?} {gamma:?}");
}

#[test]
fn a_host_that_goes_down_in_mid_download_is_named_and_delays_nobody() {
    needs_peers!();
    let mut fleet = fleet(&["alpha", "beta", "gamma"]);
    throttle(&fleet, 16);
    let mut push = fleet.push().args(["--stall-timeout", "20s"]).start();
    in_the_middle(&fleet, &mut push, "beta");
    let beta = fleet.host_mut("beta");
    beta.rtorrent.stop();
    beta.stop_sshd();
    for server in [&fleet.seeder, &fleet.host("alpha").rtorrent, &fleet.host("gamma").rtorrent] {
        server.throttle(0, 0);
    }
    push.wait().fails_naming(30, "beta");
    let beta = pushed(&fleet, "beta");
    assert!(beta.state == "failed" && beta.error.is_some(), "{beta:?}");
    for name in ["alpha", "gamma"] {
        let host = pushed(&fleet, name);
        assert_eq!(host.state, "staged");
        let download = host.seconds.download.unwrap();
        assert!(download < 60.0, "{name} was held up: {download} s");
    }
    // It comes back, and the next push goes on where it was.
    let beta = fleet.host_mut("beta");
    beta.start_sshd();
    beta.rtorrent.resume();
    beta.rtorrent.throttle(0, 0);
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    let hosts = push_record(&fleet).details.hosts;
    assert_eq!(hosts.iter().map(|host| host.already).collect::<Vec<_>>(), [true, false, true]);
}

#[test]
fn a_download_that_gets_nowhere_takes_no_place_from_hosts_not_begun() {
    needs_peers!();
    let fleet = fleet(&["alpha", "beta"]);
    fleet.host("alpha").rtorrent.throttle(1, 1);
    let mut push = fleet.push().args(["--parallel", "1"]).start();
    eventually("beta to be staged", Duration::from_secs(60), || {
        assert!(push.is_running(), "ended early: {}", push.stderr_so_far());
        fleet.host("beta").releases().contains(&"r1".to_owned()).then_some(())
    });
    let (_, bytes, complete) = fleet.host("alpha").rtorrent.downloads().remove(0);
    assert!(!complete, "alpha had it all already: {bytes} bytes");
    fleet.host("alpha").rtorrent.throttle(0, 0);
    push.wait().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn a_watch_directory_that_is_missing_is_named_with_a_remedy_and_the_others_are_done() {
    needs_peers!();
    let fleet = fleet(&["alpha", "beta"]);
    let watch = fleet.host("beta").rtorrent.watch();
    let missing = watch.with_extension("missing");
    fleet.edit_inventory(&watch.display().to_string(), &missing.display().to_string());
    let output = fleet.push().output().fails_naming(30, "beta");
    let error = pushed(&fleet, "beta").error.unwrap();
    let expected =
        format!("the watch directory `{}` cannot be used: there is no such directory", missing.display());
    assert!(error.starts_with(&expected), "{error}");
    assert!(output.stderr.contains("beta remedy: make the directory"), "{}", output.stderr);
    assert_eq!(pushed(&fleet, "alpha").state, "staged");
    assert!(!missing.exists(), "a directory that nobody watches is not made");
    assert!(output.took < Duration::from_secs(30), "{:?}", output.took);
    fleet.edit_inventory(&missing.display().to_string(), &watch.display().to_string());
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
}

#[test]
fn a_disk_that_is_full_for_the_download_is_the_fault_of_one_host() {
    needs_peers!();
    if !peers::skip_unless(module_path!(), peers::is_root(), "mounting a small file system needs root") {
        return;
    }
    let mut fleet = fleet(&["alpha", "beta", "gamma"]);
    let deploy_to = fleet.host("beta").deploy_to();
    fleet.host_mut("beta").rtorrent.stop();
    let tmpfs = match Tmpfs::mount(&deploy_to, "size=200k") {
        Ok(tmpfs) => tmpfs,
        Err(why) => {
            assert!(!peers::skip_unless(module_path!(), false, &why));
            return;
        }
    };
    for name in ["shared/sites/default/files", "incoming"] {
        fs::create_dir_all(deploy_to.join(name)).unwrap();
    }
    fleet.host("beta").write_settings(&["site_name"]);
    fleet.host_mut("beta").rtorrent.resume();
    let output = fleet.push().output().fails_naming(30, "beta");
    let beta = pushed(&fleet, "beta");
    assert_eq!(beta.error.unwrap(), "rtorrent does not go on: Low diskspace.");
    assert!(output.stderr.contains("beta remedy: make room there"), "{}", output.stderr);
    for name in ["alpha", "gamma"] {
        assert_eq!(pushed(&fleet, name).state, "staged");
    }
    tmpfs.remount("size=64m");
    fleet.host_mut("beta").rtorrent.stop();
    fleet.host_mut("beta").rtorrent.resume();
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    drop(fleet);
    drop(tmpfs);
}
