//! Archives that are damaged or made to hurt: refused, with nothing outside touched and nothing left behind.

use crate::sandbox::Sandbox;
use payload::{Entry, Error, FileMode, Kind, Manifest, Sha256, TreeDigest};
use std::fs;
use std::io::Write;
use tar::{EntryType, Header};

/// A member of a tar without long names.
#[derive(Clone)]
struct Member {
    header: Header,
    content: Vec<u8>,
}

impl Member {
    fn new(name: &str, kind: EntryType, target: &str, content: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        let gnu = header.as_gnu_mut().unwrap();
        gnu.name[..name.len()].copy_from_slice(name.as_bytes());
        gnu.linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(0o644);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(crate::sandbox::TIME);
        header.set_size(content.len() as u64);
        header.set_cksum();
        Self { header, content: content.to_vec() }
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Header)) {
        edit(&mut self.header);
        self.header.set_cksum();
    }
}

fn take_apart(archive: &[u8]) -> Vec<Member> {
    let tar = zstd::decode_all(archive).unwrap();
    let (mut members, mut at) = (Vec::new(), 0);
    while tar[at] != 0 {
        let header = Header::from_byte_slice(&tar[at..at + 512]).clone();
        let size = header.entry_size().unwrap() as usize;
        members.push(Member { header, content: tar[at + 512..at + 512 + size].to_vec() });
        at += 512 + size.next_multiple_of(512);
    }
    members
}

fn tar(members: &[Member]) -> Vec<u8> {
    let mut tar = Vec::new();
    for member in members {
        tar.extend(member.header.as_bytes());
        tar.extend(&member.content);
        tar.resize(tar.len().next_multiple_of(512), 0);
    }
    tar.resize(tar.len() + 1024, 0);
    tar
}

fn zstd(tar: &[u8]) -> Vec<u8> {
    zstd::encode_all(tar, 1).unwrap()
}

/// A site of few members: 0 manifest, 1 `a`, 2 `d/`, 3 `d/b`, 4 `l`, 5 `z`.
fn small() -> (Sandbox, Manifest, Vec<Member>) {
    let site = Sandbox::new();
    site.file("a", "aaa", 0o644);
    site.file("d/b", "bbb", 0o755);
    site.link("l", "d");
    site.file("z", "zzz", 0o644);
    fs::write(site.path("secret"), "outside").unwrap();
    let (manifest, bytes) = site.archive();
    let members = take_apart(&bytes);
    assert_eq!(members.len(), 6);
    (site, manifest, members)
}

fn refused(site: &Sandbox, archive: &[u8], digest: &TreeDigest) -> Error {
    let before = site.outside();
    let Err(error) = site.unpack(archive, digest) else { panic!("accepted") };
    assert!(!site.path("out").exists(), "the destination is still there after: {error}");
    fs::create_dir(site.path("out")).unwrap();
    let again = site.unpack(archive, digest).unwrap_err();
    assert_eq!(again.to_string(), error.to_string());
    assert_eq!(
        fs::read_dir(site.path("out")).unwrap().count(),
        0,
        "the destination is not empty after: {error}"
    );
    fs::remove_dir(site.path("out")).unwrap();
    assert_eq!(site.outside(), before, "something outside changed by: {error}");
    assert!(error.is_mismatch(), "{error:?}");
    error
}

#[test]
fn the_untouched_archive_is_accepted_after_the_same_handling() {
    let (site, manifest, members) = small();
    site.unpack(&zstd(&tar(&members)), &manifest.digest()).unwrap();
}

#[test]
fn members_that_do_not_belong_there_are_refused() {
    let file = |name: &str| Member::new(name, EntryType::Regular, "", b"evil");
    let (site, manifest, members) = small();
    for (at, evil, shown) in [
        (1, file("/etc/cron.d/evil"), "/etc/cron.d/evil"),
        (1, file("tree/../../secret"), "tree/../../secret"),
        (1, file("../secret"), "../secret"),
        (1, file("tree/0"), "tree/0"),
        (2, members[1].clone(), "tree/a"),
        (6, file("tree/zz"), "tree/zz"),
        (6, members[0].clone(), "manifest.jsonl"),
        (1, Member::new("tree/a", EntryType::Symlink, "../secret", b""), "a link `tree/a`"),
        (1, Member::new("tree/a", EntryType::Link, "../secret", b""), "a hard link `tree/a`"),
        (1, Member::new("tree/a", EntryType::Char, "", b""), "a device node `tree/a`"),
        (1, Member::new("tree/a", EntryType::Block, "", b""), "a device node `tree/a`"),
        (1, Member::new("tree/a", EntryType::Fifo, "", b""), "a FIFO `tree/a`"),
        (1, Member::new("././@LongLink", EntryType::GNULongName, "", b"tree/../x\0"), "long name"),
        (1, Member::new("x", EntryType::XHeader, "", b"12 path=/x\n\n"), "another kind"),
        (1, Member::new("x", EntryType::XGlobalHeader, "", b"12 path=/x\n\n"), "another kind"),
        (1, Member::new("x", EntryType::GNUSparse, "", b""), "another kind"),
    ] {
        let mut members = members.clone();
        members.insert(at, evil);
        let error = refused(&site, &zstd(&tar(&members)), &manifest.digest()).to_string();
        assert!(error.contains(shown), "{shown}: {error}");
    }
}

#[test]
fn members_missing_moved_or_altered_are_refused() {
    type Change = fn(&mut Vec<Member>);
    let changes: [(Change, &str); 11] = [
        (|m| drop(m.remove(3)), "tree/d/b"),
        (|m| drop(m.pop()), "the end of the archive"),
        (|m| m.swap(1, 5), "tree/z"),
        (|m| m[1].edit(|h| h.set_mode(0o4755)), "4755"),
        (|m| m[1].edit(|h| h.set_uid(1000)), "tree/a"),
        (|m| m[1].edit(|h| h.set_mtime(1)), "tree/a"),
        (|m| m[0].edit(|h| h.set_mtime(1)), "manifest.jsonl"),
        (|m| m[4].edit(|h| h.as_gnu_mut().unwrap().linkname[0] = b'/'), "tree/l"),
        (|m| m[1].content = b"axa".to_vec(), "content of `a`"),
        (
            |m| {
                m[1].content = b"aaaa".to_vec();
                m[1].edit(|h| h.set_size(4));
            },
            "4 bytes",
        ),
        (|m| m[1].header.as_mut_bytes()[511] = 1, "tree/a"),
    ];
    let (site, manifest, members) = small();
    for (change, shown) in changes {
        let mut members = members.clone();
        change(&mut members);
        let error = refused(&site, &zstd(&tar(&members)), &manifest.digest()).to_string();
        assert!(error.contains(shown), "{shown}: {error}");
    }
}

#[test]
fn another_manifest_is_refused_before_anything_is_created() {
    let (site, manifest, members) = small();
    let error = refused(&site, &zstd(&tar(&members)), &TreeDigest::new([7; 32]));
    assert!(matches!(error, Error::Digest { found, .. } if found == manifest.digest()));
    // The same with a destination that cannot be created: the digest is looked at first.
    let result = payload::archive::unpack(
        zstd(&tar(&members)).as_slice(),
        "/proc/nowhere".as_ref(),
        &TreeDigest::new([7; 32]),
        &|_| true,
    );
    assert!(matches!(result, Err(Error::Digest { .. })), "{result:?}");
}

/// An archive whose manifest says so itself: the digest fits, and the tree is still not allowed.
#[test]
fn a_manifest_that_is_hostile_by_itself_is_refused() {
    let (site, _, members) = small();
    let link = |path: &str, target: &str| {
        format!(r#"{{"path":"{path}","type":"link","target":"{target}","mtime":1}}"#)
    };
    let file = |path: &str| {
        let sha256 = Sha256::of(b"evil");
        format!(r#"{{"path":"{path}","type":"file","mode":"0644","size":4,"sha256":"{sha256}","mtime":1}}"#)
    };
    for (lines, what) in [
        (vec![link("l", "../../secret")], "out of the tree"),
        (vec![link("l", "/etc")], "absolute"),
        (vec![link("l", ".."), file("l/secret")], "not listed before"),
        (vec![link("l", "."), file("l/secret")], "not listed before"),
        (vec![link("l", "x"), link("l", "y")], "twice"),
        (vec![file("../secret")], "`..`"),
        (vec![file("/etc/passwd")], "absolute"),
        (vec![file("b"), file("a")], "out of order"),
        (vec![file("a\\u0000b")], "NUL"),
    ] {
        let manifest = format!("{{\"manifest\":1,\"entries\":{}}}\n{}\n", lines.len(), lines.join("\n"));
        let mut members = vec![members[0].clone()];
        members[0].content = manifest.into_bytes();
        let size = members[0].content.len() as u64;
        members[0].edit(|header| header.set_size(size));
        let error = refused(&site, &zstd(&tar(&members)), &TreeDigest::new([0; 32])).to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
}

#[test]
fn every_truncation_is_refused() {
    let (site, manifest, members) = small();
    let tar = tar(&members);
    let archive = zstd(&tar);
    for end in (0..archive.len()).step_by(7) {
        refused(&site, &archive[..end], &manifest.digest());
    }
    for end in (0..tar.len()).step_by(256) {
        refused(&site, &zstd(&tar[..end]), &manifest.digest());
    }
}

#[test]
fn a_flipped_bit_is_refused_wherever_it_is() {
    let (site, manifest, bytes) = {
        let site = Sandbox::new();
        site.file("a", "aaa", 0o644);
        let (manifest, bytes) = site.archive();
        (site, manifest, bytes)
    };
    for at in 0..bytes.len() {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        // The content checksum of zstd, the headers and SHA-256 leave no bit free but those of an unused field.
        if let Ok(unpacked) = site.unpack(&bytes, &manifest.digest()) {
            assert_eq!(unpacked, manifest);
            fs::remove_dir_all(site.path("out")).unwrap();
        }
    }
}

#[test]
fn what_follows_the_end_is_refused() {
    let (site, manifest, members) = small();
    let good = tar(&members);
    let longer = [good.clone(), vec![0; 512]].concat();
    assert!(refused(&site, &zstd(&longer), &manifest.digest()).to_string().contains("more bytes"));
    refused(&site, &[zstd(&good), b"garbage".to_vec()].concat(), &manifest.digest());
    refused(&site, &[zstd(&good), zstd(b"second frame")].concat(), &manifest.digest());
}

/// A writer that knows how much it has given.
struct Counted<R>(R, u64);

impl<R: std::io::Read> std::io::Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let got = self.0.read(buffer)?;
        self.1 += got as u64;
        Ok(got)
    }
}

#[test]
fn bombs_are_not_unpacked() {
    let (site, manifest, members) = small();
    // 4 GiB of zeros behind the end.
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    let good = tar(&members);
    bomb.write_all(&good[..good.len() - 1024]).unwrap();
    let zeros = vec![0; 1 << 20];
    (0..4096).for_each(|_| bomb.write_all(&zeros).unwrap());
    let bomb = bomb.finish().unwrap();
    let start = std::time::Instant::now();
    refused(&site, &bomb, &manifest.digest());
    assert!(start.elapsed().as_secs() < 2, "the bomb was read: {:?}", start.elapsed());
    // A manifest member that claims more than is read, and one that is one endless line.
    for (size, content) in [(u64::MAX / 2, vec![]), (1 << 30, vec![]), (200 << 20, vec![b' '; 200 << 20])] {
        let mut members = vec![members[0].clone()];
        members[0].content = content;
        members[0].edit(|header| header.set_size(size));
        refused(&site, &zstd(&tar(&members)), &manifest.digest());
    }
    // A head that claims entries without end.
    let mut members = vec![members[0].clone()];
    members[0].content = b"{\"manifest\":1,\"entries\":18446744073709551615}\n".to_vec();
    let size = members[0].content.len() as u64;
    members[0].edit(|header| header.set_size(size));
    refused(&site, &zstd(&tar(&members)), &manifest.digest());
    // A window of 1 GiB, which would be allocated before the first byte.
    let mut wide = zstd::Encoder::new(Vec::new(), 1).unwrap();
    wide.window_log(30).unwrap();
    wide.write_all(&good).unwrap();
    let wide = wide.finish().unwrap();
    let error = refused(&site, &wide, &manifest.digest()).to_string();
    assert!(error.contains("memory"), "{error}");
}

#[test]
fn a_manifest_of_huge_files_costs_nothing_before_they_are_there() {
    let site = Sandbox::new();
    let kind = Kind::File { mode: FileMode::Plain, size: 1 << 60, sha256: Sha256::of(b"") };
    let manifest = Manifest::new(vec![Entry { path: "a".into(), mtime: 0, kind }]).unwrap();
    let mut json = Vec::new();
    manifest.write(&mut json).unwrap();
    let mut first = Member::new("manifest.jsonl", EntryType::Regular, "", &json);
    first.edit(|header| header.set_mtime(0));
    let mut huge = Member::new("tree/a", EntryType::Regular, "", b"");
    huge.edit(|header| {
        header.set_mtime(0);
        header.set_size(1 << 60);
    });
    let mut bytes = tar(&[first, huge]);
    bytes.truncate(bytes.len() - 1024);
    let error = refused(&site, &zstd(&bytes), &manifest.digest()).to_string();
    assert!(error.contains("too early"), "{error}");
}

#[test]
fn a_destination_in_use_is_left_alone() {
    let (site, manifest, members) = small();
    let archive = zstd(&tar(&members));
    let digest = manifest.digest();
    for occupy in ["dir", "file", "link", "dangling"] {
        let out = site.path("out");
        match occupy {
            "dir" => {
                fs::create_dir(&out).unwrap();
                fs::write(out.join("x"), "mine").unwrap();
            }
            "file" => fs::write(&out, "mine").unwrap(),
            "link" => {
                fs::create_dir(site.path("elsewhere")).unwrap();
                std::os::unix::fs::symlink("elsewhere", &out).unwrap();
            }
            _ => std::os::unix::fs::symlink("nowhere", &out).unwrap(),
        }
        let before = crate::sandbox::listing(&site.path(""));
        assert!(matches!(site.unpack(&archive, &digest), Err(Error::Occupied { .. })), "{occupy}");
        let copied = payload::tree::copy(&site.root(), &out, &manifest, &digest, &|_| true);
        assert!(matches!(copied, Err(Error::Occupied { .. })), "{occupy}");
        assert_eq!(crate::sandbox::listing(&site.path("")), before);
        if occupy == "dir" { fs::remove_dir_all(&out).unwrap() } else { fs::remove_file(&out).unwrap() }
    }
    let missing_parent = site.path("no/such/parent");
    let result = payload::archive::unpack(archive.as_slice(), &missing_parent, &digest, &|_| true);
    assert!(matches!(result, Err(Error::Write { .. })), "{result:?}");
}

#[test]
fn the_input_is_read_once_and_to_its_end() {
    let (site, manifest, members) = small();
    let archive = zstd(&tar(&members));
    let mut input = Counted(archive.as_slice(), 0);
    payload::archive::unpack(&mut input, &site.path("out"), &manifest.digest(), &|_| true).unwrap();
    assert_eq!(input.1, archive.len() as u64);
}

#[test]
fn a_copy_refuses_what_is_not_the_release() {
    let (site, manifest, _) = small();
    let digest = manifest.digest();
    let copy =
        || payload::tree::copy(&site.root(), &site.path("out"), &manifest, &digest, &|_| true).unwrap_err();
    site.file("a", "axa", 0o644);
    assert!(matches!(copy(), Error::Content { path } if path == "a"));
    site.file("a", "aaaa", 0o644);
    assert!(matches!(copy(), Error::Content { path } if path == "a"));
    fs::remove_file(site.root().join("a")).unwrap();
    assert!(matches!(copy(), Error::Read { path, .. } if path == "a"));
    fs::write(site.path("aaa"), "aaa").unwrap();
    site.link("a", "../aaa");
    assert!(matches!(copy(), Error::Read { path, .. } if path == "a"));
    fs::remove_file(site.root().join("a")).unwrap();
    site.file("a", "aaa", 0o644);
    // A directory that is a link to the right files is still a way out.
    fs::rename(site.root().join("d"), site.path("d")).unwrap();
    site.link("d", "../d");
    assert!(matches!(copy(), Error::Read { path, .. } if path == "d/b"));
    fs::remove_file(site.root().join("d")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        site.root().join("x"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    fs::rename(site.path("d"), site.root().join("d")).unwrap();
    fs::remove_file(site.root().join("a")).unwrap();
    fs::rename(site.root().join("x"), site.root().join("a")).unwrap();
    assert!(matches!(copy(), Error::Content { path } if path == "a"));
    assert!(!site.path("out").exists());
    let other =
        payload::tree::copy(&site.root(), &site.path("out"), &manifest, &TreeDigest::new([1; 32]), &|_| true);
    assert!(matches!(other, Err(Error::Digest { .. })));
}
