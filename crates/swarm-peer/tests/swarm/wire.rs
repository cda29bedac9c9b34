//! The reader of messages: what the fuzzer does, the same in every run.

use proptest::prelude::*;
use swarm_peer::wire::{BLOCK, Block, Incoming, Message, Violation, read, write};

use crate::wire_oracle::check;

fn messages() -> Vec<Message> {
    let block = Block { piece: 1, begin: 2, length: BLOCK };
    vec![
        Message::KeepAlive,
        Message::Choke,
        Message::Unchoke,
        Message::Interested,
        Message::NotInterested,
        Message::Have(9),
        Message::Bitfield([true, false, true].into_iter().cycle().take(10).collect()),
        Message::Request(block),
        Message::Cancel(block),
        Message::Suggest(3),
        Message::HaveAll,
        Message::HaveNone,
        Message::Reject(block),
        Message::AllowedFast(4),
    ]
}

#[test]
fn every_message_survives_the_wire() {
    for message in messages() {
        let mut bytes = Vec::new();
        write(&message, &mut bytes);
        assert_eq!(read(&bytes, 10), Ok(Some((Incoming::Message(message), bytes.len()))));
        check(&[&[9], &bytes[..]].concat());
    }
}

#[test]
fn a_length_that_cannot_be_is_refused_before_the_rest_has_come() {
    let head = |length: u32, id: u8| [&length.to_be_bytes()[..], &[id]].concat();
    for (length, id) in [(2, 0), (4, 4), (6, 4), (2, 5), (4, 5), (12, 6), (9, 7), (9 + BLOCK + 1, 7), (2, 14)]
    {
        assert!(read(&head(length, id), 10).is_err(), "{length} {id}");
    }
    assert!(read(&u32::MAX.to_be_bytes(), 10).is_err());
    assert!(read(&head(70_000, 200), 10).is_err());
    assert_eq!(read(&head(60_000, 200), 10), Ok(None));
    let spare = [&3_u32.to_be_bytes()[..], &[5, 0xff, 0xff]].concat();
    assert_eq!(read(&spare, 10), Err(Violation("a bitfield with more pieces than the torrent")));
}

/// What the fuzzer found to take different ways through the reader, in hex, one a line.
const FOUND: &str = include_str!("corpus.hex");

#[test]
fn the_oracle_holds_for_what_the_fuzzer_found_and_for_all_of_it_with_a_bit_changed() {
    let found: Vec<Vec<u8>> = FOUND.lines().map(|line| hex::decode(line).expect("hex")).collect();
    assert!(found.len() > 100);
    for mut input in found {
        check(&input);
        for at in 0..input.len() * 8 {
            input[at / 8] ^= 1 << (at % 8);
            check(&input);
            input[at / 8] ^= 1 << (at % 8);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn the_oracle_holds_for_noise(input in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&input);
    }

    #[test]
    fn the_oracle_holds_for_short_lengths(parts in prop::collection::vec((0_u32..20, prop::collection::vec(0_u8..22, 0..20)), 0..8)) {
        let stream = parts.iter().flat_map(|(length, body)| [&length.to_be_bytes()[..], body].concat());
        check(&std::iter::once(9).chain(stream).collect::<Vec<_>>());
    }

    #[test]
    fn the_oracle_holds_for_damaged_messages(which in 0..14_usize, at in 0..20_usize, byte: u8) {
        let mut bytes = vec![9];
        write(&messages()[which], &mut bytes);
        let at = at % bytes.len();
        bytes[at] = byte;
        check(&bytes);
    }
}
