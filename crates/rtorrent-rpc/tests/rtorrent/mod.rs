//! A real rtorrent for tests: its own directories below a scratch directory, its own loopback address, ended by handle.

use std::fs;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rtorrent_rpc::{Client, HexInfohash, UnixConnector};
use rustix::process::{Pid, Signal};

/// Whether rtorrent is installed. If not, the test is skipped with a word, or fails when `E2E_PEERS=required`.
pub(crate) fn installed(test: &str) -> bool {
    let found = Command::new("rtorrent").arg("-h").stdin(Stdio::null()).output().is_ok();
    if !found {
        let required = std::env::var_os("E2E_PEERS").is_some_and(|value| value == "required");
        assert!(!required, "{test}: rtorrent is not installed");
        eprintln!("SKIPPED {test}: rtorrent is not installed (Debian package rtorrent)");
    }
    found
}

/// A running rtorrent.
pub(crate) struct Rtorrent {
    child: Child,
    directory: PathBuf,
    peer: SocketAddr,
}

impl Rtorrent {
    /// Starts one with everything below `directory`, on a random address of 127.0.0.0/8, and waits until it answers.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_at(directory, free_address())
    }

    /// Starts one (again) on a given address; its session is kept in `directory`.
    pub(crate) fn start_at(directory: &Path, peer: SocketAddr) -> Self {
        Self::start_by(Command::new("rtorrent"), directory, peer)
    }

    /// Starts one by a program that runs rtorrent with the arguments it is given.
    pub(crate) fn start_by(mut program: Command, directory: &Path, peer: SocketAddr) -> Self {
        for sub in ["session", "incoming"] {
            fs::create_dir_all(directory.join(sub)).unwrap();
        }
        let config = directory.join("rtorrent.rc");
        let at = |name: &str| directory.join(name).display().to_string();
        let lines = [
            "system.daemon.set = true".to_owned(),
            "system.umask.set = 0022".to_owned(),
            format!("session.path.set = {}", at("session")),
            format!("network.scgi.open_local = {}", at("rpc.sock")),
            format!("network.bind_address.set = {}", peer.ip()),
            format!("network.local_address.set = {}", peer.ip()),
            format!("port_range = {0}-{0}", peer.port()),
            "dht.mode.set = disable".to_owned(),
            "protocol.pex.set = no".to_owned(),
            "protocol.encryption.set = none".to_owned(),
            "trackers.use_udp.set = no".to_owned(),
            "pieces.hash.on_completion.set = no".to_owned(),
            format!("directory.default.set = {}", at("incoming")),
            format!("log.open_file = \"l\", \"{}\"", at("rt.log")),
            "log.add_output = \"info\", \"l\"".to_owned(),
            "log.add_output = \"torrent_error\", \"l\"".to_owned(),
        ];
        fs::write(&config, lines.join("\n") + "\n").unwrap();
        let output = fs::File::create(directory.join("stdout.log")).unwrap();
        let child = program
            .arg("-n")
            .arg("-o")
            .arg(format!("import={}", config.display()))
            .env("HOME", directory)
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let rtorrent = Self { child, directory: directory.to_owned(), peer };
        eventually("rtorrent to answer", || rtorrent.client().client_version().ok());
        rtorrent
    }

    /// Its RPC socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.join("rpc.sock")
    }

    /// A client of it.
    pub(crate) fn client(&self) -> Client<UnixConnector> {
        Client::new(UnixConnector::new(self.socket()))
    }

    /// Where its peers reach it.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Its default download directory.
    pub(crate) fn incoming(&self) -> PathBuf {
        self.directory.join("incoming")
    }

    /// Makes it hang: it goes on accepting connections and never answers. Waits until no thread of it runs any more.
    pub(crate) fn hang(&self) {
        rustix::process::kill_process(Pid::from_child(&self.child), Signal::STOP).unwrap();
        let tasks = format!("/proc/{}/task", self.child.id());
        eventually("all threads to stop", || {
            let stopped = |task: fs::DirEntry| {
                let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
                stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
            };
            fs::read_dir(&tasks).unwrap().all(|task| stopped(task.unwrap())).then_some(())
        });
    }

    /// Waits until a download is complete and seeds.
    pub(crate) fn wait_seeding(&self, hash: &HexInfohash) -> rtorrent_rpc::Download {
        eventually("the download to seed", || {
            let download = self.client().download(hash).unwrap()?;
            download.is_seeding().then_some(download)
        })
    }
}

impl Drop for Rtorrent {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// A free address in 127.0.0.0/8: rtorrent keeps one connection an IP address, so each instance has its own.
pub(crate) fn free_address() -> SocketAddr {
    loop {
        let [a, b, c, d, e, ..] = RandomState::new().build_hasher().finish().to_ne_bytes();
        // Below the kernel's range for outgoing connections.
        let port = 20_000 + u16::from_ne_bytes([d, e]) % 12_000;
        let address = SocketAddr::from((Ipv4Addr::new(127, 1 + a % 254, b, 1 + c % 254), port));
        if TcpListener::bind(address).is_ok() {
            return address;
        }
    }
}

/// Polls until `probe` gives a value, for at most 20 s.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(value) = probe() {
            return value;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain for {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
