//! Hosts that are reached by way of others, and what an ssh_config says of them.

use std::fs;
use std::net::TcpListener;
use std::time::{Duration, Instant};

use inventory::Inventory;
use remote::{Argv, HostError, HostFault, Remote, SshRemote};

use crate::server::{Server, Setup, keygen, options, user};

const SHORT: Duration = Duration::from_secs(10);

/// Both servers let in the same key.
fn share_key(from: &Server, to: &Server) {
    fs::copy(from.path("authorized_keys"), to.path("authorized_keys")).unwrap();
}

/// `target` by way of `jumps`, known by one file.
fn inventory(target: &Server, jumps: &[&Server]) -> Inventory {
    let way: Vec<String> = jumps.iter().map(|jump| format!("{}:{}", jump.ip, jump.port)).collect();
    let known: String = jumps
        .iter()
        .chain([&target])
        .map(|server| fs::read_to_string(server.path("known_hosts")).unwrap())
        .collect();
    fs::write(target.path("known_all"), known).unwrap();
    let text = format!(
        "[site]\ndeploy_to = \"/srv\"\n[defaults]\nuser = \"{}\"\nport = {}\nidentity = \"user_ed25519\"\n\
         known_hosts = \"known_all\"\nssh_config = \"none\"\njump = \"{}\"\n[hosts.web1]\naddress = \"{}\"\n",
        user(),
        target.port,
        way.join(","),
        target.ip,
    );
    fs::write(target.path("fleet.toml"), text).unwrap();
    Inventory::load(&target.path("fleet.toml")).unwrap()
}

fn whence(remote: &SshRemote) -> String {
    let output = remote.exec(&Argv::new("sh").args(["-c", "echo $SSH_CONNECTION"]), b"", SHORT).unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_host_behind_two_others_is_reached_by_way_of_them() {
    let Some(target) = Server::start() else { return };
    let (Some(first), Some(second)) = (Server::start(), Server::start()) else { return };
    share_key(&target, &first);
    share_key(&target, &second);
    let host = inventory(&target, &[&first, &second]).hosts.remove(0);
    let remote = SshRemote::connect(&host, &options()).unwrap_or_else(|error| {
        panic!("{error}\nfirst: {}\nsecond: {}\ntarget: {}", first.log(), second.log(), target.log())
    });
    // Each step is an SSH session of its own, and the last one comes from the jump host.
    assert!(whence(&remote).contains(&target.ip.to_string()), "{}", whence(&remote));
    for (server, name) in [(&first, "first"), (&second, "second"), (&target, "target")] {
        assert!(server.log().contains("Accepted publickey"), "{name}: {}", server.log());
    }

    // A file of 5 MB up, and as much down, whole.
    let bytes: Vec<u8> = (0..5_000_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let path = target.path("big");
    remote.upload(&bytes, &path.to_str().unwrap().parse().unwrap()).unwrap();
    assert!(fs::read(&path).unwrap() == bytes);
    let down = remote.exec(&Argv::new("sha256sum").arg(path.to_str().unwrap()), b"", SHORT).unwrap();
    assert!(down.status.success());
    let echoed = remote.exec(&Argv::new("cat"), &bytes[..500_000], SHORT).unwrap();
    assert!(echoed.stdout == bytes[..500_000]);
    drop(remote);
}

#[test]
fn trouble_on_the_way_is_told_with_the_place_it_is_at() {
    let Some(target) = Server::start() else { return };
    let Some(jump) = Server::start() else { return };
    // The key is not let in at the jump host.
    fs::write(jump.path("authorized_keys"), "").unwrap();
    let host = inventory(&target, &[&jump]).hosts.remove(0);
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(
        matches!(&error, HostError { host, kind: HostFault::AuthRefused { port, .. } } if host.as_str() == "web1" && *port == jump.port),
        "{error}"
    );

    // Its key is another one than the known one: nothing is sent through it.
    share_key(&target, &jump);
    keygen(&jump.path("other"), "ed25519", "");
    let known = fs::read_to_string(target.path("known_all")).unwrap();
    let real = fs::read_to_string(jump.path("host_ed25519.pub")).unwrap();
    let other = fs::read_to_string(jump.path("other.pub")).unwrap();
    fs::write(target.path("known_all"), known.replace(real.trim(), other.trim())).unwrap();
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(
        matches!(&error, HostError { kind: HostFault::ChangedHostKey { port, .. }, .. } if *port == jump.port),
        "{error}"
    );
    assert!(!target.log().contains("Accepted"), "{}", target.log());

    // The jump host cannot reach the target.
    let free = TcpListener::bind((target.ip, 0)).unwrap().local_addr().unwrap().port();
    let mut host = inventory(&target, &[&jump]).hosts.remove(0);
    fs::write(target.path("known_all"), format!("{}[{}]:{free} {real}", known, target.ip)).unwrap();
    host.port = free;
    let began = Instant::now();
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(
        matches!(error, HostError { kind: HostFault::Unreachable { .. }, .. }) && error.is_connection_loss(),
        "{error}"
    );
    assert!(error.to_string().contains("jump host says"), "{error}");
    assert!(began.elapsed() < SHORT);

    // A server that forwards nothing.
    let setup = Setup { config: "AllowTcpForwarding no", ..Setup::default() };
    let Some(strict) = Server::start_with(&setup) else { return };
    share_key(&target, &strict);
    let host = inventory(&target, &[&strict]).hosts.remove(0);
    let error = SshRemote::connect(&host, &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::Unreachable { .. }, .. }), "{error}");
}

#[test]
fn a_connection_through_a_jump_host_that_dies_is_lost() {
    let Some(target) = Server::start() else { return };
    let Some(jump) = Server::start() else { return };
    share_key(&target, &jump);
    let host = inventory(&target, &[&jump]).hosts.remove(0);
    let remote = SshRemote::connect(&host, &options()).unwrap();
    jump.kill_sessions();
    let began = Instant::now();
    let error = remote.exec(&Argv::new("sleep").arg("60"), b"", Duration::from_secs(30)).unwrap_err();
    assert!(error.is_connection_loss(), "{error}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}

#[test]
fn an_ssh_config_leads_to_a_host() {
    let Some(target) = Server::start() else { return };
    let Some(jump) = Server::start() else { return };
    share_key(&target, &jump);
    inventory(&target, &[&jump]);
    let config = format!(
        "Host web\n  HostName {}\n  Port {}\n  ProxyJump gate\nHost gate\n  HostName {}\n  Port {}\n\
         Host *\n  User {}\n  IdentityFile {}\n  UserKnownHostsFile {}\n",
        target.ip,
        target.port,
        jump.ip,
        jump.port,
        user(),
        target.path("user_ed25519").display(),
        target.path("known_all").display(),
    );
    fs::write(target.path("ssh_config"), config).unwrap();
    let text = "[site]\ndeploy_to = \"/srv\"\n[defaults]\nssh_config = \"ssh_config\"\n[hosts.web1]\naddress = \"web\"\n";
    fs::write(target.path("fleet.toml"), text).unwrap();
    let host = Inventory::load(&target.path("fleet.toml")).unwrap().hosts.remove(0);
    let remote = SshRemote::connect(&host, &options()).unwrap_or_else(|error| panic!("{error}: {host:?}"));
    assert!(whence(&remote).contains(&target.port.to_string()));
    assert!(jump.log().contains("Accepted publickey"));
}
