//! Visitors all the time, while releases go back and forth: no request fails, and none sees two releases at once. The
//! front page says 500 when one of its parts is of another release than it is.

use std::fs;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use e2e::web::Web;
use e2e::{Run, Scratch, bin, eventually, net, site};

use crate::needs_peers;

const REQUESTS: usize = 50_000;
const SWITCHES: usize = 30;
const VISITORS: usize = 4;

/// Half of the load with opcache looking at files, half with opcache that never does.
#[test]
fn no_request_of_many_fails_or_sees_two_releases() {
    needs_peers!();
    let mut releases = [0, 0];
    for validate in [1, 0] {
        let seen = run(validate, REQUESTS / 2, SWITCHES / 2);
        for (sum, seen) in releases.iter_mut().zip(seen) {
            assert!(seen > REQUESTS / 50, "both releases were served: {seen}");
            *sum += seen;
        }
    }
    assert!(releases.iter().sum::<usize>() >= REQUESTS, "{releases:?}");
}

/// Gives how many requests each release answered.
fn run(validate: u8, requests: usize, switches: usize) -> [usize; 2] {
    let scratch = Scratch::new();
    let deploy_to = scratch.dir("site");
    let network = net::Network::pick(1);
    let address = network.addresses[0].to_string();
    let shared = scratch.dir("site/shared/sites/default");
    fs::write(shared.join("settings.php"), "<?php $settings['site_name'] = 'x';").unwrap();
    let swap = |verb: &str| {
        Run::new(bin("swap-release"), scratch.path()).args([verb, "--deploy-to"]).arg(&deploy_to)
    };
    for number in [1, 2] {
        let (name, records) = (format!("site{number}"), format!("records{number}"));
        site::write(&scratch.path().join(&name), site::Shape::Small, number);
        Run::new(bin("mkt-pack"), scratch.path())
            .args([&name, "--release-id", &format!("r{number}"), "--records", &records])
            .output()
            .ok();
        let records = scratch.path().join(records);
        let payload = fs::read_dir(&records).unwrap().map(|entry| entry.unwrap().path());
        let payload = payload.into_iter().find(|path| path.to_string_lossy().ends_with(".tar.zst")).unwrap();
        swap("stage")
            .arg("--payload")
            .arg(payload)
            .arg("--record")
            .arg(records.join("pack.json"))
            .args(["--shared", "sites/default/files/", "--shared", "sites/default/settings.php"])
            .output()
            .ok();
    }
    swap("activate").arg("r1").output().ok();
    let php = format!("php_admin_value[opcache.validate_timestamps] = {validate}\n");
    let _web = Web::start_with("load", scratch.path(), &address, network.http, &deploy_to, &php);

    let url = format!("http://{address}:{}/", network.http);
    let (asked, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let counts = [AtomicUsize::new(0), AtomicUsize::new(0)];
    let visit = || {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(20)))
            .proxy(None)
            .build();
        let agent = ureq::Agent::new_with_config(config);
        while !stop.load(Ordering::Relaxed) && asked.fetch_add(1, Ordering::Relaxed) < requests {
            let mut answer = agent.get(&url).call().unwrap_or_else(|e| panic!("a request failed: {e}"));
            let status = answer.status().as_u16();
            let page = answer.body_mut().read_to_string().unwrap();
            let number = match (status, page.contains("version: 1\n"), page.contains("version: 2\n")) {
                (200, true, false) if page.contains("release: r1\n") => 0,
                (200, false, true) if page.contains("release: r2\n") => 1,
                _ => {
                    stop.store(true, Ordering::Relaxed);
                    panic!("status {status}: {page}");
                }
            };
            counts[number].fetch_add(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..VISITORS {
            scope.spawn(visit);
        }
        for switch in 0..switches {
            let due = requests * (switch + 1) / (switches + 1);
            eventually("the next switch to be due", Duration::from_secs(120), || {
                (asked.load(Ordering::Relaxed) >= due || stop.load(Ordering::Relaxed)).then_some(())
            });
            let (verb, id) = if switch % 2 == 0 { ("activate", "r2") } else { ("rollback", "r1") };
            swap(verb).arg(id).output().ok();
        }
    });
    counts.map(AtomicUsize::into_inner)
}
