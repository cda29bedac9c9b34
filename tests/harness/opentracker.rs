//! A real opentracker with a whitelist.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::front::free_port;
use crate::peers;
use crate::wait::eventually;

/// opentracker with its files in a directory of its own.
#[derive(Debug)]
pub struct Opentracker {
    daemon: Option<Daemon>,
    dir: PathBuf,
    port: u16,
}

impl Opentracker {
    /// Whether `test` can have one.
    ///
    /// # Panics
    /// When it is missing and must not be.
    #[must_use]
    pub fn installed(test: &str) -> bool {
        let why = "not installed: opentracker (Debian package opentracker)";
        peers::skip_unless(test, peers::find("opentracker").is_some(), why)
    }

    /// Starts one with an empty whitelist below `dir`, which is made.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(dir: &Path) -> Self {
        fs::create_dir_all(dir).expect("opentracker's directory");
        fs::write(dir.join("whitelist.txt"), "# of the test\n").expect("whitelist");
        let mut tracker = Self { daemon: None, dir: dir.to_owned(), port: free_port() };
        tracker.up();
        tracker
    }

    /// Starts it (again) at the same address.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn up(&mut self) {
        // As root it changes its root directory, and sees the file from there.
        let whitelist = if peers::is_root() { "/whitelist.txt".into() } else { self.whitelist() };
        let config = format!(
            "listen.tcp 127.0.0.1:{}\naccess.whitelist {}\ntracker.rootdir {}\ntracker.user nobody\n",
            self.port,
            whitelist.display(),
            self.dir.display()
        );
        let file = self.dir.join("opentracker.conf");
        fs::write(&file, config).expect("opentracker.conf");
        let mut command = Command::new(peers::need("opentracker"));
        command.arg("-f").arg(&file);
        let mut daemon = Daemon::start("opentracker", &command, &self.dir.join("log"));
        eventually("opentracker to listen", Duration::from_secs(5), || {
            daemon.assert_running();
            TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
        fs::write(self.pid_file(), daemon.id().to_string()).expect("pid file");
        self.daemon = Some(daemon);
    }

    /// Ends it. It forgets its peers.
    pub fn down(&mut self) {
        self.daemon = None;
    }

    /// Its announce URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/announce", self.port)
    }

    /// Its whitelist.
    #[must_use]
    pub fn whitelist(&self) -> PathBuf {
        self.dir.join("whitelist.txt")
    }

    /// Where its process number is.
    #[must_use]
    pub fn pid_file(&self) -> PathBuf {
        self.dir.join("pid")
    }

    /// `[tracker]` of an inventory that names it.
    #[must_use]
    pub fn table(&self) -> String {
        format!(
            "mode = \"opentracker\"\nannounce = \"{}\"\nwhitelist = \"{}\"\npid_file = \"{}\"",
            self.url(),
            self.whitelist().display(),
            self.pid_file().display()
        )
    }
}
