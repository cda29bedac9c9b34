//! Any number of messages of any lengths.

use proptest::prelude::*;
use sha1::{Digest, Sha1};
use sha1_lanes::{Engine, digest_each};

fn expect(messages: &[&[u8]]) {
    let expected: Vec<[u8; 20]> = messages.iter().map(|message| Sha1::digest(message).into()).collect();
    for engine in Engine::available() {
        let lengths: Vec<_> = messages.iter().map(|message| message.len()).collect();
        assert_eq!(digest_each(engine, messages), expected, "{engine}: {lengths:?}");
    }
}

/// Bytes without a period that a block or a lane could hide in.
fn noise(length: usize) -> Vec<u8> {
    (0..length as u64).map(|at| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

#[test]
fn one_to_forty_equally_long_messages_at_every_border() {
    let noise = noise(40 + 70_000);
    for length in [0, 1, 3, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 191, 1000, 4096, 16_384] {
        for count in 1..=40 {
            let messages: Vec<&[u8]> = (0..count).map(|lane| &noise[lane..lane + length]).collect();
            expect(&messages);
        }
    }
    for count in [1, 2, 15, 16, 17] {
        expect(&(0..count).map(|lane| &noise[lane..lane + 65_537]).collect::<Vec<_>>());
    }
}

#[test]
fn no_messages_have_no_digests() {
    expect(&[]);
}

#[test]
fn every_lane_has_its_own_digest() {
    // One message differs from the others by one bit: the others must not notice, wherever it is.
    let same = noise(640);
    for odd in 0..16 {
        for bit in [0, 511, 639 * 8] {
            let mut other = same.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            let mut messages = vec![same.as_slice(); 16];
            messages[odd] = &other;
            expect(&messages);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn mixed_lengths(messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..700), 0..40)) {
        expect(&messages.iter().map(Vec::as_slice).collect::<Vec<_>>());
    }

    #[test]
    fn groups_of_equal_lengths(
        lengths in prop::collection::vec((0_usize..3000, 1_usize..20), 0..6),
        shift in 0_usize..64,
    ) {
        let noise = noise(70_000);
        let mut messages: Vec<&[u8]> = Vec::new();
        for (length, count) in lengths {
            messages.extend((0..count).map(|lane| &noise[shift + lane * 3..][..length]));
        }
        // Equal ones need not be neighbours.
        messages.sort_by_key(|message| message.iter().map(|&byte| u32::from(byte)).sum::<u32>() % 7);
        expect(&messages);
    }
}
