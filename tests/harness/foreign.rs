//! Clients of other projects. Each gets a torrent, knows of nobody, waits to be dialled, and has its files in a directory of
//! the test's choice: what is there already it checks and gives away.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::daemon::Daemon;
use crate::peers;

/// Which client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// aria2c of Debian's package `aria2`.
    Aria2,
    /// libtorrent-rasterbar of PyPI.
    Libtorrent,
    /// qbittorrent-nox.
    Qbittorrent,
    /// transmission-daemon.
    Transmission,
}

/// Where a client works.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its configuration and log; made if need be.
    pub state: &'a Path,
    /// Its files.
    pub files: &'a Path,
    /// Where it listens.
    pub address: SocketAddr,
}

/// Has a torrent until it is ended.
const LIBTORRENT: &str = r#"
import sys, time
import libtorrent
torrent, directory, address = sys.argv[1:]
session = libtorrent.session({"listen_interfaces": address, "enable_dht": False, "enable_lsd": False,
    "enable_upnp": False, "enable_natpmp": False, "alert_mask": 0})
session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": directory})
time.sleep(600)
"#;

impl Client {
    /// Starts it with `torrent`; nothing when it is not installed, and `test` is to be skipped.
    ///
    /// # Panics
    /// When its configuration cannot be written.
    #[must_use]
    pub fn start(self, test: &str, torrent: &Path, place: Place<'_>) -> Option<Daemon> {
        let program = self.program();
        let why = format!("not installed: {self:?} (scripts/test installs it)");
        if !peers::skip_unless(test, program.is_some(), &why) {
            return None;
        }
        for directory in [place.state, place.files] {
            fs::create_dir_all(directory).expect("a directory of a client");
        }
        let mut command = Command::new(program.unwrap_or_default());
        command.env("HOME", place.state);
        match self {
            Self::Aria2 => aria2(&mut command, torrent, place),
            Self::Libtorrent => {
                let address = place.address.to_string();
                command.arg("-c").arg(LIBTORRENT).arg(torrent).arg(place.files).arg(address);
            }
            Self::Qbittorrent => qbittorrent(&mut command, torrent, place),
            Self::Transmission => transmission(&mut command, torrent, place),
        }
        Some(Daemon::start(&format!("{self:?}"), &command, &place.state.join("log")))
    }

    fn program(self) -> Option<PathBuf> {
        match self {
            Self::Aria2 => peers::find("aria2c"),
            Self::Libtorrent => {
                let python =
                    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/peers-python/bin/python");
                python.exists().then_some(python)
            }
            Self::Qbittorrent => peers::find("qbittorrent-nox"),
            Self::Transmission => peers::find("transmission-daemon"),
        }
    }
}

fn aria2(command: &mut Command, torrent: &Path, place: Place<'_>) {
    command
        .args(["--no-conf", "--enable-dht=false", "--enable-dht6=false", "--bt-enable-lpd=false"])
        .args(["--enable-peer-exchange=false", "--check-integrity=true", "--file-allocation=none"])
        // Without a ratio and a time at which it stops to give.
        .args(["--seed-ratio=0.0", "--summary-interval=0"])
        .arg(format!("--interface={}", place.address.ip()))
        .arg(format!("--listen-port={}", place.address.port()))
        .arg(format!("--dir={}", place.files.display()))
        .arg(torrent);
}

fn qbittorrent(command: &mut Command, torrent: &Path, place: Place<'_>) {
    let (ip, port) = (place.address.ip(), place.address.port());
    let settings = format!(
        "[BitTorrent]\nSession\\Port={port}\nSession\\InterfaceAddress={ip}\nSession\\BTProtocol=TCP\n\
         Session\\DHTEnabled=false\nSession\\LSDEnabled=false\nSession\\PeXEnabled=false\n\
         Session\\DefaultSavePath={}\n\n[LegalNotice]\nAccepted=true\n\n[Network]\nPortForwardingEnabled=false\n\n\
         [Preferences]\nWebUI\\Address={ip}\n",
        place.files.display(),
    );
    let folder = place.state.join("qBittorrent/config");
    fs::create_dir_all(&folder).expect("its configuration's directory");
    fs::write(folder.join("qBittorrent.conf"), settings).expect("its configuration");
    command
        .arg(format!("--profile={}", place.state.display()))
        .arg(format!("--webui-port={}", port + 1))
        .arg("--skip-dialog=true")
        .arg(torrent);
}

fn transmission(command: &mut Command, torrent: &Path, place: Place<'_>) {
    let watch = place.state.join("watch");
    fs::create_dir_all(&watch).expect("its watch directory");
    let settings = format!(
        r#"{{"bind-address-ipv4": "{}", "peer-port": {}, "download-dir": {:?}, "watch-dir": {watch:?},
            "watch-dir-enabled": true, "incomplete-dir-enabled": false, "rpc-enabled": false, "dht-enabled": false,
            "lpd-enabled": false, "pex-enabled": false, "utp-enabled": false, "port-forwarding-enabled": false}}"#,
        place.address.ip(),
        place.address.port(),
        place.files,
    );
    fs::write(place.state.join("settings.json"), settings).expect("its configuration");
    fs::copy(torrent, watch.join("payload.torrent")).expect("the torrent in its watch directory");
    command.arg("--foreground").arg("--config-dir").arg(place.state);
}
