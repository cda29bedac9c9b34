//! Hosts with IPv6 addresses.

use std::fs;
use std::net::{IpAddr, Ipv6Addr};
use std::process::Command;
use std::time::Duration;

use inventory::Inventory;
use remote::{Argv, HostError, HostFault, Remote, SshRemote};

use crate::server::{Server, Setup, options, user};

const LOOPBACK: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A server on ::1, if this machine has that.
fn start() -> Option<Server> {
    if std::net::TcpListener::bind((LOOPBACK, 0)).is_err() {
        assert!(
            std::env::var("E2E_PEERS").as_deref() != Ok("required"),
            "::1 is missing and E2E_PEERS=required"
        );
        eprintln!("skipped: ::1 is missing");
        return None;
    }
    Server::start_with(&Setup { ip: Some(LOOPBACK), ..Setup::default() })
}

/// Connects, runs a command and puts a file in place.
fn whole_way(server: &Server, remote: &SshRemote) {
    let script = Argv::new("sh").args(["-c", "echo $SSH_CONNECTION"]);
    let output = remote.exec(&script, b"", Duration::from_secs(10)).unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("::1 "));
    let path = server.path("uploaded");
    remote.upload(b"by IPv6", &path.to_str().unwrap().parse().unwrap()).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"by IPv6");
    fs::remove_file(path).unwrap();
}

#[test]
fn an_address_of_fleet_toml_is_dialled_and_known_in_brackets() {
    let Some(server) = start() else { return };
    let known = fs::read_to_string(server.path("known_hosts")).unwrap();
    assert!(known.starts_with(&format!("[::1]:{} ", server.port)), "{known}");
    whole_way(&server, &server.connect());
    // Written another way it is the same host.
    let mut host = server.host(Some("user_ed25519"));
    host.address = "0:0:0:0:0:0:0:1".parse().unwrap();
    whole_way(&server, &SshRemote::connect(&host, &options()).unwrap());
    // Hashed by ssh-keygen, and as ssh-keyscan prints it.
    let hashed =
        Command::new("ssh-keygen").args(["-q", "-H", "-f"]).arg(server.path("known_hosts")).output().unwrap();
    assert!(hashed.status.success());
    whole_way(&server, &server.connect());
    let scanned = Command::new("ssh-keyscan").args(["-p", &server.port.to_string(), "::1"]).output().unwrap();
    fs::write(server.path("known_hosts"), scanned.stdout).unwrap();
    whole_way(&server, &server.connect());
    // Another port is another host.
    fs::write(server.path("known_hosts"), known.replace(&server.port.to_string(), "1")).unwrap();
    let error = server.try_connect(Some("user_ed25519"), &options()).err().unwrap();
    assert!(matches!(error, HostError { kind: HostFault::UnknownHostKey { .. }, .. }), "{error}");
    assert!(error.hint().unwrap().contains(&format!("ssh-keyscan -p {} ::1", server.port)));
}

#[test]
fn a_host_name_of_ssh_config_and_a_jump_lead_there() {
    let Some(server) = start() else { return };
    let config = format!(
        "Host web\n  HostName ::1\n  Port {}\n  IdentityFile {}\n  UserKnownHostsFile {}\n",
        server.port,
        server.path("user_ed25519").display(),
        server.path("known_hosts").display(),
    );
    fs::write(server.path("ssh_config"), config).unwrap();
    let inventory = |more: &str| {
        let text = format!(
            "[site]\ndeploy_to = \"/srv\"\n[defaults]\nssh_config = \"ssh_config\"\nuser = \"{}\"\n{more}\
             [hosts.web1]\naddress = \"web\"\n",
            user()
        );
        fs::write(server.path("fleet.toml"), text).unwrap();
        Inventory::load(&server.path("fleet.toml")).unwrap().hosts.remove(0)
    };
    let remote = SshRemote::connect(&inventory(""), &options()).unwrap_or_else(|error| panic!("{error}"));
    whole_way(&server, &remote);
    // By way of itself.
    let keys = "identity = \"user_ed25519\"\nknown_hosts = \"known_hosts\"";
    let jump = inventory(&format!("{keys}\njump = \"[::1]:{}\"\n", server.port));
    let remote =
        SshRemote::connect(&jump, &options()).unwrap_or_else(|error| panic!("{error}\n{}", server.log()));
    whole_way(&server, &remote);
    assert_eq!(server.log().matches("Accepted publickey").count(), 3, "{}", server.log());
}
