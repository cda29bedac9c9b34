//! A push is ended while a server unpacks: `swap-release` there does not go on for nobody.

use std::fs;
use std::time::{Duration, Instant};

use e2e::{Fleet, FleetOptions, Host, eventually};
use rustix::process::{Pid, Signal, kill_process};

use crate::needs_peers;
use crate::support::{assert_delivered, push_record};

/// The process of `swap-release stage` on this server, not the shell around it.
fn staging(host: &Host) -> Option<Pid> {
    let wanted = ["stage".to_owned(), "--deploy-to".to_owned(), host.deploy_to().to_string_lossy().into()];
    let found = |process: fs::DirEntry| {
        let line = fs::read(process.path().join("cmdline")).ok()?;
        let words: Vec<String> =
            line.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        let pid = process.file_name().to_str()?.parse().ok()?;
        (words.get(1..4) == Some(&wanted[..])).then_some(Pid::from_raw(pid)?)
    };
    fs::read_dir("/proc").unwrap().flatten().find_map(found)
}

#[test]
fn a_staging_that_nobody_waits_for_any_more_ends() {
    needs_peers!();
    let mut fleet =
        Fleet::start(&FleetOptions { hosts: vec!["alpha", "beta"], web: false, ..FleetOptions::default() });
    let site = fleet.site(1);
    fs::create_dir(site.join("many")).unwrap();
    for number in 0..4000 {
        fs::write(site.join(format!("many/{number}")), format!("{number}").repeat(200)).unwrap();
    }
    fleet.pack(&site, "r1").output().ok();
    fleet.publish().output().ok();
    // Without its events nobody but the push stages on beta.
    let beta = fleet.host_mut("beta");
    beta.rtorrent.forget_events();

    let mut push = fleet.push().start();
    let began = Instant::now();
    let pid = loop {
        if let Some(pid) = staging(fleet.host("beta")) {
            break pid;
        }
        assert!(push.is_running() && began.elapsed() < Duration::from_secs(60), "{}", push.stderr_so_far());
    };
    // Held there, so that it is met in the middle whatever the machine.
    kill_process(pid, Signal::STOP).unwrap();
    let asked = Instant::now();
    push.terminate();
    let output = push.wait().exits(143);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}: {}", asked.elapsed(), output.stderr);
    assert!(push_record(&fleet).aborted);
    kill_process(pid, Signal::CONT).unwrap();
    eventually("the staging to end", Duration::from_secs(3), || {
        staging(fleet.host("beta")).is_none().then_some(())
    });
    assert_eq!(fleet.host("beta").releases(), Vec::<String>::new(), "it went on to its end");

    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &site);
}
