//! An sshd of its own for each test: own host keys, own authorized_keys, own port.

use std::env;
use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use inventory::{Host, Inventory};
use remote::{HostError, SshOptions, SshRemote, Timeouts};
use tempfile::TempDir;

use crate::accounts;

/// Another sshd than the system's: one of OpenSSH 9.8 or later, unpacked in a folder of its own.
fn sshd() -> PathBuf {
    env::var_os("E2E_SSHD").map_or_else(|| "/usr/sbin/sshd".into(), PathBuf::from)
}

/// Its version has processes of their own for a session, which are to be found beside it.
fn parts(sshd: &Path) -> String {
    let Some(root) = sshd.ancestors().nth(3).filter(|root| *root != Path::new("/")) else {
        return String::new();
    };
    let part = |keyword: &str, name: &str| {
        format!("{keyword} {}\n", root.join("usr/lib/openssh").join(name).display())
    };
    part("SshdSessionPath", "sshd-session") + &part("SshdAuthPath", "sshd-auth")
}

/// Whether it bans addresses that do not log in (PerSourcePenalties). Without one a test of that says so and ends.
pub(crate) fn has_penalties() -> bool {
    // Older ones do not know -V, and say their version all the same.
    let said = Command::new(sshd())
        .arg("-V")
        .output()
        .map(|said| String::from_utf8_lossy(&said.stderr).into_owned());
    let said = said.unwrap_or_default();
    let version = said.split("OpenSSH_").nth(1).unwrap_or_default();
    let mut numbers =
        version.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    let there = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (9, 8);
    if !there {
        eprintln!("skipped: {} has no PerSourcePenalties; E2E_SSHD names another", sshd().display());
    }
    there
}

/// A running server; killed by its handle when dropped.
pub(crate) struct Server {
    pub(crate) dir: TempDir,
    pub(crate) ip: IpAddr,
    pub(crate) port: u16,
    child: Child,
}

/// What is done in a server's directory before it starts, with its address.
pub(crate) type Prepare = fn(&Path, IpAddr);

/// How a server differs from an ordinary one.
pub(crate) struct Setup {
    pub(crate) host_keys: &'static [&'static str],
    pub(crate) sftp: bool,
    /// More lines of sshd_config; `{dir}` is the server's directory.
    pub(crate) config: &'static str,
    /// Where it listens; else at an address of its own.
    pub(crate) ip: Option<IpAddr>,
    pub(crate) prepare: Prepare,
    /// Accounts that are known to this server only, instead of those of this machine; needs root.
    pub(crate) accounts: Option<&'static [Account]>,
}

/// An account.
pub(crate) struct Account {
    pub(crate) name: &'static str,
    pub(crate) shell: &'static str,
    /// Files in its home.
    pub(crate) files: &'static [(&'static str, &'static str)],
    /// The fields of shadow(5) behind the password.
    pub(crate) shadow: &'static str,
}

impl Account {
    /// One that never expires.
    pub(crate) const fn new(
        name: &'static str,
        shell: &'static str,
        files: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { name, shell, files, shadow: "20000:0:99999:7:::" }
    }
}

impl Default for Setup {
    fn default() -> Self {
        Self { host_keys: &["ed25519"], sftp: true, config: "", ip: None, prepare: |_, _| (), accounts: None }
    }
}

/// Whether there is an sshd to test with. Without one a test says so and ends, unless E2E_PEERS=required.
pub(crate) fn present() -> bool {
    let there = sshd().exists();
    if !there {
        assert!(
            env::var("E2E_PEERS").as_deref() != Ok("required"),
            "{} is missing and E2E_PEERS=required",
            sshd().display()
        );
        eprintln!("skipped: {} is missing", sshd().display());
    }
    there
}

impl Server {
    /// Starts a server, or `None` without sshd.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&Setup::default())
    }

    /// Starts a server that is set up in some special way.
    pub(crate) fn start_with(setup: &Setup) -> Option<Self> {
        static NEXT: AtomicU8 = AtomicU8::new(1);
        if !present() {
            return None;
        }
        // Where sshd puts its privilege separation; only root's sshd wants it.
        let _exists = fs::create_dir("/run/sshd");
        if setup.accounts.is_some() && !accounts::possible() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        let own = || IpAddr::V4(Ipv4Addr::new(127, 0, 40, NEXT.fetch_add(1, Ordering::Relaxed)));
        let ip = setup.ip.unwrap_or_else(own);
        let port = TcpListener::bind((ip, 0)).unwrap().local_addr().unwrap().port();
        let at = |name: &str| dir.path().join(name).display().to_string();
        let mut config = format!(
            "{}{}\nListenAddress {}\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\n\
             {}\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nAuthorizedKeysFile {}\n",
            parts(&sshd()),
            setup.config.replace("{dir}", &dir.path().display().to_string()),
            SocketAddr::new(ip, port),
            // bash would read the start-up files of whoever runs the tests.
            if setup.accounts.is_some() { "" } else { "SetEnv SHLVL=1" },
            at("authorized_keys"),
        );
        for kind in setup.host_keys {
            let file = format!("host_{kind}");
            keygen(&dir.path().join(&file), kind, "");
            config += &format!("HostKey {}\n", at(&file));
        }
        if setup.sftp {
            config += "Subsystem sftp internal-sftp\n";
        }
        for (name, kind, passphrase) in [
            ("user_ed25519", "ed25519", ""),
            ("user_rsa", "rsa", ""),
            ("user_locked", "ed25519", "open sesame"),
        ] {
            keygen(&dir.path().join(name), kind, passphrase);
        }
        keygen(&dir.path().join("stranger"), "ed25519", "");
        let public = |name: &str| fs::read_to_string(at(&format!("{name}.pub"))).unwrap();
        fs::write(at("authorized_keys"), ["user_ed25519", "user_rsa", "user_locked"].map(public).concat())
            .unwrap();
        (setup.prepare)(dir.path(), ip);
        fs::write(at("sshd_config"), config).unwrap();
        let log = fs::File::create(at("sshd.log")).unwrap();
        let mut command = match setup.accounts {
            None => Command::new(sshd()),
            Some(accounts) => accounts::within(dir.path(), accounts, &sshd()),
        };
        let child = command
            .args(["-D", "-e", "-f", &at("sshd_config")])
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let server = Self { dir, ip, port, child };
        server.know(setup.host_keys);
        server.wait();
        Some(server)
    }

    fn wait(&self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        let address = SocketAddr::new(self.ip, self.port);
        while TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_err() {
            assert!(Instant::now() < deadline, "sshd does not listen: {}", self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("sshd.log")).unwrap_or_default()
    }

    /// Kills the processes that serve open connections, as a reboot would; new ones are taken.
    pub(crate) fn kill_sessions(&self) {
        let children = format!("/proc/{0}/task/{0}/children", self.child.id());
        let children = fs::read_to_string(children).unwrap();
        for pid in children.split_whitespace() {
            assert!(Command::new("kill").args(["-KILL", pid]).status().unwrap().success());
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a known_hosts file with these host keys and no others.
    pub(crate) fn know(&self, kinds: &[&str]) {
        let lines: String = kinds
            .iter()
            .map(|kind| {
                let public = fs::read_to_string(self.path(&format!("host_{kind}.pub"))).unwrap();
                format!("[{}]:{} {public}", self.ip, self.port)
            })
            .collect();
        fs::write(self.path("known_hosts"), lines).unwrap();
    }

    /// This server as a host of an inventory, with the key `identity` (none: the agent).
    pub(crate) fn host(&self, identity: Option<&str>) -> Host {
        let identity = identity.map_or(String::new(), |name| format!("identity = \"{name}\"\n"));
        let text = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[defaults]\nuser = \"{}\"\nport = {}\nknown_hosts = \"known_hosts\"\n\
             {identity}[hosts.web1]\naddress = \"{}\"\n",
            user(),
            self.port,
            self.ip,
        );
        // A file of its own, since two threads of a test may ask at once; the last one stays, whole, for another process.
        let mut file = tempfile::Builder::new().suffix(".toml").tempfile_in(self.path("")).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let host = Inventory::load(file.path()).unwrap().hosts.remove(0);
        file.persist(self.path("fleet.toml")).unwrap();
        host
    }

    /// A session of the account `name`.
    pub(crate) fn log_in(&self, name: &str) -> Result<SshRemote, HostError> {
        self.log_in_with(name, &options())
    }

    /// The same with options of its own.
    pub(crate) fn log_in_with(&self, name: &str, options: &SshOptions) -> Result<SshRemote, HostError> {
        let mut host = self.host(Some("user_ed25519"));
        host.user = name.parse().unwrap();
        SshRemote::connect(&host, options)
    }

    /// Connects with the good key.
    pub(crate) fn connect(&self) -> SshRemote {
        self.try_connect(Some("user_ed25519"), &options())
            .unwrap_or_else(|error| panic!("{error}\n{}", self.log()))
    }

    pub(crate) fn try_connect(
        &self,
        identity: Option<&str>,
        options: &SshOptions,
    ) -> Result<SshRemote, HostError> {
        SshRemote::connect(&self.host(identity), options)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// Timeouts short enough for a test that waits for one.
pub(crate) fn options() -> SshOptions {
    SshOptions::new().timeouts(Timeouts {
        connect: Duration::from_secs(10),
        step: Duration::from_secs(10),
        keepalive: Duration::from_secs(5),
    })
}

pub(crate) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Makes a key pair `path`, `path.pub`.
pub(crate) fn keygen(path: &Path, kind: &str, passphrase: &str) {
    let bits: &[&str] = if kind == "rsa" { &["-b", "2048"] } else { &[] };
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-C", "test", "-f"])
        .arg(path)
        .args(bits)
        .status()
        .unwrap();
    assert!(made.success());
}
