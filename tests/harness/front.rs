//! What stands between a client and a server in real networks: nginx that ends TLS, and tinyproxy, a forward proxy.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::authority::Certificate;
use crate::daemon::Daemon;
use crate::peers;
use crate::wait::eventually;

/// A free port of the loopback address.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

fn listening(name: &str, daemon: &mut Daemon, port: u16) {
    eventually(&format!("{name} to listen"), Duration::from_secs(10), || {
        daemon.assert_running();
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
}

/// nginx before a plain HTTP server.
#[derive(Debug)]
pub struct TlsFront {
    _nginx: Daemon,
    port: u16,
}

impl TlsFront {
    /// Ends TLS with `certificate` and hands every request on to `server`. Its files are in `dir`, which is made.
    ///
    /// # Panics
    /// When nginx does not come up.
    #[must_use]
    pub fn start(dir: &Path, certificate: &Certificate, server: SocketAddr) -> Self {
        fs::create_dir_all(dir).expect("nginx's directory");
        let port = free_port();
        let (root, user) = (dir.display(), if peers::is_root() { "user root;\n" } else { "" });
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .iter()
            .map(|kind| format!("{kind}_temp_path {root}/{kind};\n"))
            .collect();
        let config = format!(
            "daemon off;\nmaster_process off;\n{user}pid {root}/pid;\nerror_log {root}/error.log;\nevents {{}}\nhttp {{\n\
             access_log off;\n{temporary}client_max_body_size 1m;\nserver {{\nlisten 127.0.0.1:{port} ssl;\n\
             ssl_certificate {};\nssl_certificate_key {};\nlocation / {{ proxy_pass http://{server}; }}\n}}\n}}\n",
            certificate.certificate.display(),
            certificate.key.display(),
        );
        let file = dir.join("nginx.conf");
        fs::write(&file, config).expect("nginx.conf");
        let mut command = Command::new(peers::need("nginx"));
        command.arg("-e").arg(dir.join("error.log")).arg("-p").arg(dir).arg("-c").arg(&file);
        let mut nginx = Daemon::start("nginx for TLS", &command, &dir.join("out.log"));
        listening("nginx", &mut nginx, port);
        Self { _nginx: nginx, port }
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// tinyproxy.
#[derive(Debug)]
pub struct ForwardProxy {
    _tinyproxy: Daemon,
    port: u16,
    log: PathBuf,
}

impl ForwardProxy {
    /// A proxy that opens tunnels to `tunnels` only, as proxies do to 443, for users with `login` (name and password) if
    /// that is given.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn start(dir: &Path, tunnels: u16, login: Option<(&str, &str)>) -> Self {
        fs::create_dir_all(dir).expect("tinyproxy's directory");
        let (port, log) = (free_port(), dir.join("tinyproxy.log"));
        let login =
            login.map(|(user, password)| format!("BasicAuth {user} {password}\n")).unwrap_or_default();
        let config = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 20\nLogFile \"{}\"\nLogLevel Connect\nMaxClients 20\n\
             ConnectPort {tunnels}\n{login}",
            log.display()
        );
        let file = dir.join("tinyproxy.conf");
        fs::write(&file, config).expect("tinyproxy.conf");
        let mut command = Command::new(peers::need("tinyproxy"));
        command.arg("-d").arg("-c").arg(&file);
        let mut tinyproxy = Daemon::start("tinyproxy", &command, &dir.join("out.log"));
        listening("tinyproxy", &mut tinyproxy, port);
        Self { _tinyproxy: tinyproxy, port, log }
    }

    /// `127.0.0.1:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Request lines it got that hold `part`.
    ///
    /// # Panics
    /// When its log cannot be read.
    #[must_use]
    pub fn requests(&self, part: &str) -> usize {
        let log = fs::read_to_string(&self.log).expect("tinyproxy's log");
        log.lines().filter(|line| line.contains("Request (file descriptor") && line.contains(part)).count()
    }
}
