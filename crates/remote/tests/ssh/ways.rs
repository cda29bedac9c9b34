//! What an ssh_config says of the way to a host, done.

use std::fs;
use std::time::Duration;

use inventory::{Host, Inventory};
use remote::{Argv, HostError, HostFault, Remote, SshRemote};

use crate::server::{Server, Setup, options, user};

/// `server` as the host `web1` of an inventory whose ssh_config is `config`; `{ip}`, `{port}` and `{dir}` are the server's.
fn host(server: &Server, config: &str) -> Host {
    let dir = server.dir.path().display().to_string();
    let config = config.replace("{ip}", &server.ip.to_string()).replace("{port}", &server.port.to_string());
    fs::write(server.path("ssh_config"), config.replace("{dir}", &dir)).unwrap();
    let text = format!(
        "[site]\ndeploy_to = \"/srv\"\n[defaults]\nuser = \"{}\"\nssh_config = \"ssh_config\"\n[hosts.web1]\naddress = \"web1\"\n",
        user()
    );
    fs::write(server.path("fleet.toml"), text).unwrap();
    Inventory::load(&server.path("fleet.toml")).unwrap().hosts.remove(0)
}

fn reach(server: &Server, config: &str) -> Result<(), HostError> {
    let remote = SshRemote::connect(&host(server, config), &options())?;
    let output = remote.exec(&Argv::new("echo").arg("here"), b"", Duration::from_secs(20))?;
    assert_eq!(output.stdout, b"here\n");
    Ok(())
}

const USUAL: &str =
    "HostName {ip}\nPort {port}\nIdentityFile {dir}/user_ed25519\nUserKnownHostsFile {dir}/known_hosts\n";

#[test]
fn a_command_of_ssh_config_leads_to_a_host() {
    let Some(server) = Server::start() else { return };
    // sshd itself can be such a command's other end; here a relay of a few lines of Python, without which nothing is tested.
    let relay = "import socket,sys,threading,os\ns=socket.create_connection((sys.argv[1],int(sys.argv[2])))\n\
                 def up():\n  while True:\n    b=os.read(0,65536)\n    if not b: break\n    s.sendall(b)\n  s.shutdown(1)\n\
                 threading.Thread(target=up,daemon=True).start()\n\
                 while True:\n  b=s.recv(65536)\n  if not b: break\n  os.write(1,b)\n";
    fs::write(server.path("relay.py"), relay).unwrap();
    reach(&server, &format!("ProxyCommand python3 {{dir}}/relay.py %h %p\n{USUAL}")).unwrap();
    let error = reach(&server, &format!("ProxyCommand false\n{USUAL}")).unwrap_err();
    assert!(error.is_connection_loss(), "{error:?}");
}

#[test]
fn an_alias_is_what_known_hosts_has() {
    let Some(server) = Server::start() else { return };
    let key = fs::read_to_string(server.path("host_ed25519.pub")).unwrap();
    fs::write(server.path("known_hosts"), format!("the-web-one {key}")).unwrap();
    assert!(matches!(reach(&server, USUAL), Err(HostError { kind: HostFault::UnknownHostKey { .. }, .. })));
    reach(&server, &format!("HostKeyAlias the-web-one\n{USUAL}")).unwrap();
    // Under another one there is another key.
    fs::write(server.path("global"), format!("@revoked * {key}")).unwrap();
    let error =
        reach(&server, &format!("HostKeyAlias the-web-one\nGlobalKnownHostsFile {{dir}}/global\n{USUAL}"));
    assert!(matches!(error, Err(HostError { kind: HostFault::RevokedHostKey { .. }, .. })), "{error:?}");
}

#[test]
fn keys_are_offered_in_turn_and_the_family_and_address_are_kept() {
    let Some(server) = Server::start_with(&Setup { host_keys: &["rsa", "ed25519"], ..Setup::default() })
    else {
        return;
    };
    reach(&server, &format!("IdentityFile {{dir}}/stranger\nIdentityFile {{dir}}/missing\n{USUAL}")).unwrap();
    reach(&server, &format!("BindAddress 127.0.0.1\nAddressFamily inet\n{USUAL}")).unwrap();
    assert!(server.log().contains("Accepted publickey"), "{}", server.log());
    let error = reach(&server, &format!("AddressFamily inet6\n{USUAL}")).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::Unreachable { .. }, .. }), "{error:?}");
    let error = reach(
        &server,
        "HostName {ip}\nPort {port}\nIdentitiesOnly yes\nUserKnownHostsFile {dir}/known_hosts\n",
    );
    assert!(matches!(error, Err(HostError { kind: HostFault::NoIdentity, .. })), "{error:?}");
    // Only an RSA host key would do.
    server.know(&["ed25519"]);
    let error = reach(&server, &format!("HostKeyAlgorithms rsa-sha2-512\n{USUAL}")).unwrap_err();
    assert!(matches!(error, HostError { kind: HostFault::ChangedHostKey { .. }, .. }), "{error:?}");
    reach(&server, &format!("HostKeyAlgorithms -rsa-*\n{USUAL}")).unwrap();
}
