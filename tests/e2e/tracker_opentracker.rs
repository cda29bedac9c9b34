//! Three servers find the seeder and each other through a real opentracker alone: the torrent is private, so nobody is
//! introduced and no peer is exchanged.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use e2e::daemon::Daemon;
use e2e::{Fleet, FleetOptions, eventually, peers};

use crate::needs_peers;
use crate::support::{assert_delivered, pushed};

/// opentracker with a whitelist in the agent's directory.
struct Opentracker {
    _daemon: Daemon,
    url: String,
}

impl Opentracker {
    fn start(fleet: &Fleet) -> Self {
        let dir = fleet.scratch().join("tracker");
        fs::create_dir(&dir).unwrap();
        let whitelist = dir.join("whitelist.txt");
        fs::write(&whitelist, "# of the test\n").unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        // As root it changes its root directory, and sees the file from there.
        let seen: PathBuf = if peers::is_root() { "/whitelist.txt".into() } else { whitelist };
        let config = format!(
            "listen.tcp 127.0.0.1:{port}\naccess.whitelist {}\ntracker.rootdir {}\ntracker.user nobody\n",
            seen.display(),
            dir.display()
        );
        fs::write(dir.join("opentracker.conf"), config).unwrap();
        let mut command = Command::new(peers::need("opentracker"));
        command.arg("-f").arg(dir.join("opentracker.conf"));
        let mut daemon = Daemon::start("opentracker", &command, &dir.join("log"));
        eventually("opentracker to listen", Duration::from_secs(5), || {
            daemon.assert_running();
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        fs::write(dir.join("pid"), daemon.id().to_string()).unwrap();
        Self { _daemon: daemon, url: format!("http://127.0.0.1:{port}/announce") }
    }
}

#[test]
fn rule_25_three_servers_find_each_other_through_opentracker_alone() {
    needs_peers!();
    if !peers::skip_unless(
        "tracker_opentracker",
        peers::find("opentracker").is_some(),
        "not installed: opentracker (Debian package opentracker)",
    ) {
        return;
    }
    let fleet = Fleet::start(&FleetOptions { web: false, ..FleetOptions::default() });
    let tracker = Opentracker::start(&fleet);
    let whitelist = fleet.scratch().join("tracker/whitelist.txt");
    let table = |pid_file: &str| {
        format!(
            "mode = \"opentracker\"\nannounce = \"{}\"\nwhitelist = \"{}\"\npid_file = \"{pid_file}\"",
            tracker.url,
            whitelist.display()
        )
    };
    let pid_file = fleet.scratch().join("tracker/pid").display().to_string();
    fleet.edit_inventory("mode = \"none\"", &table("keys/client"));
    fleet.pack(&fleet.site(1), "r1").arg("--private").output().ok();
    fleet.publish().output().fails_naming(20, "keys/client");
    fleet.edit_inventory(&table("keys/client"), &table(&pid_file));
    fleet.publish().arg("--wait").output().ok().says("is given the seeder");
    fleet.push().output().ok();
    assert_delivered(&fleet, "r1", &fleet.site(1));
    for host in &fleet.hosts {
        assert_eq!(pushed(&fleet, &host.name).state, "staged");
        let reply = host.rtorrent.call("d.multicall2", &["", "main", "d.is_private=", "t.multicall=,t.url="]);
        assert!(reply.unwrap().iter().any(|value| value.contains(&tracker.url)), "no other source of peers");
    }
    fleet.publish().output().ok().says("is on opentracker's whitelist");
    let line = fs::read_to_string(&whitelist).unwrap();
    assert_eq!(line.lines().count(), 2, "{line}");
    fleet.run("tracker-publish").args(["withdraw", "--fleet", "fleet.toml"]).output().ok();
    assert_eq!(fs::read_to_string(&whitelist).unwrap(), "# of the test\n");
}
