//! A folder of records as `tracker-publish` leaves it, and an inventory, without any server.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use metainfo::{Builder, PieceLength};
use record::{
    Layout, NamedFile, PayloadFile, Publish, Record, Records, Release, Seeder, Sha256, Tool, TrackerMode,
};
use tempfile::TempDir;

/// The folder in which the binary is run.
pub(crate) struct Published {
    pub(crate) dir: TempDir,
}

impl Published {
    /// A release that was published, and `hosts` (`[hosts.*]` tables) that can be dialled with a key of their own.
    pub(crate) fn new(hosts: &str) -> Self {
        let this = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(this.path("records")).unwrap();
        fs::write(this.path("records/x.tar.zst"), vec![7; 100_000]).unwrap();
        let torrent = Builder::new("x.tar.zst", PieceLength::DEFAULT)
            .from_file(&this.path("records/x.tar.zst"), &|_| true)
            .unwrap();
        fs::write(this.path("records/x.torrent"), torrent.to_bytes()).unwrap();
        fs::write(this.path("known_hosts"), "").unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(this.path("key"))
            .status()
            .unwrap();
        assert!(made.success());
        let inventory = format!(
            "[site]\ndeploy_to = \"/srv/site\"\n[defaults]\nidentity = \"key\"\nknown_hosts = \"known_hosts\"\n{hosts}"
        );
        fs::write(this.path("fleet.toml"), inventory).unwrap();
        this.write(&this.record());
        this
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// publish.json as it should be.
    pub(crate) fn record(&self) -> Record<Publish> {
        let file = |name: &str| NamedFile {
            file: name.parse().unwrap(),
            sha256: Sha256::of_file(&self.path(&format!("records/{name}"))).unwrap(),
        };
        let torrent = metainfo::Metainfo::read(&self.path("records/x.torrent")).unwrap();
        let payload = file("x.tar.zst");
        let release = Release {
            id: "r1".parse().unwrap(),
            infohash: torrent.infohash(),
            tree_digest: Sha256::of(b"tree"),
            layout: Layout::Archive,
            payload: PayloadFile { file: payload.file, bytes: 100_000, sha256: Some(payload.sha256) },
            torrent: file("x.torrent"),
            manifest: NamedFile { file: "x.manifest.jsonl".parse().unwrap(), sha256: Sha256::of(b"") },
            piece_length: 65536,
            files: 1,
            bytes: 1,
            private: false,
            source: None,
        };
        let seeder =
            Seeder { peer: SocketAddr::from(([127, 0, 0, 9], 6890)), bytes_done: 100_000, complete: true };
        let publish =
            Publish { mode: TrackerMode::None, announce: None, seeder: Some(seeder), push_seeds: false };
        let tool = Tool { name: "tracker-publish".into(), version: "0".into() };
        Record::new(tool, None, release, publish)
    }

    pub(crate) fn write(&self, record: &Record<Publish>) {
        Records::new(self.path("records")).write(record).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleet-push"));
        command
            .args(args)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .env("HOME", self.dir.path());
        for name in ["MKT_FLEET", "MKT_RECORDS", "MKT_IDENTITY", "MKT_KNOWN_HOSTS", "BUILD_TAG"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs it to its end.
    pub(crate) fn push(&self, args: &[&str]) -> Ended {
        Ended::from(self.command(&[&["--fleet", "fleet.toml"], args].concat()).output().unwrap())
    }

    /// Runs it with just these arguments.
    pub(crate) fn run(&self, args: &[&str]) -> Ended {
        Ended::from(self.command(args).output().unwrap())
    }

    /// Starts it.
    pub(crate) fn start(&self, args: &[&str]) -> Child {
        self.command(&[&["--fleet", "fleet.toml"], args].concat()).spawn().unwrap()
    }

    /// push.json.
    pub(crate) fn pushed(&self) -> e2e::records::Record<e2e::records::Push> {
        e2e::records::read(&self.path("records"), "push.json")
    }

    pub(crate) fn junit(&self) -> String {
        fs::read_to_string(self.path("records/push.junit.xml")).unwrap()
    }
}

/// How it ended.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) stdout: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), stderr: text(output.stderr), stdout: text(output.stdout) }
    }
}

impl Ended {
    /// Expects an exit code, an `error:` line with `words`, a `hint:` line, and nothing on standard output.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, words: &str) {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        let error = self.stderr.lines().find(|line| line.starts_with("error: ")).unwrap_or_default();
        assert!(error.contains(words), "`{words}` is not in: {}", self.stderr);
        assert!(self.stderr.lines().any(|line| line.starts_with("hint: ")), "{}", self.stderr);
        assert_eq!(self.stdout, "");
    }
}

/// Waits for a child, at most `limit`; gives its exit code and how long it took.
pub(crate) fn wait(mut child: Child, limit: Duration) -> (Ended, Duration) {
    let began = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if began.elapsed() > limit {
            child.kill().unwrap();
            panic!("still running: {:?}", child.wait_with_output());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = began.elapsed();
    (Ended::from(child.wait_with_output().unwrap()), took)
}
