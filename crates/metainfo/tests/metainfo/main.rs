//! The crate from outside: what it reads, what it refuses, what it builds and what it finds on disk.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod build;
mod check;
mod hostile;
mod parse;
mod pieces;

/// A one-file torrent as `mktorrent -d -l 15 -a http://t.example/announce` writes it, of 3 bytes `abc` named `f`.
fn plain() -> Vec<u8> {
    let mut bytes = b"d8:announce25:http://t.example/announce10:created by13:mktorrent 1.14:info".to_vec();
    bytes.extend(plain_info());
    bytes.push(b'e');
    bytes
}

fn plain_info() -> Vec<u8> {
    let mut info = b"d6:lengthi3e4:name1:f12:piece lengthi32768e6:pieces20:".to_vec();
    info.extend(b"\xa9\x99\x3e\x36\x47\x06\x81\x6a\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d");
    info.push(b'e');
    info
}
