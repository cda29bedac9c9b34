//! rtorrent's own events stage what is wanted, also when the push that wanted it is gone, and do no harm when they come early, twice, for nothing, or years late.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use e2e::records::{self, Pack, Record};
use e2e::{Fleet, Host, Run, eventually};
use serde_json::Value;

use crate::needs_peers;

fn swap(fleet: &Fleet, host: &Host, verb: &str) -> Run {
    fleet.run("swap-release").args([verb, "--deploy-to"]).arg(host.deploy_to())
}

fn want(fleet: &Fleet, host: &Host) {
    let record = fleet.records().join("pack.json");
    swap(fleet, host, "want")
        .args(["--shared", "sites/default/settings.php"])
        .arg("--record")
        .arg(record)
        .output()
        .ok();
}

fn pack(fleet: &Fleet, number: u32) -> (Record<Pack>, PathBuf, PathBuf) {
    fleet.pack(&fleet.site(number), &format!("r{number}")).output().ok();
    fleet.publish().output().ok();
    let pack: Record<Pack> = records::read(&fleet.records(), "pack.json");
    let payload = fleet.records().join(&pack.release.payload.file);
    let torrent = fleet.records().join(&pack.release.torrent.file);
    (pack, payload, torrent)
}

/// Whether the release is there and the event that staged it has ended: until then it holds the lock.
fn staged(fleet: &Fleet, host: &Host, id: &str) -> Option<()> {
    if !host.releases().contains(&id.to_owned()) {
        return None;
    }
    let status: Value =
        serde_json::from_str(&swap(fleet, host, "status").arg("--json").output().ok().stdout).ok()?;
    status["busy"].is_null().then_some(())
}

#[test]
fn both_events_stage_what_is_wanted_and_a_restart_rolls_nothing_back() {
    needs_peers!();
    let mut fleet = Fleet::three();
    let (pack1, payload, torrent) = pack(&fleet, 1);
    let infohash = pack1.release.infohash.clone();
    for host in &fleet.hosts[..2] {
        want(&fleet, host);
    }
    // alpha downloads it from the seeder: `finished`. beta has the data already: `hash_done`. gamma wants nothing.
    let toml = fs::read_to_string(fleet.toml()).unwrap();
    let seeder =
        toml.lines().find_map(|line| line.strip_prefix("peer = ")).unwrap().trim_matches('"').to_owned();
    for name in ["beta", "gamma"] {
        let incoming = fleet.host(name).deploy_to().join("incoming");
        fs::copy(&payload, incoming.join(payload.file_name().unwrap())).unwrap();
    }
    for host in &fleet.hosts {
        host.rtorrent.load(&torrent);
    }
    let alpha = &fleet.host("alpha").rtorrent;
    eventually("alpha to take a peer", Duration::from_secs(20), || {
        alpha.call("add_peer", &[&infohash.to_uppercase(), &seeder]).ok()
    });
    for name in ["alpha", "beta"] {
        eventually(name, Duration::from_secs(30), || staged(&fleet, fleet.host(name), "r1"));
        swap(&fleet, fleet.host(name), "verify").arg("r1").output().ok();
        swap(&fleet, fleet.host(name), "activate").arg("r1").output().ok();
    }
    eventually("gamma's rtorrent to be done", Duration::from_secs(20), || {
        fleet.host("gamma").rtorrent.downloads().iter().any(|(_, _, complete)| *complete).then_some(())
    });

    // A newer release is live; at a restart every torrent says again that it is complete, wanted once more or not.
    let (_, payload2, torrent2) = pack(&fleet, 2);
    let beta = fleet.host("beta");
    want(&fleet, beta);
    fs::copy(&payload2, beta.deploy_to().join("incoming").join(payload2.file_name().unwrap())).unwrap();
    beta.rtorrent.load(&torrent2);
    eventually("r2 on beta", Duration::from_secs(30), || staged(&fleet, fleet.host("beta"), "r2"));
    swap(&fleet, fleet.host("beta"), "activate").arg("r2").output().ok();
    let beta = fleet.host_mut("beta");
    beta.rtorrent.stop();
    beta.rtorrent.resume();
    eventually("both torrents to be complete again", Duration::from_secs(20), || {
        let downloads = fleet.host("beta").rtorrent.downloads();
        (downloads.len() == 2 && downloads.iter().all(|(_, _, complete)| *complete)).then_some(())
    });
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(fleet.host("beta").current().as_deref(), Some("r2"));
    assert_eq!(fleet.host("beta").http_get("/").field("release"), Some("r2"));
    assert_eq!(fleet.host("gamma").releases(), Vec::<String>::new(), "what nobody wants is not staged");
}

#[test]
fn an_event_that_is_early_doubled_or_nonsense_does_no_harm() {
    needs_peers!();
    let fleet =
        Fleet::start(&e2e::FleetOptions { hosts: vec!["alpha"], web: false, ..e2e::FleetOptions::default() });
    let host = fleet.host("alpha");
    let (pack, payload, _) = pack(&fleet, 1);
    let infohash = pack.release.infohash.as_str();
    let place = host.deploy_to().join("incoming/payload");
    let event = || swap(&fleet, host, "finished").arg(infohash).arg(&place);
    event().output().ok().says("not wanted");
    swap(&fleet, host, "finished").args(["../../etc", "/"]).output().exits(2);

    want(&fleet, host);
    // Early: half of the data, and not a link to somewhere else either.
    let bytes = fs::read(&payload).unwrap();
    fs::write(&place, &bytes[..bytes.len() / 2]).unwrap();
    event().output().exits(12);
    assert_eq!(host.releases(), Vec::<String>::new());
    fs::remove_file(&place).unwrap();
    std::os::unix::fs::symlink(&payload, &place).unwrap();
    assert_ne!(event().output().code, Some(0));
    fs::remove_file(&place).unwrap();
    fs::write(&place, &bytes).unwrap();

    // Four at once: one stages, the others wait and find it here.
    let running: Vec<_> = (0..4).map(|_| event().start()).collect();
    let said: Vec<String> = running.into_iter().map(|run| run.wait().ok().stderr).collect();
    assert_eq!(said.iter().filter(|text| text.contains("is staged")).count(), 1, "{said:?}");
    assert_eq!(host.releases(), ["r1"]);
    event().output().ok();

    // As another user would have it: written down by one, worked off by the other.
    let spool = fleet.scratch().join("spool");
    fs::create_dir(&spool).unwrap();
    let drop = fleet.run("swap-release").args(["finished", "--spool"]).arg(&spool).arg(infohash).arg(&place);
    drop.output().ok();
    fs::write(spool.join("nonsense"), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", spool.join("link")).unwrap();
    fs::remove_dir_all(host.release_dir("r1")).unwrap();
    fs::remove_dir_all(host.deploy_to().join(".swap/releases/r1")).unwrap();
    want(&fleet, host);
    swap(&fleet, host, "finished").arg("--spool").arg(&spool).output().ok().says("`r1` is staged");
    assert_eq!(fs::read_dir(&spool).unwrap().count(), 0);
}

#[test]
fn hosts_whose_push_was_killed_finish_on_their_own() {
    needs_peers!();
    for layout in ["archive", "tree"] {
        let fleet =
            Fleet::start(&e2e::FleetOptions { hosts: vec!["alpha", "beta"], ..e2e::FleetOptions::default() });
        let site = fleet.site(1);
        fleet.pack(&site, "r1").args(["--layout", layout]).output().ok();
        let publish = fleet.publish();
        if layout == "tree" { publish.arg("--payload").arg(site) } else { publish }.output().ok();
        let throttle = |rate| {
            fleet.hosts.iter().for_each(|host| host.rtorrent.throttle(rate, rate));
            fleet.seeder.throttle(rate, rate);
        };
        throttle(16);
        let push = fleet.push().start();
        eventually("both downloads to be under way", Duration::from_secs(30), || {
            let under_way = |host: &Host| {
                host.rtorrent.downloads().iter().any(|(_, bytes, complete)| *bytes > 0 && !complete)
            };
            fleet.hosts.iter().all(under_way).then_some(())
        });
        push.kill9();
        assert_eq!(push.wait().signal, Some(9));
        throttle(0);
        for host in &fleet.hosts {
            eventually(layout, Duration::from_secs(60), || staged(&fleet, host, "r1"));
            swap(&fleet, host, "verify").arg("r1").output().ok();
            assert_eq!(host.current(), None, "nothing is switched");
        }
        // Nothing is left to do; the record of a push is what a swap wants to see.
        fleet.push().output().ok().says("beta has the release already");
        fleet.swap("activate").output().ok();
        fleet.assert_live("r1");
    }
}
