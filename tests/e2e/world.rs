//! The servers that the other stories are played on are real: asked with OpenSSH's own client, over HTTP and by RPC.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::time::Duration;

use e2e::site::{Shape, write};
use e2e::{Fleet, Run, eventually, peers};

use crate::needs_peers;

fn ssh(fleet: &Fleet, host: &str, command: &str) -> Run {
    let toml = fs::read_to_string(fleet.toml()).unwrap();
    let port = toml.lines().find_map(|line| line.strip_prefix("port = ")).unwrap();
    Run::new(peers::need("ssh"), &fleet.dir())
        .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"])
        .arg("-o")
        .arg(format!("UserKnownHostsFile={}", fleet.known_hosts().display()))
        .arg("-i")
        .arg(fleet.client_key())
        .args(["-p", port, &fleet.host(host).address, command])
}

#[test]
fn a_fleet_answers_over_ssh_http_and_rpc_and_is_gone_when_it_is_dropped() {
    needs_peers!();
    let fleet = Fleet::three();
    for host in &fleet.hosts {
        assert_eq!(ssh(&fleet, &host.name, "echo $((6 * 7))").output().ok().stdout, "42\n");
        assert_eq!(host.rtorrent.call("system.client_version", &[]).unwrap().len(), 1);
        write(&host.release_dir("r1"), Shape::Small, 1);
        symlink(
            "../../../../shared/sites/default/settings.php",
            host.release_dir("r1").join("sites/default/settings.php"),
        )
        .unwrap();
        symlink("releases/r1", host.deploy_to().join("current")).unwrap();
        let page = host.http_get("/");
        assert_eq!(
            (page.status, page.field("release"), page.field("version")),
            (200, Some("r1"), Some("1")),
            "{page:?}"
        );
        assert_eq!(page.field("site"), Some(format!("site_name of {}", host.name).as_str()));
    }
    fs::remove_file(fleet.host("beta").deploy_to().join("shared/sites/default/settings.php")).unwrap();
    assert_eq!(fleet.host("beta").http_get("/").status, 500, "without settings there is no page");

    let dir = fleet.scratch().to_owned();
    drop(fleet);
    assert!(!dir.exists(), "the scratch directory is removed");
    eventually("every server to be gone", Duration::from_secs(5), || {
        processes_with(&dir).is_empty().then_some(())
    });
}

#[test]
fn a_server_goes_down_and_comes_back_as_the_same() {
    needs_peers!();
    let mut fleet = Fleet::three();
    fleet.host_mut("beta").stop_sshd();
    assert_eq!(ssh(&fleet, "beta", "true").output().code, Some(255), "nobody answers");
    fleet.host_mut("beta").start_sshd();
    ssh(&fleet, "beta", "true").output().ok();
    fleet.host_mut("beta").rtorrent.stop();
    assert!(fleet.host("beta").rtorrent.call("system.client_version", &[]).is_err());
    fleet.host_mut("beta").rtorrent.resume();
    assert!(fleet.host("beta").rtorrent.downloads().is_empty());
}

/// Command lines of processes that mention `dir`.
fn processes_with(dir: &Path) -> Vec<String> {
    let needle = dir.to_string_lossy();
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|entry| fs::read(entry.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(&*needle))
        .collect()
}
