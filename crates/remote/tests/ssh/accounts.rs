//! Accounts that one sshd knows and nobody else: its mount namespace has an /etc/passwd, an /etc/shadow and a /run of its own.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::server::Account;

/// Nobody has it.
const FIRST_UID: u32 = 64_100;

/// What the sshd runs in. `run` is the content of its /run.
const SCRIPT: &str = "mount --bind \"$0/passwd\" /etc/passwd && mount --bind \"$0/shadow\" /etc/shadow && \
                      mount --bind \"$0/run\" /run && exec \"$@\"";

/// Whether such a namespace can be made. Where it cannot a test says so and ends, unless E2E_PEERS=required.
pub(crate) fn possible() -> bool {
    let tried = Command::new("unshare").args(["-m", "true"]).stderr(Stdio::null()).status();
    let possible = tried.is_ok_and(|status| status.success());
    if !possible {
        assert!(
            env::var("E2E_PEERS").as_deref() != Ok("required"),
            "unshare -m fails and E2E_PEERS=required"
        );
        eprintln!("skipped: mount namespaces need root");
    }
    possible
}

/// `sshd` in a namespace with these accounts beside those of the machine; their homes are below `dir`.
pub(crate) fn within(dir: &Path, accounts: &[Account], sshd: &Path) -> Command {
    let mut passwd = fs::read_to_string("/etc/passwd").unwrap();
    let mut shadow = fs::read_to_string("/etc/shadow").unwrap();
    open(dir);
    fs::create_dir_all(dir.join("run/sshd")).unwrap();
    for (account, uid) in accounts.iter().zip(FIRST_UID..) {
        let home = dir.join("home").join(account.name);
        fs::create_dir_all(&home).unwrap();
        for (name, content) in account.files {
            let file = home.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, content).unwrap();
        }
        passwd += &format!("{}:x:{uid}:{uid}::{}:{}\n", account.name, home.display(), account.shell);
        shadow += &format!("{}:*:{}\n", account.name, account.shadow);
        chown(&home, Some(uid), Some(uid)).unwrap();
    }
    fs::write(dir.join("passwd"), passwd).unwrap();
    fs::write(dir.join("shadow"), shadow).unwrap();
    let mut command = Command::new("unshare");
    command.args(["-m", "--propagation", "private", "sh", "-c", SCRIPT]).arg(dir).arg(sshd);
    command
}

/// Accounts have to get into it.
fn open(dir: &Path) {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
}
