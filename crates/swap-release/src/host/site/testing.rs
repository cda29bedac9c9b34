//! Sites for unit tests.

use std::fs;
use std::path::{Path, PathBuf};

use record::host::ReleaseState;
use record::{Layout, NamedFile, PayloadFile, Release, ReleaseId, Sha256};

use super::{ReleaseFile, Site};
use crate::host::disk::RealDisk;

pub(crate) fn id(name: &str) -> ReleaseId {
    name.parse().unwrap()
}

/// A release of one file that holds its name.
pub(crate) fn release(name: &str) -> Release {
    let digest = Sha256::of(name.as_bytes());
    let file = |end: &str| NamedFile { file: format!("{name}{end}").parse().unwrap(), sha256: digest };
    Release {
        id: id(name),
        infohash: "a9993e364706816aba3e25717850c26c9cd0d89d".parse().unwrap(),
        tree_digest: digest,
        layout: Layout::Archive,
        payload: PayloadFile { file: file(".tar.zst").file, bytes: 1, sha256: Some(digest) },
        torrent: file(".torrent"),
        manifest: file(".manifest.jsonl"),
        piece_length: 65536,
        files: 1,
        bytes: name.len() as u64,
        private: false,
        source: None,
    }
}

/// A site with these releases staged, oldest first; each has one file that holds its name.
pub(crate) fn site_with(releases: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    let locked = Site::open(root.path(), &RealDisk).unwrap().lock_as_is("test".into()).unwrap();
    for (sequence, name) in (1..).zip(releases) {
        let paths = &locked.site.paths;
        fs::create_dir(paths.release(&id(name))).unwrap();
        fs::write(paths.release(&id(name)).join("name"), name).unwrap();
        fs::create_dir(paths.known_release(&id(name))).unwrap();
        let file = ReleaseFile {
            release: release(name),
            build: None,
            state: ReleaseState::Staged,
            pinned: false,
            shared: Vec::new(),
            sequence,
            follows: None,
            since: String::new(),
            database: None,
            adopted: None,
        };
        locked.remember(&file).unwrap();
    }
    drop(locked);
    root
}

/// Where a client puts the payload of [`release`].
pub(crate) fn payload(root: &Path, name: &str) -> PathBuf {
    root.join("incoming").join(release(name).payload.file.as_str())
}

/// What a web server that follows `current` finds.
pub(crate) fn live(root: &Path) -> Option<String> {
    fs::read_to_string(root.join("current/name")).ok()
}
