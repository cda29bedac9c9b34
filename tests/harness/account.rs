//! An account of this machine for the length of a test: what only somebody who is not root can prove.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::wait::eventually;

/// An account with a group of its own name and no password; removed on drop.
#[derive(Debug)]
pub struct Account {
    name: String,
    home: PathBuf,
}

impl Account {
    /// Makes one, which is for root only, with its home at `home`.
    ///
    /// # Panics
    /// When useradd(8) does not for some seconds: others may be at work on the same files.
    #[must_use]
    pub fn create(home: &Path) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("e2e-{}-{number}", std::process::id());
        let account = Self { name, home: home.to_owned() };
        eventually("an account", Duration::from_secs(20), || {
            // A field of `*` lets keys in; one that begins with `!` would be refused by an sshd without PAM.
            let mut command = Command::new("useradd");
            command.args([
                "--user-group",
                "--create-home",
                "--shell",
                "/bin/sh",
                "--password",
                "*",
                "--home-dir",
            ]);
            command.arg(&account.home).arg(&account.name).stdin(Stdio::null());
            command.output().expect("useradd starts").status.success().then_some(())
        });
        account
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A command that runs `line` in a shell as the account.
    #[must_use]
    pub fn shell(&self, line: &str) -> Command {
        let mut command = Command::new("runuser");
        command.args(["-u", &self.name, "--", "sh", "-c", line]).env("HOME", &self.home);
        command
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        for _ in 0..50 {
            let removed = Command::new("userdel").arg(&self.name).stdin(Stdio::null()).output();
            // 6: it is gone (userdel(8)).
            if removed.is_ok_and(|output| matches!(output.status.code(), Some(0 | 6))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        eprintln!("the account {} is left behind", self.name);
    }
}
