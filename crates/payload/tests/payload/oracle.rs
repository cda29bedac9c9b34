//! What must hold for any bytes that claim to be a manifest or an archive. The fuzz targets use it, too.

use std::path::{Component, Path};

use payload::{Manifest, TreeDigest, archive};

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
