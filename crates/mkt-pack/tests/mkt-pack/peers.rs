//! Beside Debian's mktorrent and transmission-show.

use std::fs;
use std::path::Path;
use std::process::Command;

use metainfo::Metainfo;

use crate::sandbox::{Sandbox, installed};

fn mktorrent(args: &[&str], name: &str, of: &Path, out: &Path) -> Metainfo {
    let status = Command::new("mktorrent")
        .args(["-d", "-a", "http://t.example/announce", "-n", name])
        .args(args)
        .arg("-o")
        .arg(out)
        .arg(of)
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    Metainfo::read(out).unwrap()
}

#[test]
fn the_info_dict_of_a_tree_is_mktorrents_byte_for_byte() {
    if !installed("mktorrent") {
        return;
    }
    for (number, (ours, theirs)) in [
        (vec![], vec!["-l", "16"]),
        (vec!["--piece-length", "32KiB"], vec!["-l", "15"]),
        (vec!["--private", "--source", "SRC"], vec!["-l", "16", "-p", "-s", "SRC"]),
        (vec!["--piece-length", "1MiB"], vec!["-l", "20"]),
    ]
    .into_iter()
    .enumerate()
    {
        let sandbox = Sandbox::site();
        sandbox
            .pack(
                &[&["--layout", "tree", "--announce", "http://t.example/announce"], ours.as_slice()].concat(),
            )
            .ok();
        let ours = Metainfo::read(&sandbox.named("records", "torrent")).unwrap();
        let name = ours.info().name().to_owned();
        let theirs =
            mktorrent(&theirs, &name, &sandbox.path("site"), &sandbox.path(&format!("{number}.torrent")));
        assert_eq!(ours.info(), theirs.info());
        assert_eq!(ours.info_bytes(), theirs.info_bytes());
        assert_eq!(ours.announce(), theirs.announce());
    }
}

#[test]
fn the_info_dict_of_an_archive_is_mktorrents_byte_for_byte() {
    if !installed("mktorrent") {
        return;
    }
    let sandbox = Sandbox::site();
    sandbox.pack(&[]).ok();
    let payload = sandbox.named("records", "payload");
    let ours = Metainfo::read(&sandbox.named("records", "torrent")).unwrap();
    let theirs = mktorrent(&["-l", "16"], ours.info().name(), &payload, &sandbox.path("x.torrent"));
    assert_eq!(ours.info_bytes(), theirs.info_bytes());
    assert!(ours.check(&payload, &|_| true).unwrap().is_whole());
}

#[test]
fn sizes_around_the_piece_length_agree() {
    if !installed("mktorrent") {
        return;
    }
    for sizes in
        [vec![32_767], vec![32_768], vec![32_769], vec![0, 65_536, 0], vec![1, 32_767, 0, 40_000], vec![1]]
    {
        let sandbox = Sandbox::new();
        for (number, size) in sizes.iter().enumerate() {
            sandbox.file(&format!("f{number}"), &"x".repeat(*size), 0o644);
        }
        sandbox.pack(&["--layout", "tree", "--piece-length", "32KiB"]).ok();
        let ours = Metainfo::read(&sandbox.named("records", "torrent")).unwrap();
        let theirs =
            mktorrent(&["-l", "15"], ours.info().name(), &sandbox.path("site"), &sandbox.path("x.torrent"));
        assert_eq!(ours.info_bytes(), theirs.info_bytes(), "{sizes:?}");
    }
}

#[test]
fn transmission_reads_the_torrent() {
    if !installed("transmission-show") {
        return;
    }
    for layout in ["archive", "tree"] {
        let sandbox = Sandbox::site();
        sandbox.pack(&["--layout", layout]).ok();
        let record = sandbox.record("records");
        let output =
            Command::new("transmission-show").arg(sandbox.named("records", "torrent")).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{text}");
        assert!(text.contains(record["release"]["infohash"].as_str().unwrap()), "{text}");
        assert!(text.contains(&format!("Piece Count: {}", record["details"]["pieces"])), "{text}");
        assert!(text.contains("Piece Size: 64.00 KiB") && text.contains("Public torrent"), "{text}");
        assert!(text.contains(metainfo::NO_TRACKER_ANNOUNCE), "{text}");
    }
}

#[test]
fn the_archive_unpacks_with_tar_and_zstd() {
    if !installed("zstd") {
        return;
    }
    let sandbox = Sandbox::site();
    sandbox.link("l", "a/x");
    fs::create_dir(sandbox.path("site/empty-dir")).unwrap();
    sandbox.pack(&[]).ok();
    fs::create_dir(sandbox.path("by-hand")).unwrap();
    let status = Command::new("tar")
        .args(["--zstd", "-xf"])
        .arg(sandbox.named("records", "payload"))
        .arg("-C")
        .arg(sandbox.path("by-hand"))
        .status()
        .unwrap();
    assert!(status.success());
    let diff = Command::new("diff")
        .args(["-r", "--no-dereference"])
        .args([sandbox.path("site"), sandbox.path("by-hand/tree")])
        .output()
        .unwrap();
    assert!(diff.status.success(), "{}", String::from_utf8_lossy(&diff.stdout));
    let inside = fs::read(sandbox.path("by-hand/manifest.jsonl")).unwrap();
    assert_eq!(inside, fs::read(sandbox.named("records", "manifest")).unwrap());
}
