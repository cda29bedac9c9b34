//! Tests of putting a tree in place: the torrent's files, nothing else, and nothing through a link.

use std::os::unix::fs::{MetadataExt, symlink};

use metainfo::{Builder, PieceLength};
use tempfile::TempDir;

use super::*;

const FILES: [(&str, &[u8]); 4] =
    [("index.php", b"<?php"), ("core/a.php", b"a"), ("core/lib/deep/b.php", b"bb"), ("empty", b"")];

struct Case {
    scratch: TempDir,
    torrent: Metainfo,
}

impl Case {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        let site = scratch.path().join("site");
        for (path, content) in FILES {
            let path = site.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        fs::create_dir(scratch.path().join("seed")).unwrap();
        let files = FILES
            .iter()
            .map(|(path, content)| FileEntry { path: (*path).to_owned(), length: content.len() as u64 });
        let torrent = Builder::new("0123456789abcdef", PieceLength::MIN)
            .from_tree(&site, &files.collect::<Vec<_>>(), &|_| true)
            .unwrap();
        Self { scratch, torrent }
    }

    fn site(&self) -> PathBuf {
        self.scratch.path().join("site")
    }

    fn seed(&self) -> PathBuf {
        self.scratch.path().join("seed")
    }

    fn place(&self) -> Result<Placed, Error> {
        tree(&self.site(), &self.seed(), &self.torrent, &Abort::default())
    }

    fn names(&self) -> Vec<String> {
        fs::read_dir(self.seed())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    fn refused(&self) -> String {
        let error = self.place().unwrap_err();
        assert!(matches!(error, Error::TreeDiffers { .. }), "{error}");
        assert!(self.names().is_empty(), "{:?}", self.names());
        error.to_string()
    }
}

#[test]
fn the_torrents_files_are_copied_and_nothing_else() {
    let case = Case::new();
    fs::write(case.site().join("settings.php"), "secret").unwrap();
    symlink("index.php", case.site().join("link")).unwrap();
    fs::create_dir(case.site().join("empty-directory")).unwrap();
    let placed = case.place().unwrap();
    assert_eq!((placed.change, &placed.path), (Change::Added, &case.seed().join("0123456789abcdef")));
    for (path, content) in FILES {
        assert_eq!(fs::read(placed.path.join(path)).unwrap(), content);
        let metadata = fs::metadata(placed.path.join(path)).unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.nlink()), (0o644, 1), "{path}");
    }
    for directory in ["", "core", "core/lib", "core/lib/deep"] {
        assert_eq!(fs::metadata(placed.path.join(directory)).unwrap().mode() & 0o7777, 0o755, "{directory}");
    }
    for absent in ["settings.php", "link", "empty-directory"] {
        assert!(!placed.path.join(absent).exists(), "{absent}");
    }
    assert_eq!(case.names(), ["0123456789abcdef"]);
    assert_eq!(case.place().unwrap().change, Change::Kept);
}

#[test]
fn a_damaged_tree_in_place_is_replaced() {
    let case = Case::new();
    let path = case.place().unwrap().path;
    fs::write(path.join("core/a.php"), "x").unwrap();
    assert_eq!(case.place().unwrap().change, Change::Replaced);
    assert_eq!(fs::read(path.join("core/a.php")).unwrap(), b"a");
    assert_eq!(case.names(), ["0123456789abcdef"]);
}

#[test]
fn a_site_that_is_not_the_packed_one_is_refused_by_file() {
    let case = Case::new();
    fs::write(case.site().join("core/a.php"), "b").unwrap();
    assert!(case.refused().contains("core/a.php"));
    fs::write(case.site().join("core/a.php"), "longer").unwrap();
    assert!(case.refused().contains("6 bytes instead of 1"));
    fs::remove_file(case.site().join("core/a.php")).unwrap();
    assert!(case.refused().contains("missing"));
}

#[test]
fn links_are_not_followed() {
    let case = Case::new();
    let outside = case.scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("a.php"), "a").unwrap();
    fs::remove_file(case.site().join("core/a.php")).unwrap();
    symlink(outside.join("a.php"), case.site().join("core/a.php")).unwrap();
    assert!(case.refused().contains("not a regular file"));
    fs::rename(case.site().join("core"), outside.join("core")).unwrap();
    fs::write(outside.join("core/a.php.new"), "a").unwrap();
    fs::rename(outside.join("core/a.php.new"), outside.join("core/a.php")).unwrap();
    symlink(outside.join("core"), case.site().join("core")).unwrap();
    assert!(case.refused().contains("not a regular file"));
}

#[test]
fn an_abort_leaves_nothing() {
    let case = Case::new();
    let abort = Abort::default();
    abort.set();
    assert!(tree(&case.site(), &case.seed(), &case.torrent, &abort).unwrap_err().is_abort());
    assert!(case.names().is_empty());
}
