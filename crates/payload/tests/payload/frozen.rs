//! Archives of released versions must unpack for ever, and a change of the format must not happen unnoticed.

use crate::sandbox::{Sandbox, TIME};
use payload::{Sha256, TreeDigest};
use std::os::unix::fs::MetadataExt;

/// The site of the sandbox as version 0.1.0 packed it.
const ARCHIVE: &[u8] = include_bytes!("../fixtures/site-0.1.0.tar.zst");
const DIGEST: &str = "21321678e18503f51abe977b7675c5cda3ab5475fccb2cbdf1c045c894b751ab";
/// Of the decompressed archive: zstd may compress otherwise in another version, the tar may not differ.
const TAR: &str = "8939a0d40365a140cc7e7ca5d2bfbfda4da75804f33b7573bb2943bc891dafed";

#[test]
fn the_archive_of_0_1_0_unpacks() {
    let site = Sandbox::site();
    let manifest = site.unpack(ARCHIVE, &DIGEST.parse::<TreeDigest>().unwrap()).unwrap();
    assert_eq!(manifest.entries(), site.manifest().entries());
    assert_eq!(std::fs::metadata(site.path("out/index.php")).unwrap().mtime(), TIME as i64);
}

#[test]
fn the_same_tree_still_makes_the_same_tar() {
    let (manifest, bytes) = Sandbox::site().archive();
    assert_eq!(manifest.digest().to_string(), DIGEST);
    assert_eq!(Sha256::of(&zstd::decode_all(bytes.as_slice()).unwrap()).to_string(), TAR);
}
