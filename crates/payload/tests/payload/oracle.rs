//! What must hold for any bytes that claim to be a manifest, an archive, or what is in one. The fuzz targets use it, too.

use std::path::{Component, Path};

use payload::patch::Header;
use payload::{Manifest, Mtimes, TreeDigest, WalkOptions, archive, patch, walk};

/// What is taken for a manifest is written as it was read, and leads nowhere else.
pub(crate) fn manifest(bytes: &[u8]) {
    let Ok(manifest) = Manifest::parse(bytes) else { return };
    let mut text = Vec::new();
    manifest.write(&mut text).unwrap();
    assert_eq!(Manifest::parse(&text[..]).unwrap(), manifest);
    for entry in manifest.entries() {
        let inside = |part: Component<'_>| matches!(part, Component::Normal(_));
        assert!(Path::new(&entry.path).components().all(inside), "{}", entry.path);
    }
}

/// The first 32 bytes are the digest that is expected. Whatever follows: all is unpacked and is what the manifest says,
/// or nothing is; and nothing beside it is touched.
pub(crate) fn archive(bytes: &[u8]) {
    let Some((digest, archive)) = bytes.split_first_chunk::<32>() else { return };
    let folder = tempfile::tempdir().unwrap();
    let expected = TreeDigest::new(*digest);
    let result = archive::unpack(archive, &folder.path().join("tree"), &expected, &|_| true);
    let names: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    match result {
        Ok(manifest) => {
            assert_eq!(manifest.digest(), expected);
            assert_eq!(names, ["tree"]);
        }
        Err(_) => assert!(names.is_empty(), "{names:?}"),
    }
}

/// The same for a tar that an enemy made who also says what is expected: whatever manifest it begins with is the right one.
pub(crate) fn members(tar: &[u8]) {
    let size =
        tar.get(124..136).map(|field| field.split(|byte| !byte.is_ascii_digit()).next().unwrap_or_default());
    let size = size.and_then(|digits| usize::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
    let manifest = size.and_then(|size| tar.get(512..)?.get(..size)).map(Manifest::parse);
    let digest = manifest.and_then(Result::ok).map_or([0; 32], |manifest| *manifest.digest().as_bytes());
    archive(&[&digest[..], &zstd::encode_all(tar, 1).unwrap()].concat());
}

/// A patch for a small tree that is the same in every run: it leads to the tree that it names, or to nothing, and nothing beside
/// it is touched.
pub(crate) fn patch(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    let manifest = patch_base(&base);
    let Ok(header) = Header::read(&mut &bytes[..]) else { return };
    let dest = folder.path().join("tree");
    let result = patch::apply(bytes, &manifest, &base, &dest, &header.target, &|_| true);
    match result {
        Ok(manifest) => assert_eq!(manifest.digest(), header.target),
        Err(_) => assert!(!dest.exists()),
    }
    assert!(std::fs::read_dir(folder.path()).unwrap().count() <= 2);
    assert_eq!(std::fs::read(base.join("a")).unwrap(), b"what was");
}

/// The tree that [`patch`] is for.
pub(crate) fn patch_base(root: &Path) -> Manifest {
    std::fs::create_dir(root).unwrap();
    std::fs::write(root.join("a"), "what was").unwrap();
    std::fs::write(root.join("b"), "what stays").unwrap();
    let scan = walk(root, &WalkOptions::default(), &|_| true).unwrap();
    scan.manifest(Mtimes { release: 1, bases: &[] }, &|_| true).unwrap()
}
