//! The stage's surroundings for tests: a packed release, a folder of records, a seeder's directory, the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use metainfo::{Builder, FileEntry, Metainfo, PieceLength};
use record::{Layout, NamedFile, Pack, PayloadFile, Record, Records, Release, Sha256, Tool};
use rtorrent_rpc::HexInfohash;
use serde_json::Value;
use tempfile::TempDir;

/// A scratch directory with a packed release in `records/` and an empty `seed/`.
pub(crate) struct World {
    scratch: TempDir,
    pub(crate) torrent: Metainfo,
}

/// How to pack it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Packing {
    /// Many files in the torrent, so that it is too large to be sent as bytes.
    pub(crate) large_torrent: bool,
    pub(crate) tree: bool,
    pub(crate) private: bool,
    /// As a site of the OPS line wants it.
    pub(crate) source: Option<&'static str>,
}

impl World {
    pub(crate) fn new(packing: Packing) -> Self {
        let scratch = TempDir::new().unwrap();
        for sub in ["records", "seed"] {
            fs::create_dir(scratch.path().join(sub)).unwrap();
        }
        let name = if packing.tree { "0123456789abcdef" } else { "0123456789abcdef.tar.zst" };
        let builder = Builder::new(name, PieceLength::MIN)
            .private(packing.private)
            .source(packing.source.map(str::to_owned));
        let torrent = if packing.tree {
            let site = scratch.path().join("site");
            let files = make_site(&site, if packing.large_torrent { 3000 } else { 20 });
            builder.from_tree(&site, &files, &|_| true).unwrap()
        } else {
            let content: Vec<u8> = (0..700_000_u32).flat_map(u32::to_le_bytes).collect();
            let path = scratch.path().join("records").join(name);
            fs::write(&path, content).unwrap();
            builder.from_file(&path, &|_| true).unwrap()
        };
        let world = Self { scratch, torrent };
        world.write_pack(packing);
        world
    }

    /// Packs another release of this content, as an archive; the same number gives the same archive.
    pub(crate) fn repack(&self, id: &str, number: u8) -> Metainfo {
        let name = format!("{number:016x}.tar.zst");
        let path = self.records().join(&name);
        fs::write(&path, vec![number; 300_000]).unwrap();
        let builder = Builder::new(&name, PieceLength::MIN).private(self.torrent.info().private());
        let torrent = builder.from_file(&path, &|_| true).unwrap();
        let packing = Packing { private: self.torrent.info().private(), ..Packing::default() };
        self.write_pack_of(&torrent, id, packing);
        torrent
    }

    fn write_pack(&self, packing: Packing) {
        self.write_pack_of(&self.torrent, "42-0a1b2c3d", packing);
    }

    fn write_pack_of(&self, torrent: &Metainfo, id: &str, packing: Packing) {
        let named = |file: &str, bytes: &[u8]| {
            fs::write(self.records().join(file), bytes).unwrap();
            NamedFile { file: file.parse().unwrap(), sha256: Sha256::of(bytes) }
        };
        let info = torrent.info();
        let release = Release {
            id: id.parse().unwrap(),
            infohash: torrent.infohash(),
            tree_digest: Sha256::of(b"tree"),
            layout: if packing.tree { Layout::Tree } else { Layout::Archive },
            payload: PayloadFile {
                file: info.name().parse().unwrap(),
                bytes: info.bytes(),
                sha256: (!packing.tree).then(|| Sha256::of_file(&self.records().join(info.name())).unwrap()),
            },
            torrent: named(&format!("{id}.torrent"), &torrent.to_bytes()),
            manifest: named(&format!("{id}.manifest.jsonl"), b"{\"manifest\":1,\"entries\":0}\n"),
            piece_length: info.piece_length().bytes(),
            files: 1,
            bytes: 1,
            private: packing.private,
            source: packing.source.map(str::to_owned),
        };
        let details = Pack {
            directories: 0,
            links: 0,
            excluded: 0,
            release_time: 0,
            base: None,
            level: None,
            pieces: 1,
        };
        let tool = Tool { name: "mkt-pack".into(), version: "0.1.0".into() };
        Records::new(self.records()).write(&Record::new(tool, None, release, details)).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.scratch.path()
    }

    pub(crate) fn records(&self) -> PathBuf {
        self.path().join("records")
    }

    pub(crate) fn site(&self) -> PathBuf {
        self.path().join("site")
    }

    pub(crate) fn seed(&self) -> PathBuf {
        self.path().join("seed")
    }

    /// The payload in the folder of records.
    pub(crate) fn source(&self) -> PathBuf {
        self.records().join(self.torrent.info().name())
    }

    /// The payload in the seeder's directory.
    pub(crate) fn placed(&self) -> PathBuf {
        self.seed().join(self.torrent.info().name())
    }

    pub(crate) fn hash(&self) -> HexInfohash {
        HexInfohash::from_bytes(*self.torrent.infohash().as_bytes())
    }

    /// The torrent that the seeder was given.
    pub(crate) fn seeded_torrent(&self) -> Metainfo {
        Metainfo::read(&self.seed().join("42-0a1b2c3d.torrent")).unwrap()
    }

    /// `publish.json`, read without the writer's types.
    pub(crate) fn publish_json(&self) -> Value {
        let text = fs::read_to_string(self.records().join("publish.json")).unwrap();
        let record: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(record["schema"], "publish/1");
        assert_eq!(record["input"]["file"], "pack.json");
        assert_eq!(record["release"]["infohash"], self.torrent.infohash().to_string());
        assert!(!text.contains(self.path().to_str().unwrap()), "a path of this machine in {text}");
        record
    }

    /// The binary on this world's records and seeder directory.
    pub(crate) fn command(&self, socket: &Path, peer: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tracker-publish"));
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .current_dir(self.path());
        command.args(["--records", "records", "--seeder-directory", "seed", "--seeder-peer", peer]);
        command.arg("--seeder-socket").arg(socket).stdin(Stdio::null());
        command
    }
}

/// How a run ended: exit code and what it said.
#[must_use]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) said: String,
}

/// Runs it to its end; nothing may appear on standard output.
pub(crate) fn run(command: &mut Command) -> Ended {
    ended(&command.output().unwrap())
}

pub(crate) fn ended(output: &Output) -> Ended {
    assert!(output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stdout));
    Ended { code: output.status.code(), said: String::from_utf8_lossy(&output.stderr).into_owned() }
}

impl Ended {
    /// Fails unless it ended with this code and said all of these words.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.said);
        for word in words {
            assert!(self.said.contains(word), "`{word}` is not in:\n{}", self.said);
        }
    }
}

fn make_site(site: &Path, count: usize) -> Vec<FileEntry> {
    let long = "x".repeat(100);
    (0..count)
        .map(|number| {
            let path = format!("core/{}/{long}{number}.php", number % 7);
            let content = format!("<?php // {number}\n").repeat(number % 50 + 1);
            fs::create_dir_all(site.join(&path).parent().unwrap()).unwrap();
            fs::write(site.join(&path), &content).unwrap();
            FileEntry { path, length: content.len() as u64 }
        })
        .collect()
}
