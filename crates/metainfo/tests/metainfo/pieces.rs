//! Piece hashes of files of every awkward size, against hashing the concatenation in one go.

use metainfo::{
    Builder, Damage, DamagedFile, Error, FileEntry, Metainfo, PieceLength, SourceFile, Stamp, hash_pieces,
};
use sha1::{Digest, Sha1};
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;
use std::process::Command;

const MIB: usize = 1 << 20;

/// Bytes whose period, a prime, is no piece's; another seed gives others.
fn noise(seed: usize, length: usize) -> Vec<u8> {
    let once = 0..65_521.min(length);
    let once: Vec<u8> =
        once.map(|at| ((at + (seed << 40)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8).collect();
    let mut bytes = once.repeat(length / 65_521 + 1);
    bytes.truncate(length);
    bytes
}

/// Files of these sizes, and their contents end to end.
fn write(dir: &Path, sizes: &[usize]) -> (Vec<FileEntry>, Vec<u8>) {
    let mut content = Vec::new();
    let files = sizes.iter().enumerate().map(|(index, &size)| {
        let (path, bytes) = (format!("{index:05}"), noise(index, size));
        fs::write(dir.join(&path), &bytes).unwrap();
        content.extend(bytes);
        FileEntry { path, length: size as u64 }
    });
    (files.collect(), content)
}

/// Where they are.
fn on_disk<'a>(dir: &'a Path, files: &'a [FileEntry]) -> Vec<SourceFile<'a>> {
    let file = |file: &'a FileEntry| SourceFile {
        root: dir,
        path: file.path.as_str(),
        length: file.length,
        stamp: None,
    };
    files.iter().map(file).collect()
}

fn expect(sizes: &[usize], piece_length: &str) {
    let dir = tempfile::tempdir().unwrap();
    let (files, content) = write(dir.path(), sizes);
    let files = on_disk(dir.path(), &files);
    let piece_length: PieceLength = piece_length.parse().unwrap();
    let pieces = content.chunks(piece_length.bytes() as usize);
    let expected: Vec<[u8; 20]> = pieces.map(|piece| Sha1::digest(piece).into()).collect();
    assert_eq!(hash_pieces("x", &files, piece_length, &|_| true).unwrap(), expected, "{sizes:?}");
}

#[test]
fn one_byte_around_a_whole_number_of_pieces() {
    let piece = PieceLength::MIN.bytes() as usize;
    for count in [1, 2, 15, 16, 17, 64, 65, 300] {
        for size in [count * piece - 1, count * piece, count * piece + 1] {
            expect(&[size], "16KiB");
            expect(&[0, size, 0], "16KiB");
        }
    }
}

#[test]
fn empty_files_anywhere_and_nothing_else() {
    expect(&[0, 0, 40_000, 0, 16_384, 0, 8_384, 0, 0], "16KiB");
    expect(&[0, 32_768, 0], "16KiB");
    expect(&[0, 0, 1], "16KiB");
    expect(&[0, 0], "16KiB");
    expect(&[], "16KiB");
}

#[test]
fn many_tiny_files_in_one_piece() {
    let sizes: Vec<usize> = (0..3000).map(|n| n % 11).collect();
    expect(&sizes, "32KiB");
    expect(&sizes, "16KiB");
}

#[test]
fn one_file_over_many_pieces_larger_than_a_read() {
    expect(&[19 * MIB + 77], "1MiB");
    expect(&[19 * MIB], "4MiB");
    expect(&[19 * MIB + 1], "16MiB");
}

#[test]
fn large_pieces_across_file_borders() {
    expect(&[7 * MIB + 3, 11 * MIB], "1MiB");
    // Too many files to be read in turns, too large pieces to be held side by side.
    expect(&[3 * MIB + 1; 8], "8MiB");
    expect(&[700_000; 40], "2MiB");
}

#[test]
fn a_file_that_ends_early_or_goes_on_is_named_wherever_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    for sizes in [[5 * MIB + 9, 9 * MIB, 40], [20_000, 30_000, 40_000], [2 * MIB, 4 * MIB, 6 * MIB]] {
        let (files, _) = write(dir.path(), &sizes);
        let files = on_disk(dir.path(), &files);
        for (changed, by) in [(0, -1), (0, 1), (1, -1), (1, 1), (2, -1), (2, 1)] {
            let mut files = files.clone();
            files[changed].length = files[changed].length.checked_add_signed(-by).unwrap();
            let error = hash_pieces("x", &files, "1MiB".parse().unwrap(), &|_| true).unwrap_err();
            let Error::Changed { path, expected, .. } = &error else { panic!("{error}") };
            assert_eq!((path, *expected), (&files[changed].location(), files[changed].length), "{error}");
        }
    }
}

fn tree(dir: &Path, sizes: &[usize], piece_length: &str) -> Metainfo {
    let (entries, _) = write(dir, sizes);
    Builder::new("t", piece_length.parse().unwrap()).from_tree(dir, &entries, &|_| true).unwrap()
}

#[test]
fn a_check_finds_one_bit_in_any_piece() {
    let dir = tempfile::tempdir().unwrap();
    let torrent = tree(dir.path(), &[9 * MIB + 5, 12 * MIB], "1MiB");
    assert!(torrent.check(dir.path(), &|_| true).unwrap().is_whole());
    let file = fs::File::options().read(true).write(true).open(dir.path().join("00001")).unwrap();
    for at in [0, 300_000, 5 * MIB as u64, 12 * MIB as u64 - 1] {
        let mut byte = [0];
        file.read_exact_at(&mut byte, at).unwrap();
        file.write_all_at(&[byte[0] ^ 4], at).unwrap();
        let report = torrent.check(dir.path(), &|_| true).unwrap();
        assert_eq!(report.bad_pieces, [(9 * MIB as u64 + 5 + at) / MIB as u64]);
        let damage = Damage::Content { bad_pieces: 1 };
        assert!(report.damaged.contains(&DamagedFile { path: "00001".into(), damage }), "{report:?}");
        file.write_all_at(&byte, at).unwrap();
    }
    assert!(torrent.check(dir.path(), &|_| true).unwrap().is_whole());
}

#[test]
fn pieces_beside_a_missing_file_are_still_checked() {
    let dir = tempfile::tempdir().unwrap();
    let torrent = tree(dir.path(), &[40_000; 30], "16KiB");
    fs::remove_file(dir.path().join("00010")).unwrap();
    fs::write(dir.path().join("00020"), vec![0; 40_000]).unwrap();
    let seen = std::sync::atomic::AtomicU64::new(0);
    let progress = |bytes| {
        seen.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
        true
    };
    let report = torrent.check(dir.path(), &progress).unwrap();
    let pieces = |file: u64| file * 40_000 / 16_384..=((file + 1) * 40_000 - 1) / 16_384;
    assert_eq!(report.bad_pieces, pieces(10).chain(pieces(20)).collect::<Vec<_>>());
    assert_eq!(seen.into_inner(), 30 * 40_000);
}

/// Set in the process that has few descriptors, to where the files are.
const FEW: &str = "METAINFO_TEST_FEW_DESCRIPTORS";

#[test]
fn few_descriptors_are_enough() {
    if let Some(dir) = std::env::var_os(FEW) {
        let torrent = tree(Path::new(&dir), &[100; 2000], "16KiB");
        assert!(torrent.check(Path::new(&dir), &|_| true).unwrap().is_whole());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let output = Command::new("sh")
        .args([
            "-c",
            "ulimit -n 64 && exec \"$0\" --exact pieces::few_descriptors_are_enough --test-threads 1",
        ])
        .arg(std::env::current_exe().unwrap())
        .env(FEW, dir.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2000);
}

#[test]
fn a_listed_file_that_was_written_to_or_replaced_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (entries, _) = write(dir.path(), &[20_000, 0, 40_000, 5]);
    let stamps = || -> Vec<Stamp> {
        let stamp = |file: &FileEntry| {
            let found = fs::metadata(dir.path().join(&file.path)).unwrap();
            let (modified, changed) =
                ((found.mtime(), found.mtime_nsec()), (found.ctime(), found.ctime_nsec()));
            Stamp { inode: found.ino(), modified, changed }
        };
        entries.iter().map(stamp).collect()
    };
    let hash = |stamps: &[Stamp]| {
        let source = |(file, stamp)| {
            let FileEntry { path, length }: &FileEntry = file;
            SourceFile { root: dir.path(), path, length: *length, stamp: Some(stamp) }
        };
        Builder::new("t", PieceLength::MIN).from_sources(entries.iter().zip(stamps).map(source), &|_| true)
    };
    hash(&stamps()).unwrap();
    for (index, entry) in entries.iter().enumerate() {
        let (listed, path) = (stamps(), dir.path().join(&entry.path));
        // The same content in another file, with the same modification time.
        let (before, content) = (fs::metadata(&path).unwrap(), fs::read(&path).unwrap());
        fs::remove_file(&path).unwrap();
        fs::write(&path, content).unwrap();
        fs::File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(before.modified().unwrap())
            .unwrap();
        let error = hash(&listed).unwrap_err();
        assert!(matches!(&error, Error::Touched { path: named } if *named == path), "{index}: {error}");
    }
}
