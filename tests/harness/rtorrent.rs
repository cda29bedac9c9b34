//! An rtorrent with its own session, watch directory, socket and address, as the recipe for a web node has it.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::wait::eventually;
use crate::{bin, netns, peers, rpc, template};

/// An rtorrent that can be stopped and started again; its state stays on disk in between.
#[derive(Debug)]
pub struct Rtorrent {
    name: String,
    state: PathBuf,
    log: PathBuf,
    config: PathBuf,
    place: Place,
    peer: (String, u16),
    daemon: Option<Daemon>,
}

/// Where and how an rtorrent runs, if not as most do.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// The network namespace.
    pub namespace: Option<String>,
    /// Whether it has no RPC socket.
    pub unasked: bool,
    /// Variables beside the ordinary ones.
    pub environment: Vec<(String, String)>,
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
        Self::start_at(Place::default(), name, state, (address, port), incoming, min_free)
    }

    /// The same, at a place of its own.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start_at(
        place: Place,
        name: &str,
        state: &Path,
        (address, port): (&str, u16),
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
            place,
            peer: (address.to_owned(), port),
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
        if rtorrent.place.unasked {
            rtorrent.take_socket_away();
        }
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
            place: Place::default(),
            peer: (String::new(), 0),
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

    /// Starts it anew without the events that call `swap-release`.
    ///
    /// # Panics
    /// When its configuration has not got them, or it does not come up.
    pub fn forget_events(&mut self) {
        let text = fs::read_to_string(&self.config).expect("its configuration");
        let (events, rest): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.starts_with("method.set_key"));
        assert_eq!(events.len(), 2, "both events: {events:?}");
        fs::write(&self.config, rest.join("\n") + "\n").expect("its configuration");
        self.stop();
        self.resume();
    }

    /// Starts it (again) and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn resume(&mut self) {
        let mut command = Command::new(peers::need("rtorrent"));
        command.arg("-n").arg("-o").arg(format!("import={}", self.config.display())).env("HOME", &self.state);
        command.envs(self.place.environment.iter().map(|(name, value)| (name, value)));
        let command = netns::within(self.place.namespace.as_deref(), command);
        let mut daemon = Daemon::start(&self.name, &command, &self.log);
        let (address, port) = &self.peer;
        eventually("rtorrent to answer", Duration::from_secs(15), || {
            daemon.assert_running();
            if self.place.unasked {
                // It opens its port when its configuration is read to the end.
                return TcpStream::connect((address.as_str(), *port)).ok().map(drop);
            }
            self.call("system.client_version", &[]).ok().map(drop)
        });
        self.daemon = Some(daemon);
    }

    /// Runs it with these variables from its next start on.
    pub fn set_environment(&mut self, environment: Vec<(String, String)>) {
        self.place.environment = environment;
    }

    /// Its configuration without the lines that make the RPC socket.
    fn take_socket_away(&self) {
        let text = fs::read_to_string(&self.config).expect("rtorrent.rc");
        let socket = self.socket().display().to_string();
        let kept: Vec<&str> = text.lines().filter(|line| !line.contains(&socket)).collect();
        assert_eq!(kept.len() + 2, text.lines().count(), "open_local and chmod");
        fs::write(&self.config, kept.join("\n") + "\n").expect("rtorrent.rc");
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
