//! What the fuzzer does, for manifests and archives of our own and for many that are damaged the same way in every run.

use payload::patch::{self, Contents};
use payload::{Mtimes, WalkOptions, walk};
use proptest::prelude::*;

use crate::oracle;

/// Of the frozen archive, with its digest before it, and its manifest.
fn seen() -> (Vec<u8>, Vec<u8>) {
    let archive = include_bytes!("../fixtures/site-0.1.0.tar.zst");
    let tar = zstd::decode_all(&archive[..]).unwrap();
    let size = tar::Header::from_byte_slice(&tar[..512]).entry_size().unwrap() as usize;
    let manifest = tar[512..512 + size].to_vec();
    let digest = *payload::Manifest::parse(&manifest[..]).unwrap().digest().as_bytes();
    ([&digest[..], archive].concat(), manifest)
}

#[test]
fn it_holds_for_what_is_good_and_for_every_cut() {
    let (archive, manifest) = seen();
    oracle::archive(&archive);
    oracle::members(&zstd::decode_all(&archive[32..]).unwrap());
    oracle::manifest(&manifest);
    for end in (0..archive.len()).step_by(41) {
        oracle::archive(&archive[..end]);
    }
    for end in 0..manifest.len() {
        oracle::manifest(&manifest[..end]);
    }
}

/// A patch for the oracle's tree.
fn seen_patch() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let base = oracle::patch_base(&old);
    let _same = oracle::patch_base(&new);
    std::fs::write(new.join("a"), "what was, and more").unwrap();
    std::fs::write(new.join("c"), "what is new").unwrap();
    let scan = walk(&new, &WalkOptions::default(), &|_| true).unwrap();
    let target = scan.manifest(Mtimes { release: 2, bases: &[] }, &|_| true).unwrap();
    let (old, new) = (Contents::tree(&old).unwrap(), Contents::tree(&new).unwrap());
    patch::make(&base, Some(old), &target, new, Vec::new(), &|_| true).unwrap().1
}

#[test]
fn it_holds_for_a_patch_and_for_every_cut_and_bit_of_it() {
    let mut patch = seen_patch();
    oracle::patch(&patch);
    for end in (0..patch.len()).step_by(11) {
        oracle::patch(&patch[..end]);
    }
    for at in (0..patch.len()).step_by(5) {
        patch[at] ^= 1 << (at % 8);
        oracle::patch(&patch);
        patch[at] ^= 1 << (at % 8);
    }
}

/// What the fuzzer found to take different ways through the reader of manifests, in hex, one a line.
const FOUND: &str = include_str!("manifest.hex");

#[test]
fn it_holds_for_what_the_fuzzer_found_and_for_all_of_it_with_a_bit_changed() {
    let found: Vec<Vec<u8>> = FOUND.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert!(found.len() > 100);
    for mut input in found {
        oracle::manifest(&input);
        for at in 0..input.len() * 8 {
            input[at / 8] ^= 1 << (at % 8);
            oracle::manifest(&input);
            input[at / 8] ^= 1 << (at % 8);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn it_holds_for_damaged_archives(at: usize, byte: u8) {
        let (mut archive, _) = seen();
        let at = at % archive.len();
        archive[at] = byte;
        oracle::archive(&archive);
    }

    #[test]
    fn it_holds_for_archives_whose_inside_is_damaged(at: usize, byte: u8) {
        let (archive, _) = seen();
        let mut tar = zstd::decode_all(&archive[32..]).unwrap();
        let at = at % tar.len();
        tar[at] = byte;
        oracle::archive(&[&archive[..32], &zstd::encode_all(&tar[..], 1).unwrap()].concat());
    }

    #[test]
    fn it_holds_for_archives_whose_inside_is_damaged_on_purpose(at: usize, bytes in prop::collection::vec(any::<u8>(), 1..9)) {
        let (archive, _) = seen();
        let mut tar = zstd::decode_all(&archive[32..]).unwrap();
        let at = at % (tar.len() - bytes.len());
        tar[at..at + bytes.len()].copy_from_slice(&bytes);
        oracle::members(&tar);
    }

    #[test]
    fn it_holds_for_damaged_manifests(at: usize, byte: u8, more in "[a-z\":{},.0-9/]{0,4}") {
        let (_, mut manifest) = seen();
        let at = at % manifest.len();
        manifest.splice(at..=at, std::iter::once(byte).chain(more.bytes()));
        oracle::manifest(&manifest);
    }
}
