//! What the fuzzer does, for the replies that were seen and for many that are the same in every run.

use proptest::prelude::*;
use tracker_client::bencode::Value;

use crate::oracle::check;

const SEEN: [&[u8]; 8] = [
    b"d14:failure reason22:Authentication failure12:min intervali5400e8:intervali5400ee",
    b"d8:completei1e10:downloadedi0e10:incompletei0e8:intervali1801e12:min intervali1800e5:peers0:e",
    b"d8:completei1e10:downloadedi0e10:incompletei1e8:intervali1801e12:min intervali1800e5:peers6:\x7f\0\0\x01\x1a\xe1e",
    b"d5:filesd20:aaaaaaaaaaaaaaaaaaaad8:completei0e10:incompletei0e10:downloadedi0eeee",
    b"d5:filesdee",
    b"d14:failure reason63:Requested download is not authorized for use with this tracker.e",
    b"d5:peersld2:ip9:127.0.0.17:peer id20:aaaaaaaaaaaaaaaaaaaa4:porti6881eeee",
    b"d15:warning message60:Illegal character found in IP address. IPv6 is not supportede",
];

/// What the fuzzer found to take different ways through the reader, in hex, one a line.
const FOUND: &str = include_str!("corpus.hex");

const MALFORMED: [&[u8]; 24] = [
    b"",
    b"d",
    b"de1",
    b"i1",
    b"ie",
    b"i-e",
    b"i01e",
    b"i-0e",
    b"i-01e",
    b"i 1e",
    b"i+1e",
    b"i9223372036854775808e",
    b"1",
    b"1:",
    b"01:a",
    b"-1:a",
    b"2:a",
    b"99999999999999999999:a",
    b"l",
    b"d1:a",
    b"d1:ai1e1:ai2ee",
    b"di1ei2ee",
    b"x",
    b"success",
];

#[test]
fn replies_that_were_seen_are_read_and_every_cut_is_refused() {
    for reply in SEEN {
        check(reply);
        assert!(Value::parse(reply).is_ok(), "{}", reply.escape_ascii());
        for end in 0..reply.len() {
            assert!(Value::parse(&reply[..end]).is_err(), "cut at {end}: {}", reply.escape_ascii());
        }
    }
}

#[test]
fn the_oracle_holds_for_all_that_the_fuzzer_found() {
    let found: Vec<Vec<u8>> = FOUND.lines().map(|line| hex::decode(line).unwrap()).collect();
    assert!(found.len() > 300, "{}", found.len());
    found.iter().for_each(|reply| check(reply));
    let read = found.iter().filter(|reply| Value::parse(reply).is_ok()).count();
    assert!(read > 30 && read < found.len() / 2, "{read} are bencode");
}

#[test]
fn everything_malformed_is_refused() {
    for reply in MALFORMED {
        check(reply);
        assert!(Value::parse(reply).is_err(), "{}", reply.escape_ascii());
    }
    for deep in [b"l".repeat(100_000), [b"l".repeat(40), b"e".repeat(40)].concat(), b"d1:a".repeat(50_000)] {
        assert!(Value::parse(&deep).is_err());
    }
}

#[test]
fn a_malformed_reply_is_named_with_its_place() {
    assert_eq!(Value::parse(b"d1:ai01ee").unwrap_err().to_string(), "a number with a leading zero at byte 5");
    assert_eq!(Value::parse(b"d1:ai1e1:ai2ee").unwrap_err().to_string(), "a key comes twice at byte 7");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_oracle_holds_for_noise_of_the_alphabet(reply in "[idle0-9:a-]{0,40}") {
        check(reply.as_bytes());
    }

    #[test]
    fn the_oracle_holds_for_damaged_replies(which in 0..SEEN.len(), at in 0_usize..64, byte: u8) {
        let mut reply = SEEN[which].to_vec();
        let at = at % reply.len();
        reply[at] = byte;
        check(&reply);
    }
}
