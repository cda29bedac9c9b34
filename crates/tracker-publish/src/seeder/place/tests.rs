//! Tests of putting the archive in place: proved, whole or not at all, and never by link.

use std::os::unix::fs::{MetadataExt, symlink};

use tempfile::TempDir;

use super::*;

const CONTENT: &[u8] = b"the payload of a release";

struct Case {
    scratch: TempDir,
    payload: PayloadFile,
}

impl Case {
    fn new() -> Self {
        let scratch = tempfile::tempdir().unwrap();
        fs::create_dir(scratch.path().join("seed")).unwrap();
        fs::write(scratch.path().join("source"), CONTENT).unwrap();
        let payload = PayloadFile {
            file: "0123456789abcdef.tar.zst".parse().unwrap(),
            bytes: CONTENT.len() as u64,
            sha256: Some(Sha256::of(CONTENT)),
        };
        Self { scratch, payload }
    }

    fn source(&self) -> PathBuf {
        self.scratch.path().join("source")
    }

    fn seed(&self) -> PathBuf {
        self.scratch.path().join("seed")
    }

    fn target(&self) -> PathBuf {
        self.payload.file.in_folder(&self.seed())
    }

    fn place(&self) -> Result<Placed, Error> {
        archive(&self.source(), &self.seed(), &self.payload, &Sha256::of(CONTENT), &Abort::default())
    }

    fn names(&self) -> Vec<String> {
        fs::read_dir(self.seed())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

#[test]
fn it_is_copied_once_and_kept_after_that() {
    let case = Case::new();
    let placed = case.place().unwrap();
    assert_eq!((placed.change, &placed.path), (Change::Added, &case.target()));
    assert_eq!(fs::read(case.target()).unwrap(), CONTENT);
    let metadata = fs::metadata(case.target()).unwrap();
    assert_eq!((metadata.mode() & 0o7777, metadata.nlink()), (0o644, 1));
    fs::remove_file(case.source()).unwrap();
    assert_eq!(case.place().unwrap().change, Change::Kept);
    assert_eq!(fs::metadata(case.target()).unwrap().ino(), metadata.ino());
}

#[test]
fn what_is_wrong_is_replaced_and_a_link_is_not_followed() {
    let case = Case::new();
    for wrong in [&b"the payload of a releasE"[..], b"short", b""] {
        fs::write(case.target(), wrong).unwrap();
        assert_eq!(case.place().unwrap().change, Change::Replaced);
        assert_eq!(fs::read(case.target()).unwrap(), CONTENT);
    }
    let elsewhere = case.scratch.path().join("elsewhere");
    fs::write(&elsewhere, CONTENT).unwrap();
    fs::remove_file(case.target()).unwrap();
    symlink(&elsewhere, case.target()).unwrap();
    assert_eq!(case.place().unwrap().change, Change::Replaced);
    assert!(fs::symlink_metadata(case.target()).unwrap().is_file());
}

#[test]
fn a_corrupt_source_is_refused_and_leaves_nothing() {
    let case = Case::new();
    for corrupt in [&b"the payload of a releasE"[..], b"the payload", b"the payload of a release and more"] {
        fs::write(case.source(), corrupt).unwrap();
        assert!(matches!(case.place(), Err(Error::Payload { .. })));
        assert!(case.names().is_empty(), "{:?}", case.names());
    }
    fs::remove_file(case.source()).unwrap();
    assert!(matches!(case.place(), Err(Error::Read { .. })));
}

#[test]
fn an_abort_leaves_nothing() {
    let case = Case::new();
    let abort = Abort::default();
    abort.set();
    let outcome = archive(&case.source(), &case.seed(), &case.payload, &Sha256::of(CONTENT), &abort);
    assert!(outcome.unwrap_err().is_abort());
    assert!(case.names().is_empty());
}

#[test]
fn a_directory_in_the_way_is_not_removed() {
    let case = Case::new();
    fs::create_dir(case.target()).unwrap();
    assert!(matches!(case.place(), Err(Error::Write { .. })));
    assert!(case.target().is_dir());
}

#[test]
fn the_torrent_is_written_once() {
    let case = Case::new();
    let name: FileName = "r.torrent".parse().unwrap();
    let path = torrent(&case.seed(), &name, b"one", Readers::Owner).unwrap();
    let first = fs::metadata(&path).unwrap().ino();
    assert_eq!(torrent(&case.seed(), &name, b"one", Readers::Owner).unwrap(), path);
    assert_eq!(fs::metadata(&path).unwrap().ino(), first);
    torrent(&case.seed(), &name, b"two", Readers::Everybody).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"two");
}

#[test]
fn the_seeders_directory_must_be_one() {
    let case = Case::new();
    assert!(matches!(directory(&case.source()), Err(Error::SeederDirectory { .. })));
    assert!(matches!(directory(&case.scratch.path().join("none")), Err(Error::SeederDirectory { .. })));
    let link = case.scratch.path().join("link");
    symlink(case.seed(), &link).unwrap();
    assert_eq!(directory(&link).unwrap(), fs::canonicalize(case.seed()).unwrap());
}
