//! The sshd of one server: own host key, own address, the run's client key and no other.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::wait::eventually;
use crate::{keys, netns, peers, template};

/// Starts the sshd of a server whose files are below `dir`, in a network namespace if it has one, and waits until it
/// answers. What it runs has `environment`.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn start(
    name: &str,
    dir: &Path,
    address: &str,
    port: u16,
    authorized_keys: &Path,
    namespace: Option<&str>,
    environment: &[(String, String)],
) -> Daemon {
    let ssh = dir.join("ssh");
    fs::create_dir_all(&ssh).expect("ssh directory");
    let host_key = ssh.join("host_key");
    if !host_key.exists() {
        keys::generate(&host_key);
    }
    if peers::is_root() {
        // Debian's unit makes it at boot; without systemd nobody has.
        fs::create_dir_all("/run/sshd").expect("sshd's privilege separation directory");
    }
    let config = ssh.join("sshd_config");
    template::fill(
        "sshd_config.in",
        &config,
        &[
            ("DIR", &dir.to_string_lossy()),
            ("ADDRESS", &if address.contains(':') { format!("[{address}]") } else { address.to_owned() }),
            ("SSH_PORT", &port.to_string()),
            ("AUTHORIZED_KEYS", &authorized_keys.to_string_lossy()),
            // One server without SFTP: the fleet must not need it.
            ("SFTP", if name == "beta" { "" } else { "Subsystem sftp internal-sftp" }),
            ("PAM", if password_is_locked() { "yes" } else { "no" }),
        ],
    );
    // Of a keyword that comes twice sshd takes the first, so what is set joins what is there.
    let words: String = environment.iter().map(|(name, value)| format!(" \"{name}={value}\"")).collect();
    let text = fs::read_to_string(&config).expect("sshd_config");
    let set = "SetEnv SHLVL=1";
    assert!(text.contains(set), "the template has `{set}`");
    fs::write(&config, text.replace(set, &format!("{set}{words}"))).expect("sshd_config");
    let mut command = Command::new(peers::need("sshd"));
    command.args(["-D", "-e", "-f"]).arg(&config);
    let command = netns::within(namespace, command);
    let mut daemon = Daemon::start(&format!("sshd of {name}"), &command, &ssh.join("sshd.log"));
    eventually("sshd to listen", Duration::from_secs(10), || {
        daemon.assert_running();
        TcpStream::connect((address, port)).ok()
    });
    daemon
}

/// Whether root's password field begins with `!`: sshd without PAM then refuses the account whatever the key.
fn password_is_locked() -> bool {
    let shadow = fs::read_to_string("/etc/shadow").unwrap_or_default();
    shadow.lines().any(|line| line.starts_with("root:!"))
}
