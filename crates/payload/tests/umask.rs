//! Modes do not depend on the umask. A binary of its own, because a umask belongs to the whole process.

#![allow(clippy::unwrap_used)]

use payload::{Mtimes, WalkOptions, archive, tree, verify, walk};
use rustix::fs::Mode;
use std::fs;

#[test]
fn neither_a_closed_nor_an_open_umask_matters() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("site");
    fs::create_dir_all(root.join("d")).unwrap();
    fs::write(root.join("d/f"), "x").unwrap();
    let mtimes = Mtimes { release: 1, bases: &[] };
    let scan = walk(&root, &WalkOptions::default(), &|_| true).unwrap();
    let options = archive::Options { level: 1, mtimes, spool: dir.path() };
    let mut archives = Vec::new();
    for umask in [0o777, 0o077, 0o022, 0] {
        let before = rustix::process::umask(Mode::from_bits_retain(umask));
        let (manifest, bytes) = archive::write(&scan, &options, Vec::new(), &|_| true).unwrap();
        let [unpacked, copied] =
            ["unpacked", "copied"].map(|name| dir.path().join(format!("{name}{umask:o}")));
        archive::unpack(bytes.as_slice(), &unpacked, &manifest.digest(), &|_| true).unwrap();
        tree::copy(&root, &copied, &manifest, &manifest.digest(), &|_| true).unwrap();
        rustix::process::umask(before);
        for tree in [unpacked, copied] {
            let report = verify::<&str>(&tree, &manifest, &[], &|_| true).unwrap();
            assert!(report.is_clean(), "umask {umask:o}: {report:?}");
        }
        archives.push(bytes);
    }
    archives.dedup();
    assert_eq!(archives.len(), 1);
}
