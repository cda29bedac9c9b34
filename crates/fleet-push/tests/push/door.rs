//! An sshd by itself: a server of which only the door matters.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU8, Ordering};

use e2e::daemon::Daemon;
use e2e::{keys, sshd};

use crate::published::Published;

/// A running sshd, whose files are below the directory of a `Published`.
pub(crate) struct Door {
    pub(crate) name: &'static str,
    pub(crate) address: String,
    pub(crate) port: u16,
    dir: PathBuf,
    authorized_keys: PathBuf,
    daemon: Option<Daemon>,
}

impl Door {
    /// An sshd at an address of its own, which lets in the key of `published`.
    pub(crate) fn open(published: &Published, name: &'static str) -> Self {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        let address = format!("127.0.42.{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Self::open_at(published.dir.path(), &published.path("key.pub"), name, &address)
    }

    /// One at `address` that lets in the keys of a file.
    pub(crate) fn open_at(dir: &Path, authorized_keys: &Path, name: &'static str, address: &str) -> Self {
        let port = TcpListener::bind((address, 0)).unwrap().local_addr().unwrap().port();
        let mut door = Self {
            name,
            address: address.to_owned(),
            port,
            dir: dir.join(format!("door-{name}")),
            authorized_keys: authorized_keys.to_owned(),
            daemon: None,
        };
        door.start();
        door
    }

    fn start(&mut self) {
        self.daemon = Some(sshd::start(
            self.name,
            &self.dir,
            &self.address,
            self.port,
            &self.authorized_keys,
            None,
            &[],
        ));
    }

    /// Another machine answers at its address.
    pub(crate) fn reinstall(&mut self) {
        self.daemon = None;
        fs::remove_dir_all(&self.dir).unwrap();
        self.start();
    }

    /// Its table in fleet.toml.
    pub(crate) fn table(&self) -> String {
        format!(
            "[hosts.{}]\naddress = \"{}\"\nport = {}\nuser = \"root\"\n",
            self.name, self.address, self.port
        )
    }

    /// Its line of known_hosts.
    pub(crate) fn known_host(&self) -> String {
        format!("[{}]:{} {}\n", self.address, self.port, keys::public(&self.dir.join("ssh/host_key")))
    }

    /// What its console shows.
    pub(crate) fn console(&self) -> String {
        let key = self.dir.join("ssh/host_key.pub");
        let shown = Command::new("ssh-keygen").arg("-lf").arg(key).output().unwrap();
        String::from_utf8(shown.stdout).unwrap()
    }

    /// The fingerprint in it.
    pub(crate) fn fingerprint(&self) -> String {
        self.console().split(' ').nth(1).unwrap().to_owned()
    }

    /// What its sshd has said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.join("ssh/sshd.log")).unwrap()
    }
}
