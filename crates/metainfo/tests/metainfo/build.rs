//! Building torrents.

use metainfo::{AnnounceUrl, Builder, Content, Error, FileEntry, Metainfo, PieceLength};
use std::fs;

fn entry(path: &str, length: u64) -> FileEntry {
    FileEntry { path: path.into(), length }
}

#[test]
fn a_file_becomes_a_torrent_that_reads_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "abc").unwrap();
    let torrent = Builder::new("f", "32KiB".parse().unwrap())
        .announce(Some("http://t.example/announce".parse().unwrap()))
        .created_by("mktorrent 1.1")
        .from_file(&path, &|_| true)
        .unwrap();
    assert_eq!(torrent.to_bytes(), crate::plain());
    assert_eq!(Metainfo::parse(&torrent.to_bytes()).unwrap(), torrent);
}

#[test]
fn a_tree_is_listed_by_whole_path() {
    let dir = tempfile::tempdir().unwrap();
    let paths = ["a0", "a/x", "a-b/x", "a.b", ".htaccess", "Z", "a/empty"];
    for path in paths {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, if path.ends_with("empty") { "" } else { "12345" }).unwrap();
    }
    let entries = paths.map(|path| entry(path, if path.ends_with("empty") { 0 } else { 5 }));
    let torrent = Builder::new("site", PieceLength::MIN).from_tree(dir.path(), &entries, &|_| true).unwrap();
    let Content::Tree { files } = torrent.info().content() else { panic!("not a tree") };
    let listed: Vec<_> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(listed, [".htaccess", "Z", "a-b/x", "a.b", "a/empty", "a/x", "a0"]);
    assert_eq!(torrent.info().bytes(), 30);
    assert!(torrent.check(dir.path(), &|_| true).unwrap().is_whole());
}

#[test]
fn private_and_source_are_part_of_the_infohash_and_announce_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("f");
    fs::write(&path, "abc").unwrap();
    let build = |builder: Builder| builder.from_file(&path, &|_| true).unwrap();
    let base = Builder::new("f", PieceLength::MIN);
    let plain = build(base.clone());
    let private = build(base.clone().private(true));
    let sourced = build(base.clone().private(true).source(Some("SRC".into())));
    let announced = build(base.announce(Some(AnnounceUrl::no_tracker())).created_by("x"));
    assert_eq!(plain.infohash(), announced.infohash());
    assert!(plain.announce().is_none() && private.info().private());
    assert_ne!(plain.infohash(), private.infohash());
    assert_ne!(private.infohash(), sourced.infohash());
    let again = Metainfo::parse(&sourced.to_bytes()).unwrap();
    assert_eq!((again.info().private(), again.info().source()), (true, Some("SRC")));
}

#[test]
fn what_cannot_be_a_torrent_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("empty"), "").unwrap();
    fs::write(dir.path().join("f"), "abc").unwrap();
    let build = || Builder::new("n", PieceLength::MIN);
    let tree = |files: &[FileEntry]| build().from_tree(dir.path(), files, &|_| true).unwrap_err();
    assert!(matches!(build().from_file(&dir.path().join("empty"), &|_| true), Err(Error::Empty { .. })));
    assert!(matches!(build().from_file(&dir.path().join("none"), &|_| true), Err(Error::Read { .. })));
    assert!(matches!(tree(&[]), Error::Empty { .. }));
    assert!(matches!(tree(&[entry("empty", 0)]), Error::Empty { .. }));
    assert!(matches!(tree(&[entry("f", 3), entry("f", 3)]), Error::DuplicatePath { .. }));
    assert!(matches!(tree(&[entry("f", 4)]), Error::Changed { .. }));
    let bad = Builder::new("a/b", PieceLength::MIN).from_file(&dir.path().join("f"), &|_| true);
    assert!(matches!(bad, Err(Error::UnsafePath { .. })));
}
