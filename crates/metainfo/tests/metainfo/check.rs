//! Checking what is on disk.

use metainfo::{Builder, Damage, DamagedFile, FileEntry, Metainfo, PieceLength};
use std::fs;
use tempfile::TempDir;

/// Files of 10,000 bytes and pieces of 16,384: `a` is in piece 0, `b` in 0 and 1, `c` in 1, `d` in 1 and 2.
fn tree() -> (TempDir, Metainfo) {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for (index, name) in ["a", "b", "c", "d", "e"].into_iter().enumerate() {
        let content = if name == "e" { vec![] } else { vec![index as u8; 10_000] };
        fs::write(dir.path().join(name), &content).unwrap();
        files.push(FileEntry { path: name.into(), length: content.len() as u64 });
    }
    let torrent = Builder::new("t", PieceLength::MIN).from_tree(dir.path(), &files, &|_| true).unwrap();
    (dir, torrent)
}

fn damaged(list: &[(&str, Damage)]) -> Vec<DamagedFile> {
    list.iter().map(|&(path, damage)| DamagedFile { path: path.into(), damage }).collect()
}

#[test]
fn a_whole_tree_is_whole() {
    let (dir, torrent) = tree();
    assert!(torrent.check(dir.path(), &|_| true).unwrap().is_whole());
}

#[test]
fn a_flipped_byte_names_the_files_of_its_piece() {
    let (dir, torrent) = tree();
    let mut content = vec![3; 10_000];
    content[9_999] = 9;
    fs::write(dir.path().join("d"), content).unwrap();
    let report = torrent.check(dir.path(), &|_| true).unwrap();
    assert_eq!(report.bad_pieces, [2]);
    assert_eq!(report.damaged, damaged(&[("d", Damage::Content { bad_pieces: 1 })]));
}

#[test]
fn a_missing_file_leaves_its_neighbours_unproved() {
    let (dir, torrent) = tree();
    fs::remove_file(dir.path().join("a")).unwrap();
    fs::remove_file(dir.path().join("e")).unwrap();
    let report = torrent.check(dir.path(), &|_| true).unwrap();
    assert_eq!(report.bad_pieces, [0]);
    let expected = damaged(&[("a", Damage::Missing), ("b", Damage::Unproved), ("e", Damage::Missing)]);
    assert_eq!(report.damaged, expected);
}

#[test]
fn other_sizes_links_and_directories_are_found() {
    let (dir, torrent) = tree();
    fs::write(dir.path().join("a"), vec![0; 10_001]).unwrap();
    fs::remove_file(dir.path().join("d")).unwrap();
    std::os::unix::fs::symlink("c", dir.path().join("d")).unwrap();
    fs::remove_file(dir.path().join("e")).unwrap();
    fs::create_dir(dir.path().join("e")).unwrap();
    let report = torrent.check(dir.path(), &|_| true).unwrap();
    assert_eq!(report.bad_pieces, [0, 1, 2]);
    let size = Damage::Size { expected: 10_000, found: 10_001 };
    let expected = [
        ("a", size),
        ("b", Damage::Unproved),
        ("c", Damage::Unproved),
        ("d", Damage::NotAFile),
        ("e", Damage::NotAFile),
    ];
    assert_eq!(report.damaged, damaged(&expected));
}

#[test]
fn one_file_is_checked_where_it_lies() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("payload");
    fs::write(&path, vec![7; 40_000]).unwrap();
    let torrent = Builder::new("other-name", PieceLength::MIN).from_file(&path, &|_| true).unwrap();
    assert!(torrent.check(&path, &|_| true).unwrap().is_whole());
    fs::write(&path, [vec![7; 20_000], vec![8; 20_000]].concat()).unwrap();
    let report = torrent.check(&path, &|_| true).unwrap();
    assert_eq!(report.bad_pieces, [1, 2]);
    assert_eq!(report.damaged, damaged(&[("other-name", Damage::Content { bad_pieces: 2 })]));
    fs::remove_file(&path).unwrap();
    let report = torrent.check(&path, &|_| true).unwrap();
    assert_eq!(report.damaged, damaged(&[("other-name", Damage::Missing)]));
}

#[test]
fn it_stops_on_request() {
    let (dir, torrent) = tree();
    assert!(torrent.check(dir.path(), &|_| false).unwrap_err().is_aborted());
}
