//! One case for every input, judged by the `sha1` crate: for the fuzzer and for the corpus that every test run takes.

use sha1::{Digest, Sha1};
use sha1_lanes::{Engine, Hashers, digest_each};

/// Reads what to do from the input: engine, number of messages, their lengths, how they are cut, and what they contain.
pub(crate) fn check(input: &[u8]) {
    let mut input = input.iter().copied();
    let mut byte = || input.next().unwrap_or_default();
    let engines = Engine::available();
    let engine = engines[usize::from(byte()) % engines.len()];
    let count = usize::from(byte()) % 41;
    let shape = byte();
    let mut lengths = Vec::new();
    for _ in 0..count {
        // All equal, few that differ, or all different; up to 8 KiB, often around the border of a block.
        let length = match (shape % 3, lengths.last()) {
            (0, Some(&length)) => length,
            (1, Some(&length)) if byte() < 200 => length,
            _ if byte() < 128 => usize::from(byte()) % 4 * 64 + usize::from(byte()) % 16 + 52,
            _ => usize::from(u16::from_le_bytes([byte(), byte()])) % 8192,
        };
        lengths.push(length);
    }
    let cuts = [byte(), byte()].map(|cut| usize::from(cut) * if shape & 0x80 == 0 { 1 } else { 64 });
    let (seed, step) = (byte(), byte());
    let contents: Vec<Vec<u8>> = lengths
        .iter()
        .enumerate()
        .map(|(lane, length)| (0..*length).map(|at| content(seed, step, lane, at)).collect())
        .collect();
    let messages: Vec<&[u8]> = contents.iter().map(Vec::as_slice).collect();
    let expected: Vec<[u8; 20]> = messages.iter().map(|message| Sha1::digest(message).into()).collect();

    assert_eq!(digest_each(engine, &messages), expected, "{engine}: {lengths:?}");
    let mut hashers = Hashers::new(engine, count);
    let (mut from, mut parts) = (0, cuts.to_vec());
    parts.push(usize::MAX);
    for part in parts {
        let to = from + part.min(8192);
        hashers.update(|lane| &messages[lane][from.min(messages[lane].len())..to.min(messages[lane].len())]);
        from = to;
    }
    assert_eq!(hashers.finalize(), expected, "{engine}: {lengths:?} cut at {cuts:?}");
}

/// Bytes that differ from lane to lane and from word to word, so that a lane or word in the wrong place shows.
fn content(seed: u8, step: u8, lane: usize, at: usize) -> u8 {
    let mixed = (at as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15 ^ (u64::from(step) << 32)) >> 24;
    (mixed as u8) ^ seed.wrapping_add(lane as u8)
}
