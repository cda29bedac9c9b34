//! Torrents that are damaged or made to hurt.

use crate::{plain, plain_info};
use metainfo::{Error, Metainfo};
use proptest::prelude::*;

/// A torrent whose `files` list is this text.
fn with_files(files: &str, pieces: usize) -> Vec<u8> {
    let info = format!("d5:files{files}4:name1:d12:piece lengthi32768e6:pieces{}:", pieces * 20);
    [b"d4:info".as_slice(), info.as_bytes(), &vec![b'x'; pieces * 20], b"ee"].concat()
}

fn refusal(bytes: &[u8]) -> Error {
    match Metainfo::parse(bytes) {
        Ok(torrent) => panic!("accepted: {torrent:?} from {:?}", String::from_utf8_lossy(bytes)),
        Err(error) => error,
    }
}

#[test]
fn every_truncation_and_every_tail_is_refused() {
    let bytes = plain();
    for end in 0..bytes.len() {
        refusal(&bytes[..end]);
    }
    for tail in [b"e".as_slice(), b"0:", b"i1e", b"\n"] {
        refusal(&[&bytes, tail].concat());
    }
}

#[test]
fn bencode_that_is_not_canonical_is_refused() {
    for bad in [
        "d4:infod6:lengthi03e4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
        "d4:infod4:name1:f6:lengthi3e12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
        "d4:infod6:lengthi3e6:lengthi3e4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
        "d04:infod6:lengthi3e4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaaee",
        "di4:infoi1ee",
        "l4:infoe",
        "4:info",
        "i1e",
        "",
        "999999999999999999999:",
        "d4:info999999999999999999:xe",
    ] {
        refusal(bad.as_bytes());
    }
    let deep = [vec![b'l'; 100_000], vec![b'e'; 100_000]].concat();
    refusal(&[b"d1:a".as_slice(), &deep, b"e"].concat());
}

#[test]
fn fields_missing_or_of_another_kind_are_named() {
    for (info, field) in [
        ("d4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "info.length"),
        ("d6:lengthi3e12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "info.name"),
        ("d6:lengthi3e4:name1:f6:pieces20:aaaaaaaaaaaaaaaaaaaae", "info.piece length"),
        ("d6:lengthi3e4:name1:f12:piece lengthi32768ee", "info.pieces"),
        ("d6:length1:34:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "info.length"),
        ("d6:lengthi-3e4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "info.length"),
        ("d6:lengthi3e4:namei1e12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "info.name"),
        ("d6:lengthi3e4:name1:\u{1}12:piece lengthi32768e6:pieces19:aaaaaaaaaaaaaaaaaaae", "info.pieces"),
        (
            "d5:filesle6:lengthi3e4:name1:f12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae",
            "info.length",
        ),
        (
            "d6:lengthi3e4:name1:f10:name.utf-81:g12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae",
            "name.utf-8",
        ),
        ("d6:lengthi3e4:name1:f12:piece lengthi32769e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "32769"),
        ("d6:lengthi3e4:name2:..12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", ".."),
        ("d6:lengthi3e4:name3:a/b12:piece lengthi32768e6:pieces20:aaaaaaaaaaaaaaaaaaaae", "a/b"),
        ("d6:lengthi3e4:name1:f12:piece lengthi32768e6:pieces0:e", "0 piece hashes"),
        ("d6:lengthi0e4:name1:f12:piece lengthi32768e6:pieces0:e", "no content"),
        ("i7e", "info"),
    ] {
        let error = refusal(format!("d4:info{info}e").as_bytes()).to_string();
        assert!(error.contains(field), "{field}: {error}");
    }
    assert!(refusal(b"d8:announce3:abce").to_string().contains("info"));
    let url = [b"d8:announce19:ftp://h/secret-key-4:info".as_slice(), &plain_info(), b"e"].concat();
    let error = refusal(&url).to_string();
    assert!(error.contains("ftp://h") && !error.contains("secret"), "{error}");
}

#[test]
fn what_kills_or_misleads_rtorrent_is_refused() {
    for (files, what) in [
        ("ld6:lengthi3e4:pathl1:aeed6:lengthi3e4:pathl1:aeee", "twice"),
        ("ld6:lengthi3e4:pathl1:aeed6:lengthi3e4:pathl1:a1:beee", "beneath"),
        ("ld6:lengthi3e4:pathl1:a1:beed6:lengthi3e4:pathl1:aeee", "beneath"),
        ("ld6:lengthi3e4:pathl2:..1:aeee", "`..`"),
        ("ld6:lengthi3e4:pathl1:.1:aeee", "names"),
        ("ld6:lengthi3e4:pathl3:a/beee", "component"),
        ("ld6:lengthi3e4:pathl0:1:aeee", "empty"),
        ("ld6:lengthi3e4:pathleee", "empty"),
        ("ld6:lengthi3e4:pathl1:aeed6:lengthi9223372036854775807e4:pathl1:beee", "larger"),
        ("ld4:attr1:l6:lengthi3e4:pathl1:aeee", "attr"),
        ("ld4:attr1:p6:lengthi3e4:pathl1:aeee", "attr"),
        ("ld6:lengthi3e4:pathl1:ae10:path.utf-8l1:beee", "path.utf-8"),
        ("ld4:pathl1:aeee", "length"),
        ("ld6:lengthi3eee", "path"),
        ("l1:ae", "list of dicts"),
        ("d1:a1:be", "a list"),
    ] {
        let error = refusal(&with_files(files, 1)).to_string();
        assert!(error.contains(what), "{what}: {error}");
    }
    Metainfo::parse(&with_files("ld4:attr1:x6:lengthi3e4:pathl1:ae10:path.utf-8l1:aeee", 1)).unwrap();
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Metainfo::parse(&bytes);
    }

    #[test]
    fn a_changed_byte_is_refused_or_read_back_as_it_stands(at in 0_usize..200, byte: u8) {
        let mut bytes = plain();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(torrent) = Metainfo::parse(&bytes) {
            prop_assert_eq!(torrent.to_bytes(), bytes);
        }
    }
}
