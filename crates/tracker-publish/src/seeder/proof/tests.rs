//! Tests of the proof against peers of every kind, good and hostile, on real sockets.

use std::net::{Shutdown, TcpListener};
use std::thread;

use proptest::prelude::*;

use super::*;

const HASH: Infohash = Infohash::new([0xab; 20]);
const LIMIT: Duration = Duration::from_secs(2);

/// A peer that answers its first connection with the first of `answers`, and so on; then it listens no more.
fn peer(answers: Vec<Vec<u8>>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let mut handshake = [0; HANDSHAKE];
            stream.read_exact(&mut handshake).unwrap();
            assert_eq!(&handshake[..20], PROTOCOL);
            assert_eq!(&handshake[28..48], HASH.as_bytes());
            stream.write_all(&answer).unwrap();
            if answer.is_empty() {
                stream.shutdown(Shutdown::Both).unwrap();
            } else {
                // Held open until the other side has gone, as a peer would.
                let _gone = stream.read(&mut handshake);
            }
        }
    });
    address
}

fn shake(hash: Infohash) -> Vec<u8> {
    let mut bytes = PROTOCOL.to_vec();
    bytes.extend([0, 0, 0, 0, 0, 0x10, 0, 0]);
    bytes.extend(hash.as_bytes());
    bytes.extend(b"-lt0D80-abcdefghijkl");
    bytes
}

fn answer(messages: &[&[u8]]) -> Vec<u8> {
    let mut bytes = shake(HASH);
    for message in messages {
        bytes.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
        bytes.extend(*message);
    }
    bytes
}

fn ask(answers: Vec<Vec<u8>>, pieces: u64) -> Result<(), NoProof> {
    prove(peer(answers), HASH, pieces, LIMIT, &Abort::default())
}

#[test]
fn a_seeder_is_proved() {
    ask(vec![answer(&[&[5, 0xff, 0xf8]])], 13).unwrap();
    ask(vec![answer(&[&[5, 0xff]])], 8).unwrap();
    ask(vec![answer(&[&[], &[1], &[5, 0x80]])], 1).unwrap();
}

#[test]
fn the_golden_bytes_of_rtorrent_are_a_proof() {
    // 5 pieces, as rtorrent 0.9.8 sent them: handshake, then length 2, id 5, f8.
    let mut bytes = shake(HASH);
    bytes.extend([0, 0, 0, 2, 5, 0xf8]);
    ask(vec![bytes], 5).unwrap();
}

#[test]
fn a_missing_piece_is_counted() {
    let outcome = ask(vec![answer(&[&[5, 0xff, 0x78]])], 13);
    assert!(matches!(outcome, Err(NoProof::Incomplete { have: 12, pieces: 13 })), "{outcome:?}");
}

#[test]
fn what_is_no_peer_of_this_torrent_is_named() {
    for (bytes, word) in [
        (
            b"HTTP/1.1 400 Bad Request\r\nServer: something that answers whatever it is asked\r\n\r\n"
                .to_vec(),
            "BitTorrent",
        ),
        (shake(Infohash::new([1; 20])), "another infohash"),
        (answer(&[&[5, 0xff, 0xff]]), "do not exist"),
        (answer(&[&[5, 0xff]]), "1 bytes instead of 2"),
        (answer(&[&[0; 4]]), "4 bytes before its bitfield"),
        ([shake(HASH), vec![0xff; 4]].concat(), "4294967295 bytes"),
        (answer(&[&[][..]; 40]), "no bitfield"),
    ] {
        match ask(vec![bytes], 13) {
            Err(NoProof::NotAPeer(what)) => assert!(what.contains(word), "{word}: {what}"),
            other => panic!("{word}: {other:?}"),
        }
    }
}

#[test]
fn a_connection_that_is_closed_is_tried_again() {
    ask(vec![vec![], vec![], answer(&[&[5, 0x80]])], 1).unwrap();
}

#[test]
fn nobody_and_silence_end_at_the_limit() {
    let short = Duration::from_millis(600);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let started = Instant::now();
    assert!(matches!(prove(nobody, HASH, 1, short, &Abort::default()), Err(NoProof::Connect(_))));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let outcome = prove(silent.local_addr().unwrap(), HASH, 1, short, &Abort::default());
    assert!(matches!(outcome, Err(NoProof::Silent(_))), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[test]
fn an_abort_ends_it_at_once() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let abort = Abort::default();
    let flag = abort.clone();
    let asker = thread::spawn(move || prove(address, HASH, 1, Duration::from_secs(60), &abort));
    let (_stream, _) = silent.accept().unwrap();
    let started = Instant::now();
    flag.set();
    assert!(matches!(asker.join().unwrap(), Err(NoProof::Aborted)));
    assert!(started.elapsed() < Duration::from_secs(2));
}

proptest! {
    #[test]
    fn bitfields_are_counted_right(pieces in 1u64..200, missing in proptest::collection::btree_set(0u64..200, 0..5)) {
        let missing: Vec<u64> = missing.into_iter().filter(|piece| *piece < pieces).collect();
        let mut bits = vec![0u8; usize::try_from(pieces.div_ceil(8)).unwrap()];
        for piece in (0..pieces).filter(|piece| !missing.contains(piece)) {
            bits[usize::try_from(piece / 8).unwrap()] |= 0x80 >> (piece % 8);
        }
        match count(&bits, pieces) {
            Ok(()) => prop_assert!(missing.is_empty()),
            Err(NoProof::Incomplete { have, .. }) => prop_assert_eq!(have, pieces - missing.len() as u64),
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}
