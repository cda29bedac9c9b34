//! A push is ended by SIGTERM, or by SIGINT, at any moment: at once, with the truth in the record, and with nothing left
//! running on a server; the next push goes on.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use e2e::{Fleet, FleetOptions, Host, eventually};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record};

const HOSTS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Moments after the start, in milliseconds, and a little more that is another one each time.
const MOMENTS: [u64; 8] = [0, 40, 120, 250, 400, 700, 1200, 2200];

/// Processes of `swap-release` and of the shells around it that work for this server, but for those that an event of its
/// rtorrent has started.
fn left_running(host: &Host) -> Vec<String> {
    let (site, dir) = (host.deploy_to(), host.dir.join("rt"));
    let (site, dir) = (site.to_string_lossy(), dir.to_string_lossy());
    let line = |process: fs::DirEntry| {
        let words = fs::read(process.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&words).replace('\0', " ");
        let ours = line.contains(&*site) || line.contains(&*dir);
        let daemon = ["rtorrent ", "sshd", "setpriv", " finished "].iter().any(|word| line.contains(word));
        (ours && !daemon).then_some(line)
    };
    fs::read_dir("/proc").unwrap().flatten().filter_map(line).collect()
}

/// Begins a push and ends it after `moment`; expects what must hold whenever that was. Gives how many processes ran on
/// the servers then.
fn abort(fleet: &Fleet, moment: u64, interrupt: bool, id: &str) -> usize {
    let record = fleet.records().join("push.json");
    let _none_yet = fs::remove_file(&record);
    let moment = moment + u64::from(std::process::id()) * 7 % 60;
    let mut push = fleet.push().start();
    thread::sleep(Duration::from_millis(moment));
    let ran = fleet.hosts.iter().map(|host| left_running(host).len()).sum();
    let ended = !push.is_running();
    let asked = Instant::now();
    if interrupt {
        push.interrupt();
    } else {
        push.terminate();
    }
    let output = push.wait();
    let when = format!("after {moment} ms, {}: {}", if interrupt { "INT" } else { "TERM" }, output.stderr);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?} {when}", asked.elapsed());
    // Before it has begun to listen a signal ends it as it ends any program.
    let early = output.signal.is_some() && moment < 100;
    let done = output.code == Some(0);
    assert!(early || done || output.code == Some(143), "{:?} {when}", output.code);
    assert!(!ended || done, "it ended by itself {when}");
    if record.exists() {
        let record = push_record(fleet);
        assert_eq!(record.aborted, !done, "{when}");
        let names: Vec<&str> = record.details.hosts.iter().map(|host| host.name.as_str()).collect();
        assert_eq!(names, HOSTS, "every host is accounted for {when}");
        for host in record.details.hosts.iter().filter(|host| host.state == "staged") {
            let releases = fleet.host(&host.name).releases();
            assert!(releases.contains(&id.to_owned()), "{} has {releases:?} {when}", host.name);
        }
    } else {
        let begun = HOSTS.iter().any(|name| output.stderr.contains(name));
        assert!(!done && !begun, "no record of what was begun {when}");
    }
    for host in &fleet.hosts {
        eventually(&format!("nothing to run on {} {when}", host.name), Duration::from_secs(3), || {
            left_running(host).is_empty().then_some(())
        });
    }
    ran
}

fn at_every_moment(fleet: &Fleet, slow: impl Fn(bool)) -> usize {
    fleet.pack(&fleet.site(1), "r1").output().ok();
    fleet.publish().output().ok();
    slow(true);
    let mut ran = 0;
    for (number, moment) in MOMENTS.into_iter().enumerate() {
        ran += abort(fleet, moment, number % 2 == 1, "r1");
    }
    slow(false);
    fleet.push().output().ok();
    assert_delivered(fleet, "r1", &fleet.site(1));
    // Also while it unpacks and proves: without a brake that is within the first second.
    for (number, moment) in [(2, 350), (3, 600), (4, 900)] {
        let id = format!("r{number}");
        fleet.pack(&fleet.site(number), &id).output().ok();
        fleet.publish().output().ok();
        abort(fleet, moment, number % 2 == 1, &id);
        fleet.push().output().ok();
        assert!(!push_record(fleet).aborted);
        assert_delivered(fleet, &id, &fleet.site(number));
    }
    ran
}

#[test]
fn a_push_to_rtorrents_can_be_ended_at_any_moment_by_either_signal() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions { web: false, ..FleetOptions::default() });
    at_every_moment(&fleet, |slow| {
        let rate = if slow { 8 } else { 0 };
        fleet.hosts.iter().for_each(|host| host.rtorrent.throttle(rate, rate));
        fleet.seeder.throttle(rate, rate);
    });
}

#[test]
fn a_push_to_embedded_peers_can_be_ended_at_any_moment_by_either_signal() {
    needs_peers!();
    let fleet = Fleet::start(&FleetOptions::embedded(HOSTS.to_vec()));
    let (fast, slow) = ("[tracker]\n", "[seeder]\nmax_upload = \"20 kB/s\"\n\n[tracker]\n");
    let ran = at_every_moment(&fleet, |is_slow| {
        let (from, to) = if is_slow { (fast, slow) } else { (slow, fast) };
        fleet.edit_inventory(from, to);
    });
    assert!(ran > 0, "there was nothing to end");
}
