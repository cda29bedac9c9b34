//! An rtorrent with its own session, watch directory, socket and address, as the recipe for a web node has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::wait::eventually;
use crate::{bin, peers, rpc, template};

/// An rtorrent that can be stopped and started again; its state stays on disk in between.
#[derive(Debug)]
pub struct Rtorrent {
    name: String,
    state: PathBuf,
    log: PathBuf,
    config: PathBuf,
    daemon: Option<Daemon>,
}

impl Rtorrent {
    /// Starts one whose state is below `state` and which downloads into `incoming`.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(
        name: &str,
        state: &Path,
        address: &str,
        port: u16,
        incoming: &Path,
        min_free: &str,
    ) -> Self {
        for dir in ["session", "watch"] {
            fs::create_dir_all(state.join(dir)).expect("rtorrent's directories");
        }
        fs::create_dir_all(incoming).ok();
        let rtorrent = Self {
            name: format!("rtorrent of {name}"),
            state: state.to_owned(),
            log: state.join("stdout.log"),
            config: state.join("rtorrent.rc"),
            daemon: None,
        };
        // As on a web node on which rtorrent and the deployment are one user.
        let deploy_to = incoming.parent().expect("incoming is below deploy_to");
        let event = format!("{},finished,--deploy-to,{}", bin("swap-release").display(), deploy_to.display());
        template::fill(
            "rtorrent.rc.in",
            &rtorrent.config,
            &[
                ("STATE", &state.to_string_lossy()),
                ("RPC_SOCKET", &rtorrent.socket().to_string_lossy()),
                ("WATCH_DIR", &rtorrent.watch().to_string_lossy()),
                ("LOG", &state.join("rt.log").to_string_lossy()),
                ("ADDRESS", address),
                ("PEER_PORT", &port.to_string()),
                ("INCOMING", &incoming.to_string_lossy()),
                ("EVENT", &event),
                ("RESCAN", "1"),
                ("MIN_FREE", min_free),
            ],
        );
        let mut rtorrent = rtorrent;
        rtorrent.resume();
        rtorrent
    }

    /// None: for a server that has only our own peer.
    #[must_use]
    pub fn absent(name: &str, state: &Path) -> Self {
        Self {
            name: format!("no rtorrent of {name}"),
            state: state.to_owned(),
            log: state.join("stdout.log"),
            config: state.join("rtorrent.rc"),
            daemon: None,
        }
    }

    /// Its RPC socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.state.join("rpc.sock")
    }

    /// Its watch directory.
    #[must_use]
    pub fn watch(&self) -> PathBuf {
        self.state.join("watch")
    }

    /// Puts a torrent before it, whole at once: a file that is still being written when it is read is a bad one, and is
    /// not read again.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn load(&self, torrent: &Path) {
        let name = torrent.file_name().expect("the torrent has a name");
        let beside = self.state.join(name);
        fs::copy(torrent, &beside).expect("a copy beside the watch directory");
        fs::rename(&beside, self.watch().join(name)).expect("the torrent in the watch directory");
    }

    /// Starts it (again) and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn resume(&mut self) {
        let mut command = Command::new(peers::need("rtorrent"));
        command.arg("-n").arg("-o").arg(format!("import={}", self.config.display())).env("HOME", &self.state);
        let mut daemon = Daemon::start(&self.name, &command, &self.log);
        eventually("rtorrent to answer", Duration::from_secs(15), || {
            daemon.assert_running();
            self.call("system.client_version", &[]).ok()
        });
        self.daemon = Some(daemon);
    }

    /// Stops it, as an operator or a reboot would.
    pub fn stop(&mut self) {
        self.daemon = None;
    }

    /// Asks it to end and does not wait.
    pub fn ask_to_stop(&self) {
        self.daemon.iter().for_each(Daemon::ask_to_stop);
    }

    /// Calls a method of it.
    ///
    /// # Errors
    /// What the socket or rtorrent said.
    pub fn call(&self, method: &str, params: &[&str]) -> Result<Vec<String>, String> {
        rpc::call(&self.socket(), method, params).map(|xml| rpc::scalars(&xml))
    }

    /// Every infohash it has, with the bytes done and whether it is complete.
    ///
    /// # Panics
    /// When it does not answer.
    #[must_use]
    pub fn downloads(&self) -> Vec<(String, u64, bool)> {
        let reply = self
            .call("d.multicall2", &["", "main", "d.hash=", "d.bytes_done=", "d.complete="])
            .unwrap_or_else(|e| panic!("{}: {e}", self.name));
        reply
            .chunks(3)
            .map(|row| (row[0].to_lowercase(), row[1].parse().expect("bytes"), row[2] == "1"))
            .collect()
    }

    /// Bounds what it takes in and gives away, in KiB/s; 0 for no bound.
    ///
    /// # Panics
    /// When it refuses.
    pub fn throttle(&self, down: u32, up: u32) {
        for (method, rate) in
            [("throttle.global_down.max_rate.set_kb", down), ("throttle.global_up.max_rate.set_kb", up)]
        {
            self.call(method, &["", &rate.to_string()]).unwrap_or_else(|e| panic!("{}: {e}", self.name));
        }
    }
}
