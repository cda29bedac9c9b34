//! Foreign clients: each downloads from us and uploads to us.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use e2e::daemon::Daemon;
use e2e::rtorrent::Rtorrent;
use e2e::{eventually, peers};

use crate::fixture::{LONG, Site, completed};

/// Lets the client on host 1, which starts with nothing, download from us, and then another of ours from it.
fn both_ways<T>(client: &str, start: impl FnOnce(&Site, &Path) -> T) {
    let site = Site::new(3_000_000);
    let incoming = site.scratch.dir("incoming");
    let running = start(&site, &incoming);
    let seeder = site.seeder();
    seeder.introduce(&[site.address(1)]);
    let copy = incoming.join("payload.bin");
    eventually(&format!("{client} to have it all"), LONG, || {
        fs::read(&copy).ok().filter(|found| *found == site.content).map(drop)
    });
    assert!(seeder.stop().status.uploaded >= 3_000_000);
    let host = site.leecher(2);
    host.introduce(&[site.address(1)]);
    completed(&host);
    site.assert_copy(&site.place(2));
    let status = host.stop().status;
    assert_eq!((status.wasted, status.banned.len(), status.sources[0].downloaded), (0, 0, 3_000_000));
    drop(running);
}

#[test]
fn rtorrent_takes_and_gives() {
    if !peers::ready("foreign::rtorrent") {
        return;
    }
    both_ways("rtorrent", |site, incoming| {
        let address = site.address(1);
        let state = site.scratch.dir("rtorrent");
        let rtorrent =
            Rtorrent::start("host1", &state, &address.ip().to_string(), address.port(), incoming, "1M");
        rtorrent.call("load.start_verbose", &["", &site.torrent_file().to_string_lossy()]).unwrap();
        rtorrent
    });
}

#[test]
fn transmission_takes_and_gives() {
    let program = peers::find("transmission-daemon");
    if !peers::skip_unless("foreign::transmission", program.is_some(), "not installed: transmission-daemon") {
        return;
    }
    both_ways("transmission", |site, incoming| {
        let (config, watch) = (site.scratch.dir("transmission"), site.scratch.dir("watch"));
        let address = site.address(1);
        let settings = format!(
            r#"{{"bind-address-ipv4": "{}", "peer-port": {}, "download-dir": {incoming:?}, "watch-dir": {watch:?},
                "watch-dir-enabled": true, "incomplete-dir-enabled": false, "rpc-enabled": false, "dht-enabled": false,
                "lpd-enabled": false, "pex-enabled": false, "utp-enabled": false, "port-forwarding-enabled": false}}"#,
            address.ip(),
            address.port(),
        );
        fs::write(config.join("settings.json"), settings).unwrap();
        fs::copy(site.torrent_file(), watch.join("payload.torrent")).unwrap();
        let mut command = Command::new(program.unwrap());
        command.arg("--foreground").arg("--config-dir").arg(&config);
        Daemon::start("transmission", &command, &config.join("log"))
    });
}

/// Downloads into a directory until it is ended.
const LIBTORRENT: &str = r#"
import sys, time
import libtorrent
torrent, directory, address = sys.argv[1:]
session = libtorrent.session({"listen_interfaces": address, "enable_dht": False, "enable_lsd": False,
    "enable_upnp": False, "enable_natpmp": False, "alert_mask": 0})
session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": directory})
time.sleep(600)
"#;

#[test]
fn libtorrent_takes_and_gives() {
    let python = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/peers-python/bin/python");
    if !peers::skip_unless("foreign::libtorrent", python.exists(), "scripts/test installs libtorrent") {
        return;
    }
    both_ways("libtorrent", |site, incoming| {
        let mut command = Command::new(python);
        command
            .arg("-c")
            .arg(LIBTORRENT)
            .arg(site.torrent_file())
            .arg(incoming)
            .arg(site.address(1).to_string());
        Daemon::start("libtorrent", &command, &site.scratch.path().join("libtorrent.log"))
    });
}
