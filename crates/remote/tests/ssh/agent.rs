//! Logging in with the keys of an agent.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use remote::{Argv, HostError, HostFault, Remote, SshRemote};

use crate::server::{Server, Setup, keygen, options, user};

/// Where the outer test leaves the server's files for the inner one.
const DIR: &str = "FLEET_TEST_AGENT_DIR";

struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// libssh2 finds the agent by SSH_AUTH_SOCK of its process, so the test runs itself once more with that set.
fn inner(server: &Server, socket: &Path) -> (bool, String) {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", "agent::inner_with_agent", "--nocapture"])
        .env("SSH_AUTH_SOCK", socket)
        .env(DIR, server.dir.path())
        .output()
        .unwrap();
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

#[test]
fn the_agent_s_keys_are_offered_one_after_the_other() {
    let setup = Setup { config: "TrustedUserCAKeys {dir}/ca_user.pub", ..Setup::default() };
    let Some(server) = Server::start_with(&setup) else { return };
    drop(server.host(None));
    let socket = server.path("agent.sock");
    let mut child =
        Command::new("ssh-agent").arg("-D").arg("-a").arg(&socket).stdout(Stdio::piped()).spawn().unwrap();
    let stdout = child.stdout.take().unwrap();
    let _agent = Agent(child);
    // It listens before it prints its address.
    BufReader::new(stdout).read_line(&mut String::new()).unwrap();

    let (_, text) = inner(&server, &socket);
    assert!(text.contains("refused"), "an agent without keys: {text}");
    for key in ["stranger", "user_rsa"] {
        add(&server, &socket, key);
    }
    let (good, text) = inner(&server, &socket);
    assert!(good && text.contains("logged in by the agent"), "{text}");
    let (_, text) = inner(&server, &server.path("none.sock"));
    assert!(text.contains("refused"), "no agent at all: {text}");

    // The key is not let in any more, but the certificate that ssh-add takes along is.
    fs::write(server.path("authorized_keys"), "").unwrap();
    let (_, text) = inner(&server, &socket);
    assert!(text.contains("refused"), "{text}");
    keygen(&server.path("ca_user"), "ed25519", "");
    for (key, works) in [("user_rsa", false), ("user_ed25519", true)] {
        let signed = Command::new("ssh-keygen")
            .args(["-q", "-s"])
            .arg(server.path("ca_user"))
            .args(["-I", "me", "-n", &user()])
            .arg(server.path(&format!("{key}.pub")))
            .status()
            .unwrap();
        assert!(signed.success());
        add(&server, &socket, key);
        let (good, text) = inner(&server, &socket);
        let words = if works { "logged in by the agent" } else { "its RSA certificate cannot be used" };
        assert!(good && text.contains(words), "{key}: {text}\n{}", server.log());
    }
}

fn add(server: &Server, socket: &Path, key: &str) {
    let added = Command::new("ssh-add")
        .arg("-q")
        .arg(server.path(key))
        .env("SSH_AUTH_SOCK", socket)
        .status()
        .unwrap();
    assert!(added.success());
}

/// The half of the test above that has the agent; nothing to do when it is run by itself.
#[test]
fn inner_with_agent() {
    let Some(dir) = env::var_os(DIR).map(PathBuf::from) else { return };
    let host = inventory::Inventory::load(&dir.join("fleet.toml")).unwrap().hosts.remove(0);
    match SshRemote::connect(&host, &options()) {
        Ok(remote) => {
            assert!(remote.exec(&Argv::new("true"), b"", Duration::from_secs(10)).unwrap().status.success());
            println!("logged in by the agent");
        }
        Err(error @ HostError { kind: HostFault::AuthRefused { .. }, .. }) => println!("refused: {error}"),
        Err(error) => panic!("{error}"),
    }
}
