//! A host, a release and a status for unit tests.

use inventory::{Host, Inventory};
use record::host::{HostStatus, ReleaseStatus};
use record::{Layout, NamedFile, PayloadFile, Release, Sha256};
use remote::{Reply, Status};

pub(crate) fn release(layout: Layout) -> Release {
    let named = |file: &str| NamedFile { file: file.parse().unwrap(), sha256: Sha256::of(file.as_bytes()) };
    Release {
        id: "r2".parse().unwrap(),
        infohash: "00112233445566778899aabbccddeeff00112233".parse().unwrap(),
        tree_digest: Sha256::of(b"tree"),
        layout,
        payload: PayloadFile { file: "x.tar.zst".parse().unwrap(), bytes: 1000, sha256: None },
        torrent: named("x.torrent"),
        manifest: named("x.manifest.jsonl"),
        piece_length: 65536,
        files: 1,
        bytes: 2000,
        private: false,
        source: None,
    }
}

pub(crate) fn host() -> Host {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("fleet.toml");
    std::fs::write(
        &path,
        "[site]\ndeploy_to = \"/srv/site\"\n[hosts.web1]\naddress = \"10.0.0.11\"\n\
                engine = \"rtorrent\"\n",
    )
    .unwrap();
    Inventory::load(&path).unwrap().hosts.remove(0)
}

pub(crate) fn status(releases: Vec<ReleaseStatus>) -> Reply {
    let status = HostStatus {
        shared: record::host::SharedStatus::default(),
        schema: HostStatus::SCHEMA.into(),
        version: "0".into(),
        current: None,
        foreign: None,
        previous: None,
        busy: None,
        releases,
        gone: Vec::new(),
        owed: None,
        hooks: Vec::new(),
        remains: None,
    };
    Reply::Says(Status::Exited(0), serde_json::to_vec(&status).unwrap())
}
